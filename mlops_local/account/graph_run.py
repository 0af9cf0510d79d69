"""Carries out one run of a task graph: the root, then every task whose predecessors are done, then the finalizer.

A suspended child counts as done without running; a task whose WHEN is false is skipped; a task behind a failed one does not run.
https://docs.snowflake.com/en/user-guide/tasks-graphs
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import duckdb

from mlops_local.account import tasks
from mlops_local.account.catalogue import Entry
from mlops_local.account.errors import AccountError
from mlops_local.account.session import Request, Session
from mlops_local.account.statements import task as task_statement
from mlops_local.account.task_context import TaskContext
from mlops_local.account.tasks import EXECUTING, FAILED, SKIPPED, SUCCEEDED, Graph, Run, Task

if TYPE_CHECKING:
    from mlops_local.account.account import Account

_DEFAULT_TIMEOUT_MS = 3_600_000
_DEFAULT_FAILURES = 10


def carry_out(account: Account, session: Session, run: Run) -> None:
    """Runs the graph of a root run. ``session`` writes the history, the tasks run in sessions of their own."""
    root = _claim(session, run)
    if root is None:
        return
    graph = tasks.graph_of(session, root.database, root.schema)
    states: dict[str, str] = {}
    values: dict[str, str] = {}
    for task in graph.below(root.name):
        context = TaskContext(task, graph[root.name], run, values)
        states[task.name] = _run_one(account, session, context, states)
    finalizer = graph.finalizer(root.name)
    if finalizer is not None and finalizer.started:
        _execute(account, session, TaskContext(finalizer, graph[root.name], run, values), _enter(session, run, finalizer))
    if FAILED in states.values():
        _suspend_after_failures(session, root)


def _claim(session: Session, run: Run) -> Entry | None:
    """The root task, once for each run: another thread may have carried the run out since it was looked up."""
    with session.transaction(write=True):
        if tasks.state_of(session, run.id) != tasks.SCHEDULED:
            return None
        root = session.catalogue.by_id(run.root)
        if root is None:
            tasks.set_state(session, run.id, tasks.CANCELLED, error_message="The task has been dropped.")
        else:
            tasks.set_state(session, run.id, EXECUTING)
    return root


def _run_one(account: Account, session: Session, context: TaskContext, states: dict[str, str]) -> str:
    task, run = context.task, context.run
    if task.entry.id == run.root:
        return _execute(account, session, context, run.id)
    before = [states[name] for name in task.predecessors if name in states]
    if FAILED in before or tasks.CANCELLED in before:
        return tasks.CANCELLED
    if not task.started:
        # The graph goes on as if it had succeeded, unless nothing before it has.
        return SUCCEEDED if SUCCEEDED in before else SKIPPED
    id_ = _enter(session, run, task)
    if SUCCEEDED not in before:
        _finish(session, id_, SKIPPED, error_message="All predecessors of the task were skipped.")
        return SKIPPED
    return _execute(account, session, context, id_)


def _enter(session: Session, run: Run, task: Task) -> int:
    with session.transaction(write=True):
        return tasks.add_child_run(session, run, task)


def _execute(account: Account, session: Session, context: TaskContext, id_: int) -> str:
    """The state in which the run ended; the error of a failed one is in the history."""
    request = Request(context.task.definition)
    started = account.clock.now()
    with session.transaction(write=True):
        tasks.set_state(session, id_, EXECUTING, query_id=request.query_id, query_start=started)
    try:
        ran = _run_in_own_session(account, context, request)
    except AccountError as error:
        _finish(session, id_, FAILED, return_value=context.values.get(context.task.name), **tasks.failure_values(error))
        return FAILED
    if not ran:
        _finish(
            session,
            id_,
            SKIPPED,
            query_id=None,
            query_start=None,
            error_code="0040003",
            error_message="Conditional expression for task evaluated to false.",
        )
        return SKIPPED
    _finish(session, id_, SUCCEEDED, return_value=context.values.get(context.task.name))
    return SUCCEEDED


def _finish(session: Session, id_: int, state: str, **values: str | None) -> None:
    with session.transaction(write=True):
        tasks.set_state(session, id_, state, completed=session.account.clock.now(), **values)


def _run_in_own_session(account: Account, context: TaskContext, request: Request) -> bool:
    """Runs the task as its owner; whether its condition held."""
    own = open_session(account, context.task)
    own.task = context
    limit = context.task.option("USER_TASK_TIMEOUT_MS", _DEFAULT_TIMEOUT_MS)
    timer = threading.Timer(limit / 1000, own.cancel)
    timer.daemon = True
    try:
        timer.start()
        if context.task.condition is not None and not _holds(own, context.task.condition):
            return False
        own.execute(request)
        own.commit()
    except duckdb.Error as error:
        raise AccountError(100051, "22012", str(error)) from error
    finally:
        timer.cancel()
        own.close()
    return True


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
    """WHEN is false only when it is false or NULL. Its answer is a boolean or its text."""
    value = session.run(f"SELECT {condition}").table.column(0)[0].as_py()
    return str(value).lower() in {"true", "1"}


def _suspend_after_failures(session: Session, root: Entry) -> None:
    limit = root.properties.get("SUSPEND_TASK_AFTER_NUM_FAILURES", _DEFAULT_FAILURES)
    with session.transaction(write=True):
        current = session.catalogue.by_id(root.id)
        if current is not None and limit and tasks.failures_in_a_row(session, root) >= limit:
            task_statement.suspend(session, current, reason="SUSPENDED_DUE_TO_ERRORS")


__all__ = ["Graph", "carry_out", "condition_holds", "open_session"]
