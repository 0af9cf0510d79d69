"""The query history as SQL sees it.

https://docs.snowflake.com/en/sql-reference/functions/query_history
"""

from __future__ import annotations

from typing import Any

from mlops_local.account.errors import unsupported
from mlops_local.account.relations import relation
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import table_function
from mlops_local.account.types import INTEGER, TIMESTAMP_LTZ, Column

_NUMBERS = ("SESSION_ID", "TOTAL_ELAPSED_TIME", "ROWS_PRODUCED", "BYTES_WRITTEN_TO_RESULT")
_TIMES = ("START_TIME", "END_TIME")
_NAMES = (
    "QUERY_ID",
    "QUERY_TEXT",
    "DATABASE_NAME",
    "SCHEMA_NAME",
    "QUERY_TYPE",
    "SESSION_ID",
    "USER_NAME",
    "ROLE_NAME",
    "WAREHOUSE_NAME",
    "QUERY_TAG",
    "EXECUTION_STATUS",
    "ERROR_CODE",
    "ERROR_MESSAGE",
    "START_TIME",
    "END_TIME",
    "TOTAL_ELAPSED_TIME",
    "ROWS_PRODUCED",
    "BYTES_WRITTEN_TO_RESULT",
)
_COLUMNS = tuple(
    Column(name, INTEGER if name in _NUMBERS else TIMESTAMP_LTZ) if name in _NUMBERS + _TIMES else Column(name) for name in _NAMES
)
# How long reading waits for rows that are still to be written; a session that itself holds the turn would wait for ever.
_PATIENCE = 1.0
_FILTERS = {
    "END_TIME_RANGE_START": "end_time >= ?",
    "END_TIME_RANGE_END": "end_time <= ?",
    "SESSION_ID": "session_id = ?",
    "USER_NAME": "user_name = ?",
    "WAREHOUSE_NAME": "warehouse_name = ?",
}


def _history(context: Context, named: dict[str, Any], forced: dict[str, Any]) -> Relation:
    unknown = sorted(set(named) - set(_FILTERS) - {"RESULT_LIMIT"})
    if unknown:
        raise unsupported(f"QUERY_HISTORY({unknown[0]})")
    account, connection = context.session.account, context.session.connection
    account.history.flush(_PATIENCE)
    wanted = {name: value for name, value in {**named, **forced}.items() if name in _FILTERS}
    where = f"WHERE {' AND '.join(_FILTERS[name] for name in wanted)}" if wanted else ""
    found = connection.fetch(
        f"SELECT {', '.join(_NAMES)} FROM account.query_history {where} ORDER BY start_time DESC LIMIT ?",
        [*wanted.values(), int(named.get("RESULT_LIMIT", 100))],
    )
    return relation(context, _COLUMNS, found)


@table_function("QUERY_HISTORY")
def query_history(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    return _history(context, named, {})


@table_function("QUERY_HISTORY_BY_SESSION")
def query_history_by_session(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    return _history(context, named, {"SESSION_ID": named.get("SESSION_ID", context.session.id)})


@table_function("QUERY_HISTORY_BY_USER")
def query_history_by_user(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    return _history(context, named, {"USER_NAME": named.get("USER_NAME", context.session.user)})
