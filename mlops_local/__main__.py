"""`python -m mlops_local COMMAND`: each command lives in a module of its own and is loaded only when it is called."""

from __future__ import annotations

import importlib
import sys

COMMANDS = {
    "run": "run a pipeline on this machine",
    "expand": "print a pipeline with its templates and expressions expanded",
    "serve": "run the embedded Snowflake account alone",
    "grants": "say which privileges an account's roles have used, and which never",
}


def main(argv: list[str]) -> int:
    if not argv or argv[0] in ("-h", "--help"):
        usage = "\n".join(f"  {name:<8} {what}" for name, what in COMMANDS.items())
        sys.stdout.write(f"usage: python -m mlops_local COMMAND [options]\n\n{usage}\n")
        return 0 if argv else 2
    if argv[0] not in COMMANDS:
        sys.stderr.write(f"There is no command '{argv[0]}'; use one of: {', '.join(COMMANDS)}.\n")
        return 2
    result = importlib.import_module(f"mlops_local.{argv[0]}").main(argv[1:])
    return int(result)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
