"""Runs of task graphs: which wait, which are carried out, and what became of every task in them.

``graph_runs`` has a row for each run of a graph, ``task_runs`` one for each task that took part. A run that is tried again is a
new row of the same group with the next attempt. https://docs.snowflake.com/en/user-guide/tasks-graphs
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.engine.engine import Connection
from mlops_local.account.errors import AccountError
from mlops_local.account.scheduling import graph_versions
from mlops_local.account.scheduling.tasks import Task
from mlops_local.account.session.session import Session

SCHEDULED, EXECUTING, SUCCEEDED = "SCHEDULED", "EXECUTING", "SUCCEEDED"
FAILED, SKIPPED, CANCELLED = "FAILED", "SKIPPED", "CANCELLED"
BY_SCHEDULE, BY_COMMAND, BY_TRIGGER = "SCHEDULE", "EXECUTE TASK", "TRIGGER"

_TABLES = (
    """
CREATE TABLE IF NOT EXISTS account.task_runs (
    id BIGINT NOT NULL, graph BIGINT NOT NULL, task BIGINT NOT NULL, root BIGINT NOT NULL, name VARCHAR NOT NULL,
    database VARCHAR NOT NULL, schema VARCHAR NOT NULL, state VARCHAR NOT NULL, scheduled_time TIMESTAMPTZ NOT NULL,
    scheduled_from VARCHAR NOT NULL, query_text VARCHAR, condition_text VARCHAR, config VARCHAR, query_id VARCHAR,
    query_start TIMESTAMPTZ, completed TIMESTAMPTZ, error_code VARCHAR, error_message VARCHAR, return_value VARCHAR)
""",
    """
CREATE TABLE IF NOT EXISTS account.graph_runs (
    id BIGINT NOT NULL, root BIGINT NOT NULL, name VARCHAR NOT NULL, database VARCHAR NOT NULL, schema VARCHAR NOT NULL,
    version BIGINT NOT NULL, run_group BIGINT NOT NULL, attempt INTEGER NOT NULL, state VARCHAR NOT NULL,
    scheduled_time TIMESTAMPTZ NOT NULL, next_time TIMESTAMPTZ, scheduled_from VARCHAR NOT NULL, config VARCHAR,
    query_start TIMESTAMPTZ, completed TIMESTAMPTZ)
""",
)


def create_tables(connection: Connection) -> None:
    for table in _TABLES:
        connection.execute(table)


@dataclass(frozen=True)
class Run:
    """One run of a graph. ``group`` is the run that it tries again, or its own id at the first attempt."""

    id: int
    root: int
    version: int
    group: int
    attempt: int
    scheduled_time: datetime
    scheduled_from: str
    config: str | None


_FIELDS = "id, root, version, run_group, attempt, scheduled_time, scheduled_from, config"


# Entering; within a writing transaction


def add_run(session: Session, root: Task, at: datetime, by: str, *, config: str | None = None) -> Run:
    """Enters a run of a graph as SCHEDULED. ``config`` overrides the graph's own, key by key."""
    id_ = _next_id(session)
    run = Run(id_, root.entry.id, graph_versions.fix(session, root.entry), id_, 1, at, by, merged(root.option("CONFIG"), config))
    _enter(session, run, root)
    return run


def add_retry(session: Session, root: Task, failed: Run, by: str) -> Run:
    """Enters the next attempt of a run that failed."""
    run = Run(
        _next_id(session), failed.root, failed.version, failed.group, failed.attempt + 1, failed.scheduled_time, by, failed.config
    )
    _enter(session, run, root)
    return run


def merged(default: str | None, given: str | None) -> str | None:
    """Two JSON objects as one; the second wins."""
    if default is None or given is None:
        return given or default
    return json.dumps({**json.loads(default), **json.loads(given)})


def _enter(session: Session, run: Run, root: Task) -> None:
    timetable, entry = root.timetable, root.entry
    next_time = timetable.next_after(run.scheduled_time, base=root.base) if timetable else None
    session.connection.execute(
        f"INSERT INTO account.graph_runs ({_FIELDS}, name, database, schema, state, next_time) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [*vars(run).values(), entry.name, entry.database, entry.schema, SCHEDULED, next_time],
    )


def add_task_run(session: Session, run: Run, task: Task) -> int:
    """Enters the run of one task within a run of its graph; its id."""
    id_, entry = _next_id(session), task.entry
    session.connection.execute(
        "INSERT INTO account.task_runs (id, graph, task, root, name, database, schema, state, scheduled_time, scheduled_from, "
        "query_text, condition_text, config) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            id_,
            run.id,
            entry.id,
            run.root,
            entry.name,
            entry.database,
            entry.schema,
            SCHEDULED,
            run.scheduled_time,
            run.scheduled_from,
            task.definition,
            task.condition,
            run.config,
        ],
    )
    return id_


def _next_id(session: Session) -> int:
    return int(session.connection.fetch("SELECT nextval('account.ids')")[0][0])


