"""Kinds of object that the account never has: clients look whether there are any, and clean up after them.

CREATE is refused; SHOW answers that there are none, and DROP .. IF EXISTS that there is nothing to drop.
https://docs.snowflake.com/en/sql-reference/sql/show-online-feature-tables,
https://docs.snowflake.com/en/sql-reference/sql/show-iceberg-tables
"""

from __future__ import annotations

from mlops_local.account.errors import does_not_exist
from mlops_local.account.reader import Reader
from mlops_local.account.result import Column, Result, rows, status
from mlops_local.account.session import Session
from mlops_local.account.statements.kind import Change, Kind, read_filter
from mlops_local.account.types import TIMESTAMP_LTZ

_COLUMNS = tuple(
    Column("created_on", TIMESTAMP_LTZ) if name == "created_on" else Column(name)
    for name in ("created_on", "name", "database_name", "schema_name", "owner", "comment")
)


def _show_none(session: Session, reader: Reader) -> Result:
    read_filter(session, reader)
    return rows(_COLUMNS, [])


def _drop(kind: str) -> Change:
    def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
        path = reader.path()
        reader.end()
        name = session.complete(path)
        if not if_exists:
            raise does_not_exist(kind, str(name))
        return status(f"Drop statement executed successfully ({name.name} already dropped).")

    return drop


KINDS = tuple(
    Kind(words, plural, drop=_drop(words), show=_show_none)
    for words, plural in (("ONLINE FEATURE TABLE", "ONLINE FEATURE TABLES"), ("ICEBERG TABLE", "ICEBERG TABLES"))
)
