"""What a running task knows about itself and its graph, and the functions through which its SQL asks.

https://docs.snowflake.com/en/sql-reference/functions/system_task_runtime_info
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from mlops_local.account.errors import AccountError, syntax_error, unsupported
from mlops_local.account.scheduling import task_runs
from mlops_local.account.scheduling.task_runs import Run
from mlops_local.account.scheduling.tasks import KIND, Task
from mlops_local.account.session.session import Session
from mlops_local.account.sql.extensions import system_function
from mlops_local.account.syntax.reader import parse_name


@dataclass
class TaskContext:
    """One run of one task. ``values`` holds what the tasks of the same graph run have returned, by name."""

    task: Task
    root: Task
    run: Run
    values: dict[str, str] = field(default_factory=dict)


def _current(session: Session, function: str) -> TaskContext:
    if session.task is None:
        raise AccountError(90236, "22023", f"Function {function} must be called from within a task.")
    return session.task


@system_function("SYSTEM$SET_RETURN_VALUE")
def set_return_value(session: Session, arguments: list[Any]) -> None:
    context = _current(session, "SYSTEM$SET_RETURN_VALUE")
    if len(arguments) != 1 or not isinstance(arguments[0], str):
        raise syntax_error("SYSTEM$SET_RETURN_VALUE takes one text.")
    context.values[context.task.name] = arguments[0]


@system_function("SYSTEM$GET_PREDECESSOR_RETURN_VALUE")
def get_predecessor_return_value(session: Session, arguments: list[Any]) -> str | None:
    """Of the named predecessor, or of the only one."""
    context = _current(session, "SYSTEM$GET_PREDECESSOR_RETURN_VALUE")
    names = [str(arguments[0])] if arguments else list(context.task.predecessors)
    if len(names) != 1:
        raise syntax_error("SYSTEM$GET_PREDECESSOR_RETURN_VALUE needs the predecessor's name when there is not exactly one.")
    wanted = names[0].split(".")[-1].strip('"')
    found = {name.upper(): value for name, value in context.values.items()}
    return context.values.get(wanted, found.get(wanted.upper()))


@system_function("SYSTEM$GET_TASK_GRAPH_CONFIG")
def get_task_graph_config(session: Session, arguments: list[Any]) -> str | None:
    """The graph's CONFIG, or one value of it by a path such as ``a.b``; NULL when there is none."""
    config = _current(session, "SYSTEM$GET_TASK_GRAPH_CONFIG").run.config
    if config is None or not arguments:
        return config
    value: Any = json.loads(config)
    for key in str(arguments[0]).split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value if value is None or isinstance(value, str) else json.dumps(value)


@system_function("SYSTEM$CURRENT_USER_TASK_NAME")
def current_user_task_name(session: Session, arguments: list[Any]) -> str:
    return _current(session, "SYSTEM$CURRENT_USER_TASK_NAME").task.entry.full_name


@system_function("SYSTEM$TASK_RUNTIME_INFO")
def task_runtime_info(session: Session, arguments: list[Any]) -> str | None:
    context = _current(session, "SYSTEM$TASK_RUNTIME_INFO")
    wanted = str(arguments[0]).upper() if arguments else ""
    last = task_runs.last_successful(session, context.root.entry)
    known = {
        "CURRENT_ROOT_TASK_UUID": context.root.public_id,
        "CURRENT_ROOT_TASK_NAME": context.root.entry.full_name,
        "CURRENT_TASK_NAME": context.task.entry.full_name,
        "CURRENT_TASK_GRAPH_ORIGINAL_SCHEDULED_TIMESTAMP": context.run.scheduled_time.isoformat(" "),
        "CURRENT_TASK_GRAPH_RUN_GROUP_ID": str(context.run.group),
        "LAST_SUCCESSFUL_TASK_GRAPH_RUN_GROUP_ID": str(last[0]) if last else None,
        "LAST_SUCCESSFUL_TASK_GRAPH_ORIGINAL_SCHEDULED_TIMESTAMP": last[1].isoformat(" ") if last else None,
    }
    if wanted not in known:
        raise unsupported(f"SYSTEM$TASK_RUNTIME_INFO('{wanted}')")
    return known[wanted]


@system_function("SYSTEM$USER_TASK_CANCEL_ONGOING_EXECUTIONS")
def cancel_ongoing_executions(session: Session, arguments: list[Any]) -> str:
    """Ends the runs of a task that are executing.

    https://docs.snowflake.com/en/sql-reference/functions/system_user_task_cancel_ongoing_executions
    """
    entry = session.get(KIND, parse_name(str(arguments[0]) if arguments else ""))
    running = [other for other in list(session.account.sessions.values()) if other.task and other.task.task.entry.id == entry.id]
    for other in running:
        other.cancel()
    return f"{len(running)} ongoing executions of task {entry.full_name} have been cancelled."