def set_state(session: Session, id_: int, state: str, **values: Any) -> None:
    """What has become of a task's run."""
    _set(session, "task_runs", id_, {"state": state, **values})


def set_graph_state(session: Session, id_: int, state: str, **values: Any) -> None:
    """What has become of a run of a graph."""
    _set(session, "graph_runs", id_, {"state": state, **values})


def _set(session: Session, table: str, id_: int, values: dict[str, Any]) -> None:
    names = ", ".join(f"{name} = ?" for name in values)
    session.connection.execute(f"UPDATE account.{table} SET {names} WHERE id = ?", [*values.values(), id_])


def fail_interrupted(session: Session) -> None:
    """Runs that were executing when the account stopped will not come back."""
    now = session.account.clock.now()
    with session.transaction(write=True):
        session.connection.execute(
            "UPDATE account.task_runs SET state = ?, error_code = '000604', completed = ?, "
            "error_message = 'The account was stopped while this task was running.' WHERE state = ?",
            [FAILED, now, EXECUTING],
        )
        session.connection.execute(
            "UPDATE account.graph_runs SET state = ?, completed = ? WHERE state = ?", [FAILED, now, EXECUTING]
        )


# Reading


def state_of(session: Session, id_: int) -> str:
    return str(session.connection.fetch("SELECT state FROM account.graph_runs WHERE id = ?", [id_])[0][0])


def pending_runs(session: Session) -> list[Run]:
    """Runs that wait to be carried out, the oldest first."""
    rows = session.connection.fetch(
        f"SELECT {_FIELDS} FROM account.graph_runs WHERE state = ? ORDER BY scheduled_time, id", [SCHEDULED]
    )
    return [Run(*row) for row in rows]


def outcome_before(session: Session, run: Run) -> dict[str, tuple[str, str | None]]:
    """By task: the state and the return value that the earlier attempts of the run have left; of the latest that had it."""
    rows = session.connection.fetch(
        "SELECT t.name, t.state, t.return_value FROM account.task_runs AS t JOIN account.graph_runs AS g ON g.id = t.graph "
        "WHERE g.run_group = ? AND g.attempt < ? ORDER BY t.id",
        [run.group, run.attempt],
    )
    return {name: (state, value) for name, state, value in rows}


def last_times(session: Session) -> dict[int, datetime]:
    """By root task: until when its schedule is served, which is its last scheduled time or the end of its last run."""
    rows = session.connection.fetch("SELECT root, max(greatest(scheduled_time, completed)) FROM account.graph_runs GROUP BY root")
    return dict(rows)


def busy_roots(session: Session) -> set[int]:
    rows = session.connection.fetch("SELECT DISTINCT root FROM account.graph_runs WHERE state IN (?, ?)", [SCHEDULED, EXECUTING])
    return {row[0] for row in rows}


def last_successful(session: Session, root: Entry) -> tuple[int, datetime] | None:
    """The group and the scheduled time of the last run of the graph that succeeded."""
    rows = session.connection.fetch(
        "SELECT run_group, scheduled_time FROM account.graph_runs WHERE root = ? AND state = ? ORDER BY id DESC LIMIT 1",
        [root.id, SUCCEEDED],
    )
    return rows[0] if rows else None


def failures_in_a_row(session: Session, root: Task) -> int:
    """How many of the last runs since the root was resumed failed, all attempts of a run being one."""
    rows = session.connection.fetch(
        "SELECT arg_max(state, attempt) FROM account.graph_runs WHERE root = ? AND state IN (?, ?) AND scheduled_time > ? "
        "GROUP BY run_group ORDER BY run_group DESC",
        [root.entry.id, FAILED, SUCCEEDED, root.base],
    )
    states = [row[0] for row in rows]
    return states.index(SUCCEEDED) if SUCCEEDED in states else len(states)


def run_to_retry(session: Session, root: Entry) -> Run:
    """The last run of the graph, when EXECUTE TASK .. RETRY LAST may try it again.

    https://docs.snowflake.com/en/sql-reference/sql/execute-task
    """
    rows = session.connection.fetch(
        f"SELECT state, {_FIELDS} FROM account.graph_runs WHERE root = ? ORDER BY id DESC LIMIT 1", [root.id]
    )
    graph = f"graph with root task {root.name}"
    if not rows or rows[0][0] in {SCHEDULED, EXECUTING}:
        raise AccountError(91457, "55000", f"Cannot perform retry: no suitable run of {graph} to retry.")
    run = Run(*rows[0][1:])
    which = f"run (graph_run_group_id = {run.group}) of {graph}"
    if rows[0][0] not in {FAILED, CANCELLED}:
        raise AccountError(91456, "55000", f"Cannot perform retry: {which} had no failures.")
    if graph_versions.is_changed(session, root, run.version):
        raise AccountError(
            91456, "55000", f"Cannot perform retry: {which} is of an older version: the graph has been modified since."
        )
    return run
