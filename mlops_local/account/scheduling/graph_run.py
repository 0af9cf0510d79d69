"""Carries out one run of a task graph: the root, then every task whose predecessors are done, then the finalizer.

A suspended child counts as done without running; a task whose WHEN is false is skipped; a task behind a failed one does not run.
https://docs.snowflake.com/en/user-guide/tasks-graphs
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import duckdb

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError, timed_out
from mlops_local.account.scheduling import graph_versions, task_runs
from mlops_local.account.scheduling.task_context import TaskContext
from mlops_local.account.scheduling.task_runs import CANCELLED, EXECUTING, FAILED, SKIPPED, SUCCEEDED, Run
from mlops_local.account.scheduling.tasks import Graph, Task, suspend
from mlops_local.account.session.session import Request, Session

if TYPE_CHECKING:
    from mlops_local.account.account import Account

_DEFAULT_TIMEOUT_MS = 3_600_000
_DEFAULT_FAILURES = 10
_CANCELLED = 604


class GraphRun:
    """One run of a graph, as its version has it. ``session`` writes the history, the tasks run in sessions of their own."""

    def __init__(self, account: Account, session: Session, run: Run, root: Entry) -> None:
        self._account = account
        self._session = session
        self._run = run
        self._entry = root
        self._graph: Graph = graph_versions.load(session, root, run.version)
        self._root = self._graph[root.name]
        self._started = time.monotonic()
        before = task_runs.outcome_before(session, run)
        # What an earlier attempt has done is not done again.
        self._states = {name: state for name, (state, _) in before.items() if state in {SUCCEEDED, SKIPPED}}
        self._values = {name: value for name, (state, value) in before.items() if state == SUCCEEDED and value is not None}

    def carry_out(self) -> None:
        finalizer = self._graph.finalizer(self._root.name)
        for task in self._graph.below(self._root.name):
            if task.name not in self._states:
                self._states[task.name] = self._run_one(task)
        if finalizer is not None and finalizer.started:
            self._states[finalizer.name] = self._finalize(finalizer)
        self._end()

    def _run_one(self, task: Task) -> str:
        if task.entry.id == self._root.entry.id:
            return self._execute(task)
        before = [self._states[name] for name in task.predecessors if name in self._states]
        if FAILED in before or CANCELLED in before:
            return CANCELLED
        if not task.started:
            # The graph goes on as if it had succeeded, unless nothing before it has.
            return SUCCEEDED if SUCCEEDED in before else SKIPPED
        return self._execute(task) if SUCCEEDED in before else self._skip(task, "All predecessors of the task were skipped.")

    def _finalize(self, task: Task) -> str:
        if self._states[self._root.name] == SKIPPED:
            return self._skip(task, "The root task of the graph was skipped.")
        return self._execute(task)

    def _skip(self, task: Task, why: str) -> str:
        with self._session.transaction(write=True):
            id_ = task_runs.add_task_run(self._session, self._run, task)
            task_runs.set_state(self._session, id_, SKIPPED, completed=self._account.clock.now(), error_message=why)
        return SKIPPED

    def _execute(self, task: Task) -> str:
        """The state in which the task's run ended; the error of a failed one is in the history."""
        request = Request(task.definition)
        started = self._account.clock.now()
        with self._session.transaction(write=True):
            id_ = task_runs.add_task_run(self._session, self._run, task)
            task_runs.set_state(self._session, id_, EXECUTING, query_id=request.query_id, query_start=started)
        try:
            ran = self._run_in_own_session(task, request)
        except AccountError as error:
            stopped = error.number == _CANCELLED
            return self._finish(id_, task, CANCELLED if stopped else FAILED, error_code=error.code, error_message=error.message)
        if not ran:
            why = "Conditional expression for task evaluated to false."
            return self._finish(id_, task, SKIPPED, query_id=None, query_start=None, error_code="0040003", error_message=why)
        return self._finish(id_, task, SUCCEEDED)

    def _finish(self, id_: int, task: Task, state: str, **values: str | None) -> str:
        known = {"completed": self._account.clock.now(), "return_value": self._values.get(task.name), **values}
        with self._session.transaction(write=True):
            task_runs.set_state(self._session, id_, state, **known)
        return state

    def _run_in_own_session(self, task: Task, request: Request) -> bool:
        """Runs the task as its owner; whether its condition held."""
        own = open_session(self._account, task)
        own.task = TaskContext(task, self._root, self._run, self._values)
        limit = self._limit(task)
        reached = threading.Event()

        def end() -> None:
            reached.set()
            own.cancel()

        timer = threading.Timer(limit, end)
        timer.daemon = True
        try:
            timer.start()
            if task.condition is not None and not _holds(own, task.condition):
                return False
            own.execute(request)
            own.commit()
        except (AccountError, duckdb.Error) as error:
            if reached.is_set():
                raise timed_out(round(limit)) from error
            raise error if isinstance(error, AccountError) else AccountError(100051, "22012", str(error)) from error
        finally:
            timer.cancel()
            own.close()
        return True

    def _limit(self, task: Task) -> float:
        """The seconds that the task may take: its own limit, or what is left of the root's, which is that of the whole graph."""
        own: int | None = task.option("USER_TASK_TIMEOUT_MS")
        if own is not None:
            return own / 1000
        whole: int = self._root.option("USER_TASK_TIMEOUT_MS", _DEFAULT_TIMEOUT_MS)
        return max(whole / 1000 - (time.monotonic() - self._started), 0)

    def _end(self) -> None:
        """The graph's own state, and what follows from a failure: another attempt, or a suspended root."""
        states = self._states.values()
        state = next(
            (one for one in (FAILED, CANCELLED) if one in states),
            SKIPPED if self._states[self._root.name] == SKIPPED else SUCCEEDED,
        )
        with self._session.transaction(write=True):
            task_runs.set_graph_state(self._session, self._run.id, state, completed=self._account.clock.now())
            if state == FAILED and self._run.attempt <= self._root.option("TASK_AUTO_RETRY_ATTEMPTS", 0):
                task_runs.add_retry(self._session, self._root, self._run, self._run.scheduled_from)
            elif state == FAILED:
                _suspend_after_failures(self._session, self._entry)


