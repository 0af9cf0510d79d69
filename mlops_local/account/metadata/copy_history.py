"""What COPY INTO has loaded, as SQL sees it.

https://docs.snowflake.com/en/sql-reference/functions/copy_history,
https://docs.snowflake.com/en/sql-reference/info-schema/load_history
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from mlops_local.account.errors import syntax_error
from mlops_local.account.files.loads import Loads
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import information_schema, table_function
from mlops_local.account.sql.relations import relation
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import INTEGER, TIMESTAMP_LTZ, Column

_NUMBERS = {
    "ROW_COUNT", "ROW_PARSED", "FILE_SIZE", "FIRST_ERROR_LINE_NUMBER", "FIRST_ERROR_CHARACTER_POS",
    "FIRST_ERROR_CHARACTER_POSITION", "ERROR_COUNT", "ERROR_LIMIT",
}  # fmt: skip
_SHOWN = {"LOADED": "Loaded", "LOAD_FAILED": "Load failed", "PARTIALLY_LOADED": "Partially loaded"}


def _columns(names: str) -> tuple[Column, ...]:
    return tuple(
        Column(name, INTEGER)
        if name in _NUMBERS
        else Column(name, TIMESTAMP_LTZ)
        if name in {"LAST_LOAD_TIME", "PIPE_RECEIVED_TIME"}
        else Column(name)
        for name in names.split()
    )


_HISTORY = _columns(
    "FILE_NAME STAGE_LOCATION LAST_LOAD_TIME ROW_COUNT ROW_PARSED FILE_SIZE FIRST_ERROR_MESSAGE FIRST_ERROR_LINE_NUMBER "
    "FIRST_ERROR_CHARACTER_POS FIRST_ERROR_COLUMN_NAME ERROR_COUNT ERROR_LIMIT STATUS TABLE_CATALOG_NAME TABLE_SCHEMA_NAME "
    "TABLE_NAME PIPE_CATALOG_NAME PIPE_SCHEMA_NAME PIPE_NAME PIPE_RECEIVED_TIME"
)


@table_function("COPY_HISTORY")
def copy_history(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    """Of one table, from START_TIME on."""
    if positional or not {"TABLE_NAME", "START_TIME"} <= set(named) <= {"TABLE_NAME", "START_TIME", "END_TIME"}:
        raise syntax_error("COPY_HISTORY takes TABLE_NAME, START_TIME and END_TIME by name.")
    session = context.session
    entry = session.get("TABLE", Reader(str(named["TABLE_NAME"])).path())
    since, until = _moment(named["START_TIME"]), _moment(named.get("END_TIME") or session.account.clock.now())
    told = Loads(session.connection, entry).history(since, until)
    place = (entry.database, entry.schema, entry.name, None, None, None, None)
    return relation(context, _HISTORY, ((*row[:-1], _SHOWN[row[-1]], *place) for row in told))


def _moment(value: Any) -> datetime:
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_LOADED = _columns(
    "SCHEMA_NAME FILE_NAME TABLE_NAME LAST_LOAD_TIME STATUS ROW_COUNT ROW_PARSED FIRST_ERROR_MESSAGE FIRST_ERROR_LINE_NUMBER "
    "FIRST_ERROR_CHARACTER_POSITION FIRST_ERROR_COL_NAME ERROR_COUNT ERROR_LIMIT"
)


@information_schema("LOAD_HISTORY")
def load_history(context: Context, database: str) -> Relation:
    return relation(context, _LOADED, _loaded(context, database))


def _loaded(context: Context, database: str) -> Iterator[tuple[Any, ...]]:
    session = context.session
    for entry in session.catalogue.list("TABLE", database=database):
        loads = Loads(session.connection, entry)
        for path, _, at, count, parsed, _, *error, errors, limit, status in loads.history(datetime.min, datetime.max):
            said = status.replace("_", " ")
            yield (entry.schema, path, entry.name, at, said, count, parsed, *error, errors, limit)
