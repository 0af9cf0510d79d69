"""Runs what is due by the account's clock: dynamic tables whose lag has reached its target, then task graphs.

What is due is decided by :func:`due_tasks`, without side effects. :func:`tick` carries it out once, which is how tests with a
clock of their own drive an account; :class:`Scheduler` does so in the background of a server.
https://docs.snowflake.com/en/user-guide/tasks-intro
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from mlops_local.account.scheduling import alert_run, alerts, dynamic_tables, graph_run, task_runs
from mlops_local.account.scheduling.alerts import Alert, AlertRun
from mlops_local.account.scheduling.scheduled import Scheduled
from mlops_local.account.scheduling.task_runs import BY_SCHEDULE, BY_TRIGGER, Run
from mlops_local.account.scheduling.tasks import KIND, Task
from mlops_local.account.session.session import Session

if TYPE_CHECKING:
    from mlops_local.account.account import Account

_log = logging.getLogger(__name__)
_TRIGGER_SECONDS = 30
_Scheduled = TypeVar("_Scheduled", bound=Scheduled)
_POLL_SECONDS = 0.5
_WORKERS = 4


@dataclass(frozen=True)
class Due(Generic[_Scheduled]):
    """A root task or an alert that is to run, and the time at which its schedule wanted it."""

    task: _Scheduled
    at: datetime


def due_tasks(
    roots: Iterable[_Scheduled], now: datetime, *, served: Mapping[int, datetime], busy: set[int]
) -> list[Due[_Scheduled]]:
    """The started root tasks, or alerts, whose time has come since it was ``served`` last.

    Times that were missed meanwhile are one run, not many; a task that is ``busy`` misses its time unless it may overlap.
    """
    found = []
    for task in roots:
        if not task.started or (task.entry.id in busy and not task.option("ALLOW_OVERLAPPING_EXECUTION")):
            continue
        at = _due_time(task, now, served.get(task.entry.id))
        if at is not None:
            found.append(Due(task, at))
    return found


def _due_time(task: Scheduled, now: datetime, served: datetime | None) -> datetime | None:
    since = max(task.base, served) if served else task.base
    timetable = task.timetable
    if timetable is not None:
        at = timetable.last_until(now, base=task.base)
        return at if at > since else None
    shortest = timedelta(seconds=task.option("USER_TASK_MINIMUM_TRIGGER_INTERVAL_IN_SECONDS", _TRIGGER_SECONDS))
    if task.is_triggered and (served is None or now >= served + shortest):
        return now
    return None


def tick(account: Account) -> list[int]:
    """Runs everything that is due now, one after another; the ids of the graph runs, for the history."""
    with account.system_session() as session:
        dynamic_tables.refresh_due(session, account.clock.now())
        ran: list[int] = []
        # Until there is nothing left: a run that failed may have asked for another attempt.
        while runs := enter_due_runs(session):
            for run in runs:
                graph_run.carry_out(account, session, run)
            ran += [run.id for run in runs]
        for asked in enter_due_alerts(session):
            alert_run.carry_out(account, session, asked)
    return ran


def enter_due_runs(session: Session) -> list[Run]:
    """Enters a run for every root task that is due; with them, those that EXECUTE TASK has asked for."""
    now = session.account.clock.now()
    with session.transaction():
        roots = [task for task in map(Task, session.catalogue.list(KIND)) if task.is_root]
        due = due_tasks(roots, now, served=task_runs.last_times(session), busy=task_runs.busy_roots(session))
        asked = task_runs.pending_runs(session)
    wanted = [one for one in due if not one.task.is_triggered or graph_run.condition_holds(session.account, one.task)]
    if not wanted:
        return asked
    with session.transaction(write=True):
        return [*asked, *(_enter(session, one) for one in wanted)]


def enter_due_alerts(session: Session) -> list[AlertRun]:
    """Enters a run for every alert that is due; with them, those that EXECUTE ALERT has asked for."""
    now = session.account.clock.now()
    with session.transaction():
        found = map(Alert, session.catalogue.list(alerts.KIND))
        due = due_tasks(found, now, served=alerts.last_times(session), busy=alerts.busy(session))
        asked = alerts.pending_runs(session)
    if not due:
        return asked
    with session.transaction(write=True):
        return [*asked, *(alerts.add_run(session, one.task, one.at) for one in due)]


def _enter(session: Session, due: Due[Task]) -> Run:
    return task_runs.add_run(session, due.task, due.at, BY_TRIGGER if due.task.is_triggered else BY_SCHEDULE)


class Scheduler:
    """The background thread of a served account. Graphs run side by side, runs of one graph one after another
    unless they may overlap."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="scheduler", daemon=True)
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="task")
        self._running: dict[int, int] = {}
        self._lock = threading.Lock()

    def start(self) -> Scheduler:
        with self._account.system_session() as session:
            task_runs.fail_interrupted(session)
            alerts.fail_interrupted(session)
        self._thread.start()
        return self

    def stop(self, *, seconds: float = 30.0) -> None:
        """Starts nothing more and waits for what is running."""
        self._stop.set()
        self._thread.join(timeout=seconds)
        self._workers.shutdown(wait=True, cancel_futures=True)

    def _loop(self) -> None:
        with self._account.system_session() as session:
            while not self._stop.wait(_POLL_SECONDS):
                try:
                    self._look(session)
                except Exception:
                    # The thread must outlive whatever one look meets: a schedule that stops is silent.
                    _log.exception("The scheduler could not look for what is due.")

    def _look(self, session: Session) -> None:
        account = self._account
        dynamic_tables.refresh_due(session, account.clock.now())
        for run in enter_due_runs(session):
            with self._lock:
                busy = run.root in self._running.values() and not _may_overlap(session, run)
            if not busy:
                self._submit(run.id, run.root, lambda own, run=run: graph_run.carry_out(account, own, run))  # type: ignore[misc]
        for asked in enter_due_alerts(session):
            self._submit(asked.id, asked.alert, lambda own, run=asked: alert_run.carry_out(account, own, run))  # type: ignore[misc]

    def _submit(self, id_: int, of: int, work: Callable[[Session], None]) -> None:
        """Hands a run to a worker, unless one has it already."""
        with self._lock:
            if id_ in self._running:
                return
            self._running[id_] = of
        self._workers.submit(self._carry_out, id_, work)

    def _carry_out(self, id_: int, work: Callable[[Session], None]) -> None:
        try:
            with self._account.system_session() as session:
                work(session)
        except Exception:
            _log.exception("The run of a task graph or an alert ended before its time.")
        finally:
            with self._lock:
                self._running.pop(id_)


def _may_overlap(session: Session, run: Run) -> bool:
    root = session.catalogue.by_id(run.root)
    return root is not None and bool(Task(root).option("ALLOW_OVERLAPPING_EXECUTION"))


def advance(account: Account, to: datetime, *, step: timedelta = timedelta(minutes=1)) -> list[int]:
    """Moves a test clock to a time in steps and runs what falls due on the way."""
    graphs: list[int] = []
    while account.clock.now() < to:
        move = getattr(account.clock, "advance", None)
        if move is None:
            raise TypeError("only an account with a test clock can be moved in time")
        move(min(step, to - account.clock.now()))
        graphs += tick(account)
    return graphs


__all__ = ["Due", "Scheduler", "advance", "due_tasks", "enter_due_runs", "tick"]
