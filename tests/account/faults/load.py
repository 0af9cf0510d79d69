"""`python -m tests.account.faults.load`: sessions that work at once lose nothing and see nothing of each other's."""

from __future__ import annotations

import argparse

from .again import again


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.account.faults.load", description="Many sessions at once.")
    parser.add_argument("--sessions", type=int, default=32)
    parser.add_argument("--statements", type=int, default=500, help="of each session")
    given = parser.parse_args()
    return again("test_load.py", LOAD_SESSIONS=given.sessions, LOAD_STATEMENTS=given.statements)


if __name__ == "__main__":
    raise SystemExit(main())
