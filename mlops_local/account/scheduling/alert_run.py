"""Asks an alert's condition as its owner, and does what it says when there are rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import duckdb

from mlops_local.account.errors import AccountError
from mlops_local.account.scheduling import alerts
from mlops_local.account.scheduling.alerts import (
    ACTION_FAILED,
    CONDITION_FAILED,
    CONDITION_FALSE,
    EXECUTING,
    TRIGGERED,
    Alert,
    AlertRun,
)
from mlops_local.account.session.session import Request, Session

if TYPE_CHECKING:
    from mlops_local.account.account import Account


def carry_out(account: Account, session: Session, run: AlertRun) -> None:
    """``session`` writes the history; condition and action run in one of their own."""
    alert = _claim(session, run)
    if alert is None:
        return
    own = account.open_session(
        "SYSTEM",
        role=alert.entry.owner,
        warehouse=alert.option("WAREHOUSE"),
        database=alert.entry.database,
        schema=alert.entry.schema,
    )
    own.alert = run
    try:
        _run(session, own, alert, run)
    finally:
        own.close()


def _claim(session: Session, run: AlertRun) -> Alert | None:
    with session.transaction(write=True):
        entry = session.catalogue.by_id(run.alert)
        if not alerts.is_waiting(session, run):
            return None
        alerts.set_state(session, run, EXECUTING if entry else alerts.CANCELLED)
    return Alert(entry) if entry else None


def _run(session: Session, own: Session, alert: Alert, run: AlertRun) -> None:
    condition, action = Request(alert.condition), Request(alert.action)

    def finish(state: str, error: AccountError | None = None, **values: str) -> None:
        failed = {"error_code": error.code, "error_message": error.message} if error else {}
        with session.transaction(write=True):
            alerts.set_state(session, run, state, condition_query_id=condition.query_id, **failed, **values)

    found, error = _attempt(lambda: own.execute(condition).row_count > 0)
    run.condition_query_id = condition.query_id
    if error or not found:
        finish(CONDITION_FAILED if error else CONDITION_FALSE, error)
        return
    _, error = _attempt(lambda: _committed(own, action))
    finish(ACTION_FAILED if error else TRIGGERED, error, action_query_id=action.query_id)


def _committed(own: Session, action: Request) -> bool:
    own.execute(action)
    own.commit()
    return True


def _attempt(work: Callable[[], bool]) -> tuple[bool, AccountError | None]:
    try:
        return work(), None
    except AccountError as error:
        return False, error
    except duckdb.Error as error:
        return False, AccountError(100051, "22012", str(error))
