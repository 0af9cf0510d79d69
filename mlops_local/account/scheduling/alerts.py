"""Alerts: a condition that is asked on a schedule, and what is done when it has rows. What became of each time is its history.

https://docs.snowflake.com/en/user-guide/alerts
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.engine.engine import Connection
from mlops_local.account.errors import AccountError, unsupported
from mlops_local.account.scheduling.scheduled import Scheduled
from mlops_local.account.session.session import Session
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import Scalar, scalar_function, table_function
from mlops_local.account.sql.functions.lookup import constant
from mlops_local.account.sql.relations import relation
from mlops_local.account.syntax.types import INTEGER, TEXT, TIMESTAMP_LTZ, Column, SqlType

KIND = "ALERT"
SCHEDULED, EXECUTING, CANCELLED = "SCHEDULED", "EXECUTING", "CANCELLED"
TRIGGERED, CONDITION_FALSE = "TRIGGERED", "CONDITION_FALSE"
CONDITION_FAILED, ACTION_FAILED = "CONDITION_FAILED", "ACTION_FAILED"
_SUCCESSFUL = (TRIGGERED, CONDITION_FALSE)

_TABLE = """
CREATE TABLE IF NOT EXISTS account.alert_runs (
    id BIGINT NOT NULL, alert BIGINT NOT NULL, name VARCHAR NOT NULL, database VARCHAR NOT NULL, schema VARCHAR NOT NULL,
    state VARCHAR NOT NULL, scheduled_time TIMESTAMPTZ NOT NULL, condition VARCHAR NOT NULL, action VARCHAR NOT NULL,
    condition_query_id VARCHAR, action_query_id VARCHAR, error_code VARCHAR, error_message VARCHAR, completed TIMESTAMPTZ)
"""


def create_tables(connection: Connection) -> None:
    connection.execute(_TABLE)


class Alert(Scheduled):
    """An alert's entry, read."""

    @property
    def condition(self) -> str:
        return str(self.entry.properties["CONDITION"])

    @property
    def action(self) -> str:
        return str(self.entry.properties["ACTION"])


@dataclass
class AlertRun:
    """One time at which an alert is asked; ``condition_query_id`` is known once its condition has been."""

    id: int
    alert: int
    scheduled_time: datetime
    condition_query_id: str | None = None


# Runs; within a writing transaction


def add_run(session: Session, alert: Alert, at: datetime) -> AlertRun:
    entry = alert.entry
    id_ = int(session.connection.fetch("SELECT nextval('account.ids')")[0][0])
    session.connection.execute(
        "INSERT INTO account.alert_runs (id, alert, name, database, schema, state, scheduled_time, condition, action) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [id_, entry.id, entry.name, entry.database, entry.schema, SCHEDULED, at, alert.condition, alert.action],
    )
    return AlertRun(id_, entry.id, at)


def set_state(session: Session, run: AlertRun, state: str, **values: Any) -> None:
    kept = {"state": state, **values}
    if state not in {SCHEDULED, EXECUTING}:
        kept["completed"] = session.account.clock.now()
    names = ", ".join(f"{name} = ?" for name in kept)
    session.connection.execute(f"UPDATE account.alert_runs SET {names} WHERE id = ?", [*kept.values(), run.id])


def fail_interrupted(session: Session) -> None:
    """Runs that were executing when the account stopped will not come back."""
    with session.transaction(write=True):
        session.connection.execute(
            "UPDATE account.alert_runs SET state = ?, completed = ?, error_message = 'The account was stopped.' WHERE state = ?",
            [CANCELLED, session.account.clock.now(), EXECUTING],
        )


def pending_runs(session: Session) -> list[AlertRun]:
    rows = session.connection.fetch(
        "SELECT id, alert, scheduled_time FROM account.alert_runs WHERE state = ? ORDER BY scheduled_time, id", [SCHEDULED]
    )
    return [AlertRun(*row) for row in rows]


def last_times(session: Session) -> dict[int, datetime]:
    """By alert: the last time that it was asked, or is to be."""
    return dict(session.connection.fetch("SELECT alert, max(scheduled_time) FROM account.alert_runs GROUP BY alert"))


def busy(session: Session) -> set[int]:
    rows = session.connection.fetch("SELECT DISTINCT alert FROM account.alert_runs WHERE state IN (?, ?)", [SCHEDULED, EXECUTING])
    return {row[0] for row in rows}


def is_waiting(session: Session, run: AlertRun) -> bool:
    return bool(session.connection.fetch("SELECT 1 FROM account.alert_runs WHERE id = ? AND state = ?", [run.id, SCHEDULED]))


# What its statements may ask. https://docs.snowflake.com/en/sql-reference/functions/alert_last_successful_scheduled_time


