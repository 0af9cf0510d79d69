"""The query history as SQL sees it: table functions and ACCOUNT_USAGE.

https://docs.snowflake.com/en/sql-reference/functions/query_history,
https://docs.snowflake.com/en/sql-reference/account-usage/query_history
"""

from __future__ import annotations

from typing import Any

from mlops_local.account.history import warehouses
from mlops_local.account.metadata.event_history import EventHistory
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import account_usage, table_function
from mlops_local.account.sql.relations import relation
from mlops_local.account.syntax.types import INTEGER, REAL, TIMESTAMP_LTZ, Column

_NUMBERS = ("SESSION_ID", "CLUSTER_NUMBER", "TOTAL_ELAPSED_TIME", "EXECUTION_TIME", "ROWS_PRODUCED", "BYTES_WRITTEN_TO_RESULT")
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
    "WAREHOUSE_SIZE",
    "WAREHOUSE_TYPE",
    "CLUSTER_NUMBER",
    "QUERY_TAG",
    "EXECUTION_STATUS",
    "ERROR_CODE",
    "ERROR_MESSAGE",
    "START_TIME",
    "END_TIME",
    "TOTAL_ELAPSED_TIME",
    "EXECUTION_TIME",
    "ROWS_PRODUCED",
    "BYTES_WRITTEN_TO_RESULT",
)
# Compilation is not told apart from execution; what a warehouse computed ran on its only cluster.
_EXPRESSIONS = {
    "WAREHOUSE_TYPE": "CASE WHEN warehouse_size IS NOT NULL THEN 'STANDARD' END",
    "CLUSTER_NUMBER": "CASE WHEN warehouse_size IS NOT NULL THEN 1 END",
    "EXECUTION_TIME": "total_elapsed_time",
}
_SELECTED = ", ".join(_EXPRESSIONS.get(name, name) for name in _NAMES)
_COLUMNS = tuple(
    Column(name, INTEGER if name in _NUMBERS else TIMESTAMP_LTZ) if name in _NUMBERS + _TIMES else Column(name) for name in _NAMES
)
_FILTERS = {
    "END_TIME_RANGE_START": "end_time >= ?",
    "END_TIME_RANGE_END": "end_time <= ?",
    "SESSION_ID": "session_id = ?",
    "USER_NAME": "user_name = ?",
    "WAREHOUSE_NAME": "warehouse_name = ?",
}
_HISTORY = EventHistory(
    f"SELECT {_SELECTED} FROM {warehouses.HISTORY}",
    _COLUMNS,
    "start_time",
    _FILTERS,
    common=frozenset({"END_TIME_RANGE_START", "END_TIME_RANGE_END"}),
    ignored=frozenset({"INCLUDE_CLIENT_GENERATED_STATEMENT"}),
)


@table_function("QUERY_HISTORY")
def query_history(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    return _HISTORY.read(context, "QUERY_HISTORY", positional, named, {})


@table_function("QUERY_HISTORY_BY_SESSION")
def query_history_by_session(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    return _HISTORY.read(context, "QUERY_HISTORY_BY_SESSION", positional, named, {"SESSION_ID": context.session.id})


@table_function("QUERY_HISTORY_BY_USER")
def query_history_by_user(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    return _HISTORY.read(context, "QUERY_HISTORY_BY_USER", positional, named, {"USER_NAME": context.session.user})


@table_function("QUERY_HISTORY_BY_WAREHOUSE")
def query_history_by_warehouse(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    return _HISTORY.read(context, "QUERY_HISTORY_BY_WAREHOUSE", positional, named, {"WAREHOUSE_NAME": context.session.warehouse})


@account_usage("QUERY_HISTORY")
def all_queries(context: Context) -> Relation:
    return _HISTORY.everything(context)


_METERED = (
    Column("START_TIME", TIMESTAMP_LTZ),
    Column("END_TIME", TIMESTAMP_LTZ),
    Column("WAREHOUSE_ID", INTEGER),
    Column("WAREHOUSE_NAME"),
    Column("CREDITS_USED", REAL),
    Column("CREDITS_USED_COMPUTE", REAL),
    Column("CREDITS_USED_CLOUD_SERVICES", REAL),
)


@account_usage("WAREHOUSE_METERING_HISTORY")
def warehouse_metering_history(context: Context) -> Relation:
    """Measured, not billed. https://docs.snowflake.com/en/sql-reference/account-usage/warehouse_metering_history"""
    session = context.session
    ids = {entry.name: entry.id for entry in session.catalogue.list("WAREHOUSE")}
    return relation(
        context,
        _METERED,
        [
            (one.start, one.start + warehouses.HOUR, ids.get(one.warehouse), one.warehouse, one.credits, one.credits, 0.0)
            for one in warehouses.hours(session.account.history)
        ],
    )