def carry_out(account: Account, session: Session, run: Run) -> None:
    """Runs the graph, unless somebody else does or it is gone."""
    root = _claim(session, run)
    if root is not None:
        GraphRun(account, session, run, root).carry_out()


def _claim(session: Session, run: Run) -> Entry | None:
    """The root task, once for each run: another thread may have carried the run out since it was looked up."""
    with session.transaction(write=True):
        if task_runs.state_of(session, run.id) != task_runs.SCHEDULED:
            return None
        root = session.catalogue.by_id(run.root)
        now = session.account.clock.now()
        if root is None:
            task_runs.set_graph_state(session, run.id, CANCELLED, completed=now)
        else:
            task_runs.set_graph_state(session, run.id, EXECUTING, query_start=now)
    return root


def open_session(account: Account, task: Task) -> Session:
    """A session of the account itself, in the task's schema and warehouse, with the role that owns the task."""
    return account.open_session(
        "SYSTEM",
        role=task.entry.owner,
        warehouse=task.option("WAREHOUSE"),
        database=task.entry.database,
        schema=task.entry.schema,
        parameters=task.option("PARAMETERS"),
    )


def condition_holds(account: Account, task: Task) -> bool:
    """Whether a triggered task's WHEN is true now; a condition that fails does not hold."""
    try:
        own = open_session(account, task)
        try:
            return task.condition is not None and _holds(own, task.condition)
        finally:
            own.close()
    except AccountError:
        return False


def _holds(session: Session, condition: str) -> bool:
    """WHEN is false only when it is false or NULL. Its answer is a boolean or its text; no history tells of the question."""
    with session.unrecorded():
        value: Any = session.run(f"SELECT {condition}").table.column(0)[0].as_py()
    return str(value).lower() in {"true", "1"}


def _suspend_after_failures(session: Session, root: Entry) -> None:
    current = session.catalogue.by_id(root.id)
    limit = root.properties.get("SUSPEND_TASK_AFTER_NUM_FAILURES", _DEFAULT_FAILURES)
    if current is not None and limit and task_runs.failures_in_a_row(session, Task(current)) >= limit:
        suspend(session, current, reason="SUSPENDED_DUE_TO_ERRORS")


__all__ = ["carry_out", "condition_holds", "open_session"]