def _last_success(session: Session, run: AlertRun) -> datetime:
    """Of the run before; at first, when the alert was made."""
    rows = session.connection.fetch(
        "SELECT max(scheduled_time) FROM account.alert_runs WHERE alert = ? AND id < ? AND state IN (?, ?)",
        [run.alert, run.id, *_SUCCESSFUL],
    )
    if rows[0][0] is not None:
        return datetime.fromisoformat(rows[0][0].isoformat())
    entry: Entry | None = session.catalogue.by_id(run.alert)
    return entry.created_on if entry else run.scheduled_time


_ASKED: dict[str, tuple[SqlType, Callable[[Session, AlertRun], Any]]] = {
    "SCHEDULED_TIME": (TIMESTAMP_LTZ, lambda session, run: run.scheduled_time),
    "LAST_SUCCESSFUL_SCHEDULED_TIME": (TIMESTAMP_LTZ, _last_success),
    "GET_CONDITION_QUERY_UUID": (TEXT, lambda session, run: run.condition_query_id),
}


@scalar_function
def alert_function(
    context: Context, path: tuple[str, ...], types: list[SqlType | None], names: list[str | None]
) -> Scalar | None:
    """``SNOWFLAKE.ALERT.SCHEDULED_TIME()`` and its kin."""
    if path[:2] != ("SNOWFLAKE", "ALERT") or path[2] not in _ASKED:
        return None
    if types:
        raise unsupported(f"SNOWFLAKE.ALERT.{path[2]} with arguments")
    run = context.session.alert
    if run is None:
        raise AccountError(
            90236, "22023", f"Function SNOWFLAKE.ALERT.{path[2]} must be called from within the condition or action of an alert."
        )
    result, ask = _ASKED[path[2]]
    value = constant(ask(context.session, run))
    return Scalar("", result, expression=lambda arguments: value)


# ALERT_HISTORY


_HISTORY = {
    "NAME": "name",
    "DATABASE_NAME": "database",
    "SCHEMA_NAME": "schema",
    "CONDITION": "condition",
    "CONDITION_QUERY_ID": "condition_query_id",
    "ACTION": "action",
    "ACTION_QUERY_ID": "action_query_id",
    "STATE": "state",
    "SQL_ERROR_CODE": "CAST(error_code AS BIGINT)",
    "SQL_ERROR_MESSAGE": "error_message",
    "SCHEDULED_TIME": "scheduled_time",
    "COMPLETED_TIME": "completed",
}
_FILTERS = {
    "SCHEDULED_TIME_RANGE_START": "scheduled_time >= ?",
    "SCHEDULED_TIME_RANGE_END": "scheduled_time <= ?",
    "ALERT_NAME": "upper(name) = upper(?)",
}


@table_function("ALERT_HISTORY")
def alert_history(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    """The times at which alerts were asked, the newest first; before them the next of every started alert.

    https://docs.snowflake.com/en/sql-reference/functions/alert_history
    """
    unknown = [*positional, *(set(named) - {*_FILTERS, "RESULT_LIMIT"})]
    if unknown:
        raise unsupported(f"ALERT_HISTORY({unknown[0]})")
    where = " AND ".join(_FILTERS[name] for name in named if name in _FILTERS) or "true"
    past = context.session.connection.fetch(
        f"SELECT {', '.join(_HISTORY.values())} FROM account.alert_runs WHERE {where} ORDER BY scheduled_time DESC, id DESC",
        [value for name, value in named.items() if name in _FILTERS],
    )
    future = _next_runs(context.session, named)
    columns = [_column(name) for name in _HISTORY]
    return relation(context, columns, [*future, *past][: int(named.get("RESULT_LIMIT", 100))])


def _column(name: str) -> Column:
    return Column(name, TIMESTAMP_LTZ if name.endswith("_TIME") else INTEGER if name == "SQL_ERROR_CODE" else TEXT)


def _next_runs(session: Session, named: dict[str, Any]) -> list[list[Any]]:
    last, now = last_times(session), session.account.clock.now()
    end, wanted = named.get("SCHEDULED_TIME_RANGE_END"), named.get("ALERT_NAME")
    rows: list[list[Any]] = []
    for alert in map(Alert, session.catalogue.list(KIND)):
        timetable, entry = alert.timetable, alert.entry
        if not alert.started or timetable is None or (wanted and wanted.upper() != alert.name.upper()):
            continue
        at = timetable.next_after(max(now, last.get(entry.id, now)), base=alert.base)
        if end is None or at <= end:
            head = [entry.name, entry.database, entry.schema, alert.condition, None, alert.action]
            rows.append([*head, None, SCHEDULED, None, None, at, None])
    return rows
