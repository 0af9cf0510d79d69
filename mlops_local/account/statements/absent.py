"""Kinds of object that the account never has: clients look whether there are any, and clean up after them.

CREATE is refused; SHOW answers that there are none, and DROP .. IF EXISTS that there is nothing to drop. Snowflake CLI looks
for integrations before it deploys Snowpark code, and its DCM projects are refused by their name.
https://docs.snowflake.com/en/sql-reference/sql/show-online-feature-tables,
https://docs.snowflake.com/en/sql-reference/sql/show-iceberg-tables,
https://docs.snowflake.com/en/sql-reference/sql/show-integrations
"""

from __future__ import annotations

from mlops_local.account.errors import does_not_exist
from mlops_local.account.reader import Reader
from mlops_local.account.result import Column, Result, rows, status
from mlops_local.account.session import Session
from mlops_local.account.statements.kind import Change, Kind, Read, read_filter
from mlops_local.account.types import TEXT, TIMESTAMP_LTZ


def _columns(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, TIMESTAMP_LTZ if name == "created_on" else TEXT) for name in names)


_COLUMNS = _columns("created_on", "name", "database_name", "schema_name", "owner", "comment")
_INTEGRATION_COLUMNS = _columns("name", "type", "category", "enabled", "comment", "created_on")


def _show_none(columns: tuple[Column, ...]) -> Read:
    def show(session: Session, reader: Reader) -> Result:
        read_filter(session, reader)
        return rows(columns, [])

    return show


def _drop(kind: str) -> Change:
    def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
        path = reader.path()
        reader.end()
        name = session.complete(path)
        if not if_exists:
            raise does_not_exist(kind, str(name))
        return status(f"Drop statement executed successfully ({name.name} already dropped).")

    return drop


KINDS = (
    Kind("DCM PROJECT", "DCM PROJECTS"),
    Kind("ICEBERG TABLE", "ICEBERG TABLES", drop=_drop("ICEBERG TABLE"), show=_show_none(_COLUMNS)),
    Kind("INTEGRATION", "INTEGRATIONS", show=_show_none(_INTEGRATION_COLUMNS)),
    Kind("ONLINE FEATURE TABLE", "ONLINE FEATURE TABLES", drop=_drop("ONLINE FEATURE TABLE"), show=_show_none(_COLUMNS)),
)
