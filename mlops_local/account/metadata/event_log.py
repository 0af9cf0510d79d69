"""The default event table as a view, and SYSTEM$LOG. https://docs.snowflake.com/en/sql-reference/functions/system_log"""

from __future__ import annotations

from typing import Any

from mlops_local.account.errors import compilation_error, does_not_exist
from mlops_local.account.history.events import COLUMNS, DEFAULT, DEFAULT_TABLE, LEVELS, Executable, LogRecord, record
from mlops_local.account.session.session import Session
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import account_relation, system_function


@account_relation(DEFAULT)
def default_table(context: Context) -> Relation:
    """``SNOWFLAKE.TELEMETRY.EVENTS``, where records go unless an event table has been set; ACCOUNTADMIN reads it."""
    held = context.session.access.holdings
    if held is not None and "ACCOUNTADMIN" not in held.roles:
        raise does_not_exist("Object", ".".join(DEFAULT))
    return Relation(f"SELECT * FROM {DEFAULT_TABLE}", COLUMNS)


@system_function("SYSTEM$LOG")
def log(session: Session, arguments: list[Any]) -> None:
    if len(arguments) != 2 or str(arguments[0]).upper() not in LEVELS[:-1]:
        raise compilation_error(1044, "42P13", f"SYSTEM$LOG takes a level ({', '.join(LEVELS[:-1])}) and a message.")
    _log(session, str(arguments[0]).upper(), arguments[1])


def _log(session: Session, severity: str, message: Any) -> None:
    entry = session.routine
    of = Executable(entry.kind, entry.name, entry.owner) if entry else None
    record(session, [LogRecord(severity, str(message))], of=of, language="sql")


def _add_log_function(severity: str) -> None:
    @system_function(f"SYSTEM$LOG_{severity}")
    def log_at(session: Session, arguments: list[Any]) -> None:
        if len(arguments) != 1:
            raise compilation_error(1044, "42P13", f"SYSTEM$LOG_{severity} takes a message.")
        _log(session, severity, arguments[0])


for _severity in LEVELS[:-1]:
    _add_log_function(_severity)
