"""Who and where am I in Snowflake, and what is missing? `python test_connection.py`, exit code 0 when all is there."""

from __future__ import annotations

import sys

from mlops.cli import main

if __name__ == "__main__":
    sys.exit(main(["connect", *sys.argv[1:]]))
