"""What SQL sees of the runs of tasks and graphs: TASK_HISTORY, CURRENT_TASK_GRAPHS, COMPLETE_TASK_GRAPHS.

https://docs.snowflake.com/en/sql-reference/functions/task_history
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from mlops_local.account.errors import compilation_error, unsupported
from mlops_local.account.scheduling import graph_versions, task_runs
from mlops_local.account.scheduling.task_runs import BY_SCHEDULE, SCHEDULED
from mlops_local.account.scheduling.tasks import KIND, Task
from mlops_local.account.session.session import Session
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import table_function
from mlops_local.account.sql.relations import relation
from mlops_local.account.syntax.types import INTEGER, TIMESTAMP_LTZ, Column

_LARGEST_LIMIT = 10_000
_NUMBERS = {
    "GRAPH_VERSION",
    "RUN_ID",
    "ATTEMPT_NUMBER",
    "FIRST_ERROR_CODE",
    "QUERY_HASH_VERSION",
    "QUERY_PARAMETERIZED_HASH_VERSION",
}
# Both histories at once: a column of the answer and what it is in the account's tables g (runs of graphs) and t (of tasks).
_HISTORY = {
    "QUERY_ID": "t.query_id",
    "NAME": "t.name",
    "DATABASE_NAME": "t.database",
    "SCHEMA_NAME": "t.schema",
    "QUERY_TEXT": "t.query_text",
    "CONDITION_TEXT": "t.condition_text",
    "STATE": "t.state",
    "ERROR_CODE": "t.error_code",
    "ERROR_MESSAGE": "t.error_message",
    "SCHEDULED_TIME": "t.scheduled_time",
    "QUERY_START_TIME": "t.query_start",
    "NEXT_SCHEDULED_TIME": "CASE WHEN t.task = t.root THEN g.next_time END",
    "COMPLETED_TIME": "t.completed",
    "ROOT_TASK_ID": "t.root",
    "GRAPH_VERSION": "coalesce(g.version, 1)",
    "RUN_ID": "epoch_ms(t.scheduled_time)",
    "RETURN_VALUE": "t.return_value",
    "SCHEDULED_FROM": "t.scheduled_from",
    "ATTEMPT_NUMBER": "coalesce(g.attempt, 1)",
    "CONFIG": "t.config",
    "QUERY_HASH": "NULL",
    "QUERY_HASH_VERSION": "NULL",
    "QUERY_PARAMETERIZED_HASH": "NULL",
    "QUERY_PARAMETERIZED_HASH_VERSION": "NULL",
    "GRAPH_RUN_GROUP_ID": "CAST(coalesce(g.run_group, t.graph) AS VARCHAR)",
}
_GRAPHS = {
    "ROOT_TASK_NAME": "g.name",
    "DATABASE_NAME": "g.database",
    "SCHEMA_NAME": "g.schema",
    "STATE": "g.state",
    "SCHEDULED_FROM": "g.scheduled_from",
    "FIRST_ERROR_TASK_NAME": "t.name",
    "FIRST_ERROR_CODE": "TRY_CAST(t.error_code AS BIGINT)",
    "FIRST_ERROR_MESSAGE": "t.error_message",
    "SCHEDULED_TIME": "g.scheduled_time",
    "QUERY_START_TIME": "g.query_start",
    "NEXT_SCHEDULED_TIME": "g.next_time",
    "COMPLETED_TIME": "g.completed",
    "ROOT_TASK_ID": "g.root",
    "GRAPH_VERSION": "g.version",
    "RUN_ID": "epoch_ms(g.scheduled_time)",
    "ATTEMPT_NUMBER": "g.attempt",
    "CONFIG": "g.config",
    "GRAPH_RUN_GROUP_ID": "CAST(g.run_group AS VARCHAR)",
}
_CURRENT_GRAPHS = {name: value for name, value in _GRAPHS.items() if name != "COMPLETED_TIME"}
_FROM_TASKS = "account.task_runs AS t LEFT JOIN account.graph_runs AS g ON g.id = t.graph"
_FROM_GRAPHS = (
    "account.graph_runs AS g LEFT JOIN (SELECT * FROM account.task_runs WHERE state = 'FAILED' "
    "QUALIFY row_number() OVER (PARTITION BY graph ORDER BY completed, id) = 1) AS t ON t.graph = g.id"
)
_COMPLETE_FOR = timedelta(minutes=60)
_AHEAD = timedelta(days=8)

Row = dict[str, Any]


def _fetch(session: Session, columns: dict[str, str], rest: str, values: Iterable[Any]) -> list[Row]:
    listed = ", ".join(f'{value} AS "{name}"' for name, value in columns.items())
    return [
        dict(zip(columns, row, strict=True)) for row in session.connection.fetch(f"SELECT {listed} FROM {rest}", list(values))
    ]


def _answer(context: Context, columns: Iterable[str], rows: Iterable[Row]) -> Relation:
    typed = [_column(name) for name in columns]
    listed = [{**row, "ROOT_TASK_ID": str(uuid.UUID(int=row["ROOT_TASK_ID"]))} for row in rows]
    return relation(context, typed, [[row[column.name] for column in typed] for row in listed])


def _column(name: str) -> Column:
    if name.endswith("_TIME"):
        return Column(name, TIMESTAMP_LTZ)
    return Column(name, INTEGER) if name in _NUMBERS else Column(name)


def _check_arguments(function: str, allowed: Iterable[str], positional: list[Any], named: Row) -> None:
    unknown = [*positional, *sorted(set(named) - set(allowed))]
    if unknown:
        raise unsupported(f"{function}({unknown[0]})")


def _limit(named: Row, default: int) -> int:
    limit = int(named.get("RESULT_LIMIT", default))
    if not 1 <= limit <= _LARGEST_LIMIT:
        raise compilation_error(1008, "22023", f"invalid value [{limit}] for parameter 'RESULT_LIMIT'")
    return limit


# TASK_HISTORY


def _bare(name: str) -> str:
    """The name of a task as an argument: case does not count, quotes are taken off."""
    return (name[1:-1].replace('""', '"') if name.startswith('"') else name).upper()


_FILTERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "SCHEDULED_TIME_RANGE_START": ("t.scheduled_time >= ?", lambda value: value),
    "SCHEDULED_TIME_RANGE_END": ("t.scheduled_time <= ?", lambda value: value),
    "TASK_NAME": ("upper(t.name) = ?", _bare),
    "ROOT_TASK_ID": ("t.root = ?", lambda text: uuid.UUID(text).int),
}


@table_function("TASK_HISTORY")
def task_history(context: Context, positional: list[Any], named: Row) -> Relation:
    """The newest runs first; before them the next run of every started task that has a schedule."""
    _check_arguments("TASK_HISTORY", [*_FILTERS, "RESULT_LIMIT", "ERROR_ONLY"], positional, named)
    limit = _limit(named, 100)
    given = {name: value for name, value in named.items() if name in _FILTERS and value is not None}
    where = [_FILTERS[name][0] for name in given]
    if named.get("ERROR_ONLY"):
        where.append("t.state IN ('FAILED', 'CANCELLED')")
    past = _fetch(
        context.session,
        _HISTORY,
        f"{_FROM_TASKS} WHERE {' AND '.join(where) or 'true'} ORDER BY t.scheduled_time DESC, t.id DESC LIMIT ?",
        [*(_FILTERS[name][1](value) for name, value in given.items()), limit],
    )
    future = [] if named.get("ERROR_ONLY") else [row for row in _next_runs(context.session) if _wanted(row, given)]
    return _answer(context, _HISTORY, [*sorted(future, key=_scheduled, reverse=True), *past][:limit])


def _scheduled(row: Row) -> datetime:
    at: datetime = row["SCHEDULED_TIME"]
    return at


def _wanted(row: Row, given: Row) -> bool:
    """Whether a run that is still to come passes the filters."""
    at = row["SCHEDULED_TIME"]
    return (
        ("TASK_NAME" not in given or row["NAME"].upper() == _bare(given["TASK_NAME"]))
        and ("ROOT_TASK_ID" not in given or row["ROOT_TASK_ID"] == uuid.UUID(given["ROOT_TASK_ID"]).int)
        and ("SCHEDULED_TIME_RANGE_START" not in given or at >= given["SCHEDULED_TIME_RANGE_START"])
        and ("SCHEDULED_TIME_RANGE_END" not in given or at <= given["SCHEDULED_TIME_RANGE_END"])
    )


def _next_runs(session: Session) -> list[Row]:
    """Root tasks that are asked to run or whose schedule will start them within eight days, as both histories show them."""
    now, last = session.account.clock.now(), task_runs.last_times(session)
    by_id = {entry.id: Task(entry) for entry in session.catalogue.list(KIND)}
    found = [
        _next_run(session, by_id[run.root], run.scheduled_time, run.scheduled_from, run.config)
        for run in task_runs.pending_runs(session)
        if run.root in by_id
    ]
    for task in by_id.values():
        timetable = task.timetable
        if task.started and timetable is not None:
            at = timetable.next_after(max(now, last.get(task.entry.id, now)), base=task.base)
            if at <= now + _AHEAD:
                found.append(_next_run(session, task, at, BY_SCHEDULE, task.option("CONFIG")))
    return found


def _next_run(session: Session, task: Task, at: datetime, by: str, config: str | None) -> Row:
    entry, timetable = task.entry, task.timetable
    return {
        **dict.fromkeys([*_HISTORY, *_GRAPHS]),
        "NAME": task.name,
        "ROOT_TASK_NAME": task.name,
        "DATABASE_NAME": entry.database,
        "SCHEMA_NAME": entry.schema,
        "QUERY_TEXT": task.definition,
        "CONDITION_TEXT": task.condition,
        "STATE": SCHEDULED,
        "SCHEDULED_TIME": at,
        "NEXT_SCHEDULED_TIME": timetable.next_after(at, base=task.base) if timetable else None,
        "ROOT_TASK_ID": entry.id,
        "GRAPH_VERSION": graph_versions.latest(session, entry),
        "RUN_ID": int(at.timestamp() * 1000),
        "SCHEDULED_FROM": by,
        "ATTEMPT_NUMBER": 1,
        "CONFIG": config,
    }


# Graphs


def _graph_filter(named: Row) -> tuple[str, list[Any]]:
    if named.get("ROOT_TASK_NAME") is None:
        return "", []
    return " AND upper(g.name) = ?", [_bare(named["ROOT_TASK_NAME"])]


@table_function("CURRENT_TASK_GRAPHS")
def current_task_graphs(context: Context, positional: list[Any], named: Row) -> Relation:
    """Graphs that run now, and the next run of those that are scheduled.

    https://docs.snowflake.com/en/sql-reference/functions/current_task_graphs
    """
    _check_arguments("CURRENT_TASK_GRAPHS", ["RESULT_LIMIT", "ROOT_TASK_NAME"], positional, named)
    return _answer(context, _CURRENT_GRAPHS, current_graphs(context.session, named))


def current_graphs(session: Session, named: Row) -> list[Row]:
    more, values = _graph_filter(named)
    running = _fetch(session, _CURRENT_GRAPHS, f"{_FROM_GRAPHS} WHERE g.state = 'EXECUTING'{more}", values)
    wanted = {"TASK_NAME": named["ROOT_TASK_NAME"]} if values else {}
    future = [row for row in _next_runs(session) if _wanted(row, wanted)]
    return sorted([*running, *future], key=_scheduled, reverse=True)[: _limit(named, 1000)]


@table_function("COMPLETE_TASK_GRAPHS")
def complete_task_graphs(context: Context, positional: list[Any], named: Row) -> Relation:
    """Graphs whose run ended within the last hour; one whose root was skipped has not run.

    https://docs.snowflake.com/en/sql-reference/functions/complete_task_graphs
    """
    _check_arguments("COMPLETE_TASK_GRAPHS", ["RESULT_LIMIT", "ROOT_TASK_NAME", "ERROR_ONLY"], positional, named)
    return _answer(context, _GRAPHS, complete_graphs(context.session, named))


def complete_graphs(session: Session, named: Row) -> list[Row]:
    more, values = _graph_filter(named)
    states = "'FAILED', 'CANCELLED'" if named.get("ERROR_ONLY") else "'SUCCEEDED', 'FAILED', 'CANCELLED'"
    return _fetch(
        session,
        _GRAPHS,
        f"{_FROM_GRAPHS} WHERE g.state IN ({states}) AND g.completed >= ?{more} ORDER BY g.completed DESC, g.id DESC LIMIT ?",
        [session.account.clock.now() - _COMPLETE_FOR, *values, _limit(named, 1000)],
    )
