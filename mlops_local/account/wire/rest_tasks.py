"""Tasks over Snowflake's REST API, which snowflake.core's task and DAG classes speak.

https://docs.snowflake.com/en/developer-guide/snowflake-rest-api/reference/task
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from starlette.routing import Route

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import unsupported
from mlops_local.account.metadata import task_history
from mlops_local.account.scheduling.tasks import KIND, Task, graph_of, predecessors, relations_json, sibling
from mlops_local.account.scheduling.timetable import Cron, Every, parse_interval
from mlops_local.account.session.session import Session
from mlops_local.account.syntax.names import quote, quote_if_needed, text_constant
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.wire.rest import Call, Sessions, Work, done, endpoint, identifier, rows, run

_TASKS = "/api/v2/databases/{database}/schemas/{schema}/tasks"
_TEXTS = ("comment",)
_WORDS = (
    "user_task_managed_initial_warehouse_size",
    "serverless_task_min_statement_size",
    "serverless_task_max_statement_size",
    "user_task_timeout_ms",
    "suspend_task_after_num_failures",
    "task_auto_retry_attempts",
    "allow_overlapping_execution",
)
# What only the account says; a task that was fetched is sent back with it.
_READ_ONLY = {
    *("task_relations", "created_on", "id", "owner", "owner_role_type", "state"),
    *("last_committed_on", "last_suspended_on", "database_name", "schema_name"),
}
# Where a client insists on a time and there is none.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def routes(sessions: Sessions) -> list[Route]:
    def route(path: str, work: Work, method: str) -> Route:
        return Route(_TASKS + path, endpoint(sessions, work), methods=[method])

    return [
        route("", show, "GET"),
        route("", create, "POST"),
        route("/{name}/dependents", dependents, "GET"),
        *(route(f"/{{name}}/{kind}{dash}graphs", graphs, "GET") for kind, graphs in _GRAPHS.items() for dash in "-_"),
        route("/{name}:get-tags", get_tags, "GET"),
        *(route(f"/{{name}}:{action}", work, "POST") for action, work in _ACTIONS.items()),
        route("/{name}", fetch, "GET"),
        route("/{name}", create_or_alter, "PUT"),
        route("/{name}", drop, "DELETE"),
    ]


# Statements


def create(session: Session, call: Call) -> Any:
    call.refuse_unknown("createMode")
    name = f"{call.schema}.{identifier(str(call.body.get('name', '')))}"
    return done(run(session, f"{call.create('TASK')} {name} {clauses(call.body)}"))


def create_or_alter(session: Session, call: Call) -> Any:
    return done(run(session, f"CREATE OR ALTER TASK {call.name} {clauses(call.body)}"))


def clauses(body: dict[str, Any]) -> str:
    """What stands behind the name in CREATE TASK; a property that is not acted on is refused."""
    given = {key: value for key, value in body.items() if value is not None and key not in _READ_ONLY | {"name"}}
    unknown = set(given) - set(_CLAUSES)
    if unknown:
        raise unsupported(f"TASK {min(unknown).upper()}")
    # WHEN and the definition come last in the statement, whatever their place in the body.
    ordered = sorted(given, key=list(_CLAUSES).index)
    return " ".join(_CLAUSES[key](key, given[key]) for key in ordered if given[key] != [])


def _schedule(key: str, value: dict[str, Any]) -> str:
    if value.get("schedule_type") == "CRON_TYPE":
        text = f"USING CRON {value['cron_expr']} {value['timezone']}"
    else:
        text = f"{int(value['minutes'])} MINUTE"
    return f"{key.upper()} = {text_constant(text)}"


def _parameters(key: str, value: dict[str, Any]) -> str:
    return " ".join(
        f"{identifier(name)} = {text_constant(found) if isinstance(found, str) else found}" for name, found in value.items()
    )


def _path(text: str) -> str:
    return ".".join(identifier(part) for part in text.split("."))


_CLAUSES: dict[str, Callable[[str, Any], str]] = {
    "warehouse": lambda key, value: f"WAREHOUSE = {identifier(value)}",
    "schedule": _schedule,
    "target_completion_interval": _schedule,
    "config": lambda key, value: f"CONFIG = {text_constant(json.dumps(value))}",
    **dict.fromkeys(_TEXTS, lambda key, value: f"{key.upper()} = {text_constant(value)}"),
    **dict.fromkeys(_WORDS, lambda key, value: f"{key.upper()} = {identifier(value) if isinstance(value, str) else int(value)}"),
    "allow_overlapping_execution": lambda key, value: f"ALLOW_OVERLAPPING_EXECUTION = {bool(value)}",
    "session_parameters": _parameters,
    "finalize": lambda key, value: f"FINALIZE = {_path(value)}",
    "predecessors": lambda key, value: f"AFTER {', '.join(_path(name) for name in value)}",
    "condition": lambda key, value: f"WHEN {value}",
    "definition": lambda key, value: f"AS {value}",
}


def drop(session: Session, call: Call) -> Any:
    return done(run(session, f"DROP TASK {'IF EXISTS ' if call.asks('ifExists') else ''}{call.name}"))


def _alter(verb: str) -> Work:
    def work(session: Session, call: Call) -> Any:
        return done(run(session, f"ALTER TASK {'IF EXISTS ' if call.asks('ifExists') else ''}{call.name} {verb}"))

    return work


def execute(session: Session, call: Call) -> Any:
    call.refuse_unknown("retryLast", "asyncExec")
    return done(run(session, f"EXECUTE TASK {call.name}{' RETRY LAST' if call.asks('retryLast') else ''}"))


def _tag(item: dict[str, Any]) -> str:
    return ".".join(identifier(item[key]) for key in ("tag_database", "tag_schema", "tag_name") if item.get(key))


def set_tags(session: Session, call: Call) -> Any:
    listed = ", ".join(f"{_tag(item)} = {text_constant(item['tag_value'])}" for item in call.items)
    return _alter(f"SET TAG {listed}")(session, call)


def unset_tags(session: Session, call: Call) -> Any:
    return _alter(f"UNSET TAG {', '.join(_tag(item) for item in call.items)}")(session, call)


def get_tags(session: Session, call: Call) -> Any:
    """Those that the task carries itself, or also those of its schema and database."""
    found = rows(
        run(
            session,
            "SELECT TAG_DATABASE, TAG_SCHEMA, TAG_NAME, TAG_VALUE, LEVEL FROM "
            f"TABLE({call.identifier('database')}.INFORMATION_SCHEMA.TAG_REFERENCES({text_constant(call.name)}, 'TASK'))",
        )
    )
    own = [row for row in found if call.asks("withLineage") or row["LEVEL"] == KIND]
    names = ("TAG_DATABASE", "TAG_SCHEMA", "TAG_NAME")
    return [
        {**{key.lower(): value for key, value in row.items()}, **{key.lower(): quote(row[key]) for key in names}} for row in own
    ]


_ACTIONS: dict[str, Work] = {
    "resume": _alter("RESUME"),
    "suspend": _alter("SUSPEND"),
    "execute": execute,
    "set-tags": set_tags,
    "unset-tags": unset_tags,
}


# Answers


def show(session: Session, call: Call) -> Any:
    call.refuse_unknown("rootOnly", "like", "startsWith", "showLimit", "fromName")
    like = [one for one in call.filters() if one.startswith("LIKE")]
    rest = [one for one in call.filters() if one not in like]
    only = ["ROOT ONLY"] if call.asks("rootOnly") else []
    text = " ".join(["SHOW TASKS", *like, f"IN SCHEMA {call.schema}", *rest, *only, *call.limit()])
    names = [row["name"] for row in rows(run(session, text))]
    return _described(session, call, names)


def fetch(session: Session, call: Call) -> Any:
    found = rows(run(session, f"DESCRIBE TASK {call.name}"))
    return _described(session, call, [row["name"] for row in found])[0]


def dependents(session: Session, call: Call) -> Any:
    recursive = call.query.get("recursive", "true").upper()
    text = (
        f"SELECT NAME FROM TABLE({call.identifier('database')}.INFORMATION_SCHEMA.TASK_DEPENDENTS("
        f"TASK_NAME => {text_constant(call.name)}, RECURSIVE => {'TRUE' if recursive == 'TRUE' else 'FALSE'}))"
    )
    return _described(session, call, [row["NAME"] for row in rows(run(session, text))])


def _described(session: Session, call: Call, names: Iterable[str]) -> list[dict[str, Any]]:
    """The tasks of the schema by name, in that order."""
    database, schema = Reader(call.schema).path()
    with session.transaction():
        return [described(session, session.catalogue.get(KIND, database, schema, name)) for name in names]


def described(session: Session, entry: Entry) -> dict[str, Any]:
    task, kept = Task(entry), entry.properties
    config = kept.get("CONFIG")
    values = {
        "name": quote_if_needed(entry.name),
        "id": task.public_id,
        "database_name": entry.database,
        "schema_name": entry.schema,
        "owner": entry.owner,
        "owner_role_type": "ROLE",
        "created_on": entry.created_on.isoformat(),
        "comment": entry.comment,
        "warehouse": kept.get("WAREHOUSE"),
        "schedule": _timetable(task.timetable),
        "target_completion_interval": _interval(kept.get("TARGET_COMPLETION_INTERVAL")),
        "config": json.loads(config) if config else None,
        "session_parameters": kept.get("PARAMETERS") or None,
        "definition": task.definition,
        "condition": task.condition,
        "predecessors": predecessors(task),
        "finalize": sibling(entry, task.finalizes) if task.finalizes else None,
        "task_relations": relations_json(task, graph_of(session, entry.database, entry.schema)),
        "state": kept["STATE"],
        "last_committed_on": kept.get("LAST_COMMITTED_ON"),
        "last_suspended_on": kept.get("LAST_SUSPENDED_ON"),
        **{word: kept.get(word.upper()) for word in _WORDS},
    }
    return {key: value for key, value in values.items() if value is not None}


def _timetable(found: Every | Cron | None) -> dict[str, Any] | None:
    if found is None:
        return None
    if isinstance(found, Cron):
        return {"schedule_type": "CRON_TYPE", "cron_expr": found.expression, "timezone": found.zone}
    return {"schedule_type": "MINUTES_TYPE", "minutes": int(found.interval.total_seconds()) // 60}


def _interval(text: str | None) -> dict[str, Any] | None:
    interval = parse_interval(text) if text else None
    return _timetable(Every(interval)) if interval else None


# Runs


def _graphs(function: str, found: Callable[[Session, dict[str, Any]], list[dict[str, Any]]]) -> Work:
    def work(session: Session, call: Call) -> Any:
        [wanted] = rows(run(session, f"DESCRIBE TASK {call.name}"))
        named: dict[str, Any] = {"ROOT_TASK_NAME": wanted["name"]}
        if "resultLimit" in call.query:
            named["RESULT_LIMIT"] = int(call.query["resultLimit"])
        if function == "complete":
            named["ERROR_ONLY"] = call.query.get("errorOnly", "true").lower() == "true"
        root = uuid.UUID(wanted["id"]).int
        with session.transaction():
            return [_run_of_graph(row) for row in found(session, named) if row["ROOT_TASK_ID"] == root]

    return work


def _run_of_graph(row: dict[str, Any]) -> dict[str, Any]:
    values = {key.lower(): row[key] for key in _RUN_COLUMNS if row.get(key) is not None}
    values.setdefault("next_scheduled_time", _NEVER)
    values["root_task_id"] = str(uuid.UUID(int=row["ROOT_TASK_ID"]))
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in values.items()}


_RUN_COLUMNS = (
    *("ROOT_TASK_NAME", "DATABASE_NAME", "SCHEMA_NAME", "STATE"),
    *("FIRST_ERROR_TASK_NAME", "FIRST_ERROR_CODE", "FIRST_ERROR_MESSAGE"),
    *("SCHEDULED_TIME", "QUERY_START_TIME", "NEXT_SCHEDULED_TIME", "COMPLETED_TIME"),
    *("GRAPH_VERSION", "RUN_ID"),
)
_GRAPHS: dict[str, Work] = {
    "current": _graphs("current", task_history.current_graphs),
    "complete": _graphs("complete", task_history.complete_graphs),
}
