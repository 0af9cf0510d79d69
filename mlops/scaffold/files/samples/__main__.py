"""`python -m samples load` fills the source table of the configured database. Settings: those of a user who may write there."""

from __future__ import annotations

import os
import sys

from mlops.session import named_connections, open_session
from mlops.settings import read_settings

from samples.orders import SCHEMA, TABLE, load_orders, make_orders


def main(arguments: list[str]) -> int:
    if arguments != ["load"]:
        sys.stderr.write("usage: python -m samples load\n")
        return 2
    settings = read_settings(os.environ, named_connections)
    with open_session(settings) as session:
        loaded = load_orders(session, make_orders())
    sys.stdout.write(f"{loaded} rows were loaded into {settings.database}.{SCHEMA}.{TABLE}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
