"""The sign-ins as SQL sees them: table functions and ACCOUNT_USAGE.

https://docs.snowflake.com/en/sql-reference/functions/login_history,
https://docs.snowflake.com/en/sql-reference/account-usage/login_history
"""

from __future__ import annotations

from typing import Any

from mlops_local.account.metadata.event_history import EventHistory
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import account_usage, table_function
from mlops_local.account.syntax.types import INTEGER, TIMESTAMP_LTZ, Column

# An event's number is its place in the table, which no row leaves.
_EXPRESSIONS = {
    "EVENT_TIMESTAMP": "event_timestamp",
    "EVENT_ID": "rowid + 1",
    "EVENT_TYPE": "'LOGIN'",
    "USER_NAME": "user_name",
    "CLIENT_IP": "client_ip",
    "REPORTED_CLIENT_TYPE": "reported_client_type",
    "REPORTED_CLIENT_VERSION": "reported_client_version",
    "FIRST_AUTHENTICATION_FACTOR": "first_authentication_factor",
    "SECOND_AUTHENTICATION_FACTOR": "NULL::VARCHAR",
    "IS_SUCCESS": "CASE WHEN error_code IS NULL THEN 'YES' ELSE 'NO' END",
    "ERROR_CODE": "error_code",
    "ERROR_MESSAGE": "error_message",
    "RELATED_EVENT_ID": "0",
    "CONNECTION": "NULL::VARCHAR",
}
_TYPES = {"EVENT_TIMESTAMP": TIMESTAMP_LTZ, "EVENT_ID": INTEGER, "ERROR_CODE": INTEGER, "RELATED_EVENT_ID": INTEGER}
_HISTORY = EventHistory(
    f"SELECT {', '.join(_EXPRESSIONS.values())} FROM account.login_history",
    tuple(Column(name, _TYPES[name]) if name in _TYPES else Column(name) for name in _EXPRESSIONS),
    "event_timestamp",
    {"TIME_RANGE_START": "event_timestamp >= ?", "TIME_RANGE_END": "event_timestamp <= ?", "USER_NAME": "user_name = ?"},
    common=frozenset({"TIME_RANGE_START", "TIME_RANGE_END"}),
)


@table_function("LOGIN_HISTORY")
def login_history(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    return _HISTORY.read(context, "LOGIN_HISTORY", positional, named, {})


@table_function("LOGIN_HISTORY_BY_USER")
def login_history_by_user(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    return _HISTORY.read(context, "LOGIN_HISTORY_BY_USER", positional, named, {"USER_NAME": context.session.user})


@account_usage("LOGIN_HISTORY")
def all_logins(context: Context) -> Relation:
    return _HISTORY.everything(context)
