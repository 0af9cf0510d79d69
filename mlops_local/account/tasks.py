"""Tasks and their graphs as values, and the history of their runs.

A graph is a root task and the tasks behind it; all of one graph live in one schema, so predecessors are kept by bare name.
https://docs.snowflake.com/en/user-guide/tasks-graphs
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mlops_local.account.catalogue import Entry
from mlops_local.account.engine import Connection
from mlops_local.account.errors import AccountError, unsupported
from mlops_local.account.privileges import inherited
from mlops_local.account.relations import relation
from mlops_local.account.session import Session
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import table_function
from mlops_local.account.timetable import Timetable, parse_schedule
from mlops_local.account.types import INTEGER, TIMESTAMP_LTZ, Column

KIND = "TASK"
STARTED, SUSPENDED = "started", "suspended"
SCHEDULED, EXECUTING, SUCCEEDED, FAILED, SKIPPED, CANCELLED = (
    "SCHEDULED",
    "EXECUTING",
    "SUCCEEDED",
    "FAILED",
    "SKIPPED",
    "CANCELLED",
)
BY_SCHEDULE, BY_COMMAND = "SCHEDULE", "EXECUTE TASK"

_TABLE = """
CREATE TABLE IF NOT EXISTS account.task_runs (
    id BIGINT NOT NULL, graph BIGINT NOT NULL, task BIGINT NOT NULL, root BIGINT NOT NULL, name VARCHAR NOT NULL,
    database VARCHAR NOT NULL, schema VARCHAR NOT NULL, state VARCHAR NOT NULL, scheduled_time TIMESTAMPTZ NOT NULL,
    scheduled_from VARCHAR NOT NULL, query_text VARCHAR, condition_text VARCHAR, config VARCHAR, query_id VARCHAR,
    query_start TIMESTAMPTZ, completed TIMESTAMPTZ, error_code VARCHAR, error_message VARCHAR, return_value VARCHAR)
"""


def create_tables(connection: Connection) -> None:
    connection.execute(_TABLE)


@dataclass(frozen=True)
class Task:
    """A task's entry, read."""

    entry: Entry

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def started(self) -> bool:
        return bool(self.entry.properties["STATE"] == STARTED)

    @property
    def timetable(self) -> Timetable | None:
        text = self.entry.properties.get("SCHEDULE")
        return parse_schedule(text) if text else None

    @property
    def base(self) -> datetime:
        """When it was resumed: no time before that is due."""
        text = self.entry.properties.get("STARTED_ON")
        return datetime.fromisoformat(text) if text else self.entry.created_on

    @property
    def predecessors(self) -> tuple[str, ...]:
        return tuple(self.entry.properties.get("AFTER", ()))

    @property
    def finalizes(self) -> str | None:
        """The root task after whose graph it runs."""
        name = self.entry.properties.get("FINALIZE")
        return str(name) if name else None

    @property
    def definition(self) -> str:
        return str(self.entry.properties["DEFINITION"])

    @property
    def condition(self) -> str | None:
        text = self.entry.properties.get("CONDITION")
        return str(text) if text else None

    @property
    def public_id(self) -> str:
        return str(uuid.UUID(int=self.entry.id))

    def option(self, name: str, default: Any = None) -> Any:
        return self.entry.properties.get(name, default)


class Graph:
    """The tasks of one schema and how they follow each other."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._tasks = {task.name: task for task in tasks}

    def __contains__(self, name: str) -> bool:
        return name in self._tasks

    def __getitem__(self, name: str) -> Task:
        return self._tasks[name]

    def children(self, name: str) -> list[Task]:
        return [task for task in self._tasks.values() if name in task.predecessors]

    def finalizer(self, root: str) -> Task | None:
        return next((task for task in self._tasks.values() if task.finalizes == root), None)

    def roots(self, name: str) -> set[str]:
        """The tasks without predecessors from which the task is reached; itself when it has none."""
        finalizes = self._tasks[name].finalizes
        above = [finalizes] if finalizes else [parent for parent in self._tasks[name].predecessors if parent in self._tasks]
        return set().union(*(self.roots(parent) for parent in above)) if above else {name}

    def below(self, root: str) -> list[Task]:
        """The root and all tasks behind it, each after all its predecessors; the finalizer is not among them."""
        order: list[Task] = []
        seen: set[str] = set()

        def visit(name: str) -> None:
            if name not in seen:
                seen.add(name)
                for child in self.children(name):
                    visit(child.name)
                order.append(self._tasks[name])

        visit(root)
        return order[::-1]

    def has_cycle_at(self, name: str) -> bool:
        """Whether the task is behind itself."""
        pending, seen = [child.name for child in self.children(name)], set[str]()
        while pending:
            at = pending.pop()
            if at == name:
                return True
            if at not in seen:
                seen.add(at)
                pending += [child.name for child in self.children(at)]
        return False


def graph_of(session: Session, database: str, schema: str) -> Graph:
    return Graph(Task(entry) for entry in session.catalogue.list(KIND, database=database, schema=schema))


def require_privilege(session: Session, task: Task) -> None:
    """A task runs only when its owner has EXECUTE TASK on the account, and EXECUTE MANAGED TASK when it names no warehouse.

    https://docs.snowflake.com/en/user-guide/tasks-intro#task-security
    """
    privileges = ["EXECUTE TASK", *([] if task.option("WAREHOUSE") else ["EXECUTE MANAGED TASK"])]
    roles = inherited(session.catalogue, task.entry.owner or "PUBLIC")
    for privilege in privileges:
        grantees = {grant[6] for grant in session.catalogue.grants_where(privilege=privilege, object_kind="ACCOUNT")}
        if "ACCOUNTADMIN" not in roles and not roles & grantees:
            raise AccountError(91089, "23001", f"Cannot execute task, {privilege} privilege must be granted to owner role.")


# Runs


@dataclass(frozen=True)
class Run:
    """One run of a root task that is to be carried out, with everything behind it."""

    id: int
    graph: int
    root: int
    scheduled_time: datetime
    scheduled_from: str
    config: str | None


def add_run(session: Session, task: Task, at: datetime, by: str, *, config: str | None = None) -> Run:
    """Enters a run of a root task as SCHEDULED; within a writing transaction."""
    id_ = _next_id(session)
    run = Run(id_, id_, task.entry.id, at, by, config or task.option("CONFIG"))
    _insert(session, run, task, id_)
    return run


def add_child_run(session: Session, run: Run, task: Task) -> int:
    """Enters the run of a task behind the root; its id."""
    id_ = _next_id(session)
    _insert(session, run, task, id_)
    return id_


def _next_id(session: Session) -> int:
    return int(session.connection.fetch("SELECT nextval('account.ids')")[0][0])


def _insert(session: Session, run: Run, task: Task, id_: int) -> None:
    session.connection.execute(
        "INSERT INTO account.task_runs (id, graph, task, root, name, database, schema, state, scheduled_time, scheduled_from, "
        "query_text, condition_text, config) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            id_,
            run.graph,
            task.entry.id,
            run.root,
            task.name,
            task.entry.database,
            task.entry.schema,
            SCHEDULED,
            run.scheduled_time,
            run.scheduled_from,
            task.definition,
            task.condition,
            run.config,
        ],
    )


def set_state(session: Session, id_: int, state: str, **values: Any) -> None:
    """What has become of a run; within a writing transaction."""
    names = ["state", *values]
    session.connection.execute(
        f"UPDATE account.task_runs SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?", [state, *values.values(), id_]
    )


def state_of(session: Session, id_: int) -> str:
    return str(session.connection.fetch("SELECT state FROM account.task_runs WHERE id = ?", [id_])[0][0])


def failure_values(error: AccountError) -> dict[str, str]:
    return {"error_code": error.code, "error_message": error.message}


def pending_runs(session: Session) -> list[Run]:
    """Root runs that wait to be carried out, the oldest first."""
    rows = session.connection.fetch(
        "SELECT id, graph, root, scheduled_time, scheduled_from, config FROM account.task_runs WHERE state = ? AND task = root "
        "ORDER BY scheduled_time, id",
        [SCHEDULED],
    )
    return [Run(*row) for row in rows]


def last_times(session: Session) -> dict[int, datetime]:
    """By root task: until when its schedule is served, which is its last scheduled time or the end of its last run."""
    rows = session.connection.fetch("SELECT root, max(greatest(scheduled_time, completed)) FROM account.task_runs GROUP BY root")
    return dict(rows)


def busy_roots(session: Session) -> set[int]:
    rows = session.connection.fetch("SELECT DISTINCT root FROM account.task_runs WHERE state IN (?, ?)", [SCHEDULED, EXECUTING])
    return {row[0] for row in rows}


def failures_in_a_row(session: Session, root: Entry) -> int:
    """How many of the last graph runs had a failed task, counted back from the newest until one without."""
    rows = session.connection.fetch(
        "SELECT bool_or(state = 'FAILED') FROM account.task_runs WHERE root = ? AND state IN ('FAILED', 'SUCCEEDED') "
        "GROUP BY graph ORDER BY graph DESC LIMIT 100",
        [root.id],
    )
    count = 0
    for (failed,) in rows:
        if not failed:
            break
        count += 1
    return count


def fail_interrupted(session: Session) -> None:
    """Runs that were executing when the account stopped will not come back."""
    with session.transaction(write=True):
        session.connection.execute(
            "UPDATE account.task_runs SET state = ?, error_code = '000604', completed = ?, "
            "error_message = 'The account was stopped while this task was running.' WHERE state = ?",
            [FAILED, session.account.clock.now(), EXECUTING],
        )


# TASK_HISTORY


_HISTORY_COLUMNS = (
    Column("QUERY_ID"),
    Column("NAME"),
    Column("DATABASE_NAME"),
    Column("SCHEMA_NAME"),
    Column("QUERY_TEXT"),
    Column("CONDITION_TEXT"),
    Column("STATE"),
    Column("ERROR_CODE"),
    Column("ERROR_MESSAGE"),
    Column("SCHEDULED_TIME", TIMESTAMP_LTZ),
    Column("QUERY_START_TIME", TIMESTAMP_LTZ),
    Column("NEXT_SCHEDULED_TIME", TIMESTAMP_LTZ),
    Column("COMPLETED_TIME", TIMESTAMP_LTZ),
    Column("ROOT_TASK_ID"),
    Column("GRAPH_VERSION", INTEGER),
    Column("RUN_ID", INTEGER),
    Column("RETURN_VALUE"),
    Column("SCHEDULED_FROM"),
    Column("ATTEMPT_NUMBER", INTEGER),
    Column("CONFIG"),
    Column("GRAPH_RUN_GROUP_ID", INTEGER),
)
_HISTORY_ARGUMENTS = {
    "SCHEDULED_TIME_RANGE_START",
    "SCHEDULED_TIME_RANGE_END",
    "RESULT_LIMIT",
    "TASK_NAME",
    "ERROR_ONLY",
    "ROOT_TASK_ID",
}


@table_function("TASK_HISTORY")
def task_history(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    """The newest runs first; before them the next run of every started task that has a schedule.

    https://docs.snowflake.com/en/sql-reference/functions/task_history
    """
    unknown = [*positional, *(set(named) - _HISTORY_ARGUMENTS)]
    if unknown:
        raise unsupported(f"TASK_HISTORY({unknown[0]})")
    where, values = _history_filter(named)
    limit = int(named.get("RESULT_LIMIT", 100))
    past = context.session.connection.fetch(
        "SELECT query_id, name, database, schema, query_text, condition_text, state, error_code, error_message, scheduled_time, "
        f"query_start, NULL, completed, root, graph, return_value, scheduled_from, config FROM account.task_runs {where} "
        "ORDER BY scheduled_time DESC, id DESC LIMIT ?",
        [*values, limit],
    )
    future = [] if named.get("ERROR_ONLY") else _next_runs(context.session, named)
    return relation(context, _HISTORY_COLUMNS, [_history_row(row) for row in [*future, *past][:limit]])


def _history_filter(named: dict[str, Any]) -> tuple[str, list[Any]]:
    where, values = ["state <> 'SCHEDULED' OR scheduled_from <> 'SCHEDULE'"], []  # type: tuple[list[str], list[Any]]
    where[0] = f"({where[0]})"
    if named.get("ERROR_ONLY"):
        where.append("state IN ('FAILED', 'CANCELLED')")
    for name, test in (
        ("SCHEDULED_TIME_RANGE_START", "scheduled_time >= ?"),
        ("SCHEDULED_TIME_RANGE_END", "scheduled_time <= ?"),
        ("TASK_NAME", "name = ?"),
        ("ROOT_TASK_ID", "root = ?"),
    ):
        if named.get(name) is not None:
            where.append(test)
            values.append(_HISTORY_VALUES.get(name, _as_given)(named[name]))
    return "WHERE " + " AND ".join(where), values


def _as_given(value: Any) -> Any:
    return value


def _folded(text: str) -> str:
    """TASK_NAME is given as a bare name; quoted it keeps its case."""
    return text[1:-1].replace('""', '"') if text.startswith('"') else text.upper() if text.islower() else text


_HISTORY_VALUES: dict[str, Callable[[Any], Any]] = {"ROOT_TASK_ID": lambda text: uuid.UUID(text).int, "TASK_NAME": _folded}


def _next_runs(session: Session, named: dict[str, Any]) -> list[tuple[Any, ...]]:
    last, now = last_times(session), session.account.clock.now()
    rows = []
    for task in (Task(entry) for entry in session.catalogue.list(KIND)):
        timetable = task.timetable
        wanted = named.get("TASK_NAME")
        if not task.started or timetable is None or (wanted is not None and task.name != _folded(wanted)):
            continue
        at = timetable.next_after(max(now, last.get(task.entry.id, now)), base=task.base)
        end = named.get("SCHEDULED_TIME_RANGE_END")
        if end is None or at <= end:
            rows.append(
                (
                    None,
                    task.name,
                    task.entry.database,
                    task.entry.schema,
                    task.definition,
                    task.condition,
                    SCHEDULED,
                    None,
                    None,
                    at,
                    None,
                    None,
                    None,
                    task.entry.id,
                    None,
                    None,
                    BY_SCHEDULE,
                    task.option("CONFIG"),
                )
            )
    return rows


def _history_row(row: Sequence[Any]) -> list[Any]:
    *head, root, graph, value, origin, config = row
    run_id = int(row[9].timestamp() * 1000)
    return [*head, str(uuid.UUID(int=root)), 1, run_id, value, origin, 1, config, graph]


def predecessors_json(task: Task) -> str:
    """As SHOW TASKS prints them: full names, a JSON list."""
    entry = task.entry
    return json.dumps([str(_sibling(entry, name)) for name in task.predecessors])


def _sibling(entry: Entry, name: str) -> str:
    return str(type(entry.path)(entry.database, entry.schema, name))
