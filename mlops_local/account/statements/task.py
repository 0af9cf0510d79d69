"""TASK. https://docs.snowflake.com/en/sql-reference/sql/create-task"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mlops_local.account.catalogue import Entry
from mlops_local.account.errors import AccountError, compilation_error, does_not_exist, unsupported
from mlops_local.account.parameters import checked
from mlops_local.account.reader import Reader
from mlops_local.account.result import SUCCEEDED, Column, Result, StatementType, rows, status
from mlops_local.account.session import DEFAULT_PARAMETERS, Session
from mlops_local.account.statements import schema_object
from mlops_local.account.statements.commands import parameter_value
from mlops_local.account.statements.kind import Creation, Kind, read_filter, replace_or_keep, show
from mlops_local.account.statements.tagging import read_tag_clause, set_tags
from mlops_local.account.tasks import STARTED, SUSPENDED, Graph, Task, graph_of, predecessors_json, require_privilege
from mlops_local.account.timetable import parse_schedule
from mlops_local.account.types import TIMESTAMP_LTZ

WORDS = "TASK"
_SIZE = "USER_TASK_MANAGED_INITIAL_WAREHOUSE_SIZE"
_TEXTS = ("SCHEDULE", "CONFIG", "COMMENT", _SIZE)
_NUMBERS = ("USER_TASK_TIMEOUT_MS", "SUSPEND_TASK_AFTER_NUM_FAILURES", "TASK_AUTO_RETRY_ATTEMPTS")
_PROPERTIES = ("WAREHOUSE", "SCHEDULE", "CONFIG", _SIZE, "ALLOW_OVERLAPPING_EXECUTION", *_NUMBERS)


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    """A task is created suspended."""
    path = reader.path()
    options = _read_options(reader)
    if reader.accept("WHEN"):
        options["CONDITION"] = reader.until("AS")
    reader.expect("AS")
    definition = reader.rest()
    with session.ddl():
        name = schema_object.place(session, path)
        if replace_or_keep(session, WORDS, path, creation, session.catalogue.remove):
            return status(f"{name.name} already exists, statement succeeded.")
        tag_values, comment = options.pop("TAG", ()), options.pop("COMMENT", "")
        entry = session.catalogue.add(
            WORDS,
            name.database,
            name.schema,
            name.name,
            owner=session.role,
            created_on=session.account.clock.now(),
            comment=comment,
            properties={"DEFINITION": definition, "STATE": SUSPENDED, "AFTER": []},
        )
        _apply(session, entry, options)
        set_tags(session, entry, tag_values)
    return status(f"Task {name.name} successfully created.")


def _read_options(reader: Reader) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while not reader.at_end and reader.token.upper not in {"AS", "WHEN"}:
        name, value = _read_option(reader)
        if name == "PARAMETERS":
            value = {**found.pop(name, {}), **value}
        if name in found:
            raise compilation_error(1003, "42000", f"duplicate property '{name}'.")
        found[name] = value
        reader.accept(",")
    return found


def _read_option(reader: Reader) -> tuple[str, Any]:
    if reader.accept("AFTER"):
        return "AFTER", _read_names(reader)
    if reader.token.upper in {"TAG", "WITH"}:
        return "TAG", read_tag_clause(reader)
    name = reader.accept_any(*_TEXTS, *_NUMBERS, "WAREHOUSE", "ALLOW_OVERLAPPING_EXECUTION", "FINALIZE", *DEFAULT_PARAMETERS)
    if name is None:
        raise unsupported(f"TASK {reader.token.upper}") if reader.peek().text == "=" else reader.refuse()
    reader.expect("=")
    if name in DEFAULT_PARAMETERS:
        return "PARAMETERS", {name: checked(name, parameter_value(reader))}
    return name, _value(reader, name)


def _value(reader: Reader, name: str) -> Any:
    if name in _TEXTS:
        return reader.string()
    if name in _NUMBERS:
        return reader.integer()
    if name == "FINALIZE":
        return reader.path()
    return reader.path()[-1] if name == "WAREHOUSE" else reader.boolean()


def _read_names(reader: Reader) -> list[tuple[str, ...]]:
    names = [reader.path()]
    while reader.accept(","):
        names.append(reader.path())
    return names


def _apply(session: Session, entry: Entry, options: dict[str, Any]) -> Entry:
    """Checks the options of CREATE or SET against the graph, and stores them."""
    values = {name: options[name] for name in (*_PROPERTIES, "CONDITION", "PARAMETERS") if name in options}
    _check_values(session, values)
    if "AFTER" in options:
        values["AFTER"] = [_sibling(session, entry, path) for path in options["AFTER"]]
    if "FINALIZE" in options:
        values["FINALIZE"] = _sibling(session, entry, options["FINALIZE"])
    changed = session.catalogue.update(entry, comment=options.get("COMMENT"), **values)
    _check_graph(graph_of(session, entry.database, entry.schema), entry.name)
    return changed


def _check_values(session: Session, values: dict[str, Any]) -> None:
    if "WAREHOUSE" in values:
        session.catalogue.get("WAREHOUSE", "", "", values["WAREHOUSE"])
    if "SCHEDULE" in values:
        parse_schedule(values["SCHEDULE"])
    if values.get("TASK_AUTO_RETRY_ATTEMPTS"):
        raise unsupported("TASK_AUTO_RETRY_ATTEMPTS")
    if "CONFIG" in values:
        try:
            json.loads(values["CONFIG"])
        except ValueError as error:
            text = values["CONFIG"]
            raise compilation_error(1008, "22023", f"invalid value ['{text}'] for parameter 'CONFIG': not JSON.") from error


def _sibling(session: Session, entry: Entry, path: tuple[str, ...]) -> str:
    """The name of another task of the same graph, which must stand in the same schema."""
    name = session.complete((entry.database, entry.schema, path[-1]) if len(path) == 1 else path)
    if (name.database, name.schema) != (entry.database, entry.schema):
        raise unsupported(f"a task graph across schemas: {name} is not in {entry.database}.{entry.schema}")
    if session.catalogue.find(WORDS, name.database, name.schema, name.name) is None:
        raise does_not_exist(WORDS, str(name))
    return name.name


def _check_graph(graph: Graph, name: str) -> None:
    task = graph[name]
    if (task.predecessors or task.finalizes) and task.timetable is not None:
        raise compilation_error(91406, "42601", f"task '{name}' cannot have both a schedule and a predecessor.")
    if graph.has_cycle_at(name):
        raise compilation_error(91407, "42601", f"task '{name}' would be its own predecessor: a task graph has no cycles.")
    roots = graph.roots(name)
    if len(roots) > 1:
        raise compilation_error(91408, "42601", f"Graph has at least {len(roots)} root tasks: {', '.join(sorted(roots))}.")
    require_suspended_root(graph, name)


def require_suspended_root(graph: Graph, name: str) -> None:
    """Nothing in a graph changes while its root is started."""
    for root in graph.roots(name):
        if graph[root].started and (root != name or graph.children(root)):
            raise AccountError(
                91420,
                "42601",
                f"Unable to update graph with root task {graph[root].entry.full_name} since that root task is not suspended.",
            )


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    path = reader.path()
    with session.ddl():
        entry = schema_object.find(session, WORDS, path, if_exists=if_exists)
        if entry is not None:
            _change(session, entry, reader)
            reader.end()
    return status(SUCCEEDED)


def _change(session: Session, entry: Entry, reader: Reader) -> None:
    verb = reader.accept_any("RESUME", "SUSPEND")
    graph = graph_of(session, entry.database, entry.schema)
    if verb is None or entry.name not in graph.roots(entry.name):
        require_suspended_root(graph, entry.name)
    if verb == "RESUME":
        resume(session, entry)
    elif verb == "SUSPEND":
        suspend(session, entry, reason="USER_SUSPENDED")
    else:
        _modify(session, entry, reader)


def resume(session: Session, entry: Entry) -> None:
    require_privilege(session, Task(entry))
    now = session.account.clock.now().isoformat()
    started_on = entry.properties.get("STARTED_ON") if entry.properties["STATE"] == STARTED else now
    session.catalogue.update(entry, STATE=STARTED, STARTED_ON=started_on, LAST_COMMITTED_ON=now, SUSPENDED_REASON=None)


def suspend(session: Session, entry: Entry, *, reason: str) -> None:
    now = session.account.clock.now().isoformat()
    session.catalogue.update(entry, STATE=SUSPENDED, LAST_SUSPENDED_ON=now, SUSPENDED_REASON=reason)


def _modify(session: Session, entry: Entry, reader: Reader) -> None:
    if reader.accept("MODIFY", "AS"):
        session.catalogue.update(entry, DEFINITION=reader.rest())
    elif reader.accept("MODIFY", "WHEN"):
        session.catalogue.update(entry, CONDITION=reader.rest())
    elif reader.accept("REMOVE", "WHEN"):
        session.catalogue.update(entry, CONDITION=None)
    elif reader.accept("ADD", "AFTER"):
        added = [_sibling(session, entry, path) for path in _read_names(reader)]
        _set_predecessors(session, entry, [*entry.properties["AFTER"], *added])
    elif reader.accept("REMOVE", "AFTER"):
        removed = {_sibling(session, entry, path) for path in _read_names(reader)}
        _set_predecessors(session, entry, [name for name in entry.properties["AFTER"] if name not in removed])
    elif reader.accept("UNSET"):
        _unset(session, entry, reader)
    else:
        reader.expect("SET")
        options = _read_options(reader)
        if "AFTER" in options or "TAG" in options:
            raise unsupported("ALTER TASK SET AFTER or TAG among other properties")
        options["PARAMETERS"] = {**entry.properties.get("PARAMETERS", {}), **options.get("PARAMETERS", {})}
        _apply(session, entry, options)


def _set_predecessors(session: Session, entry: Entry, names: Sequence[str]) -> None:
    """A task whose place in the graph changes is suspended."""
    changed = session.catalogue.update(entry, AFTER=list(dict.fromkeys(names)))
    suspend(session, changed, reason="GRAPH_CHANGED")
    _check_graph(graph_of(session, entry.database, entry.schema), entry.name)


def _unset(session: Session, entry: Entry, reader: Reader) -> None:
    while True:
        word = reader.accept_any(*_PROPERTIES, "FINALIZE", "COMMENT", *DEFAULT_PARAMETERS)
        if word is None:
            raise reader.refuse()
        if word in DEFAULT_PARAMETERS:
            kept = {name: value for name, value in entry.properties.get("PARAMETERS", {}).items() if name != word}
            entry = session.catalogue.update(entry, PARAMETERS=kept)
        else:
            entry = session.catalogue.update(entry, **({"comment": ""} if word == "COMMENT" else {word: None}))
        if not reader.accept(","):
            return


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    return schema_object.drop(session, WORDS, reader, if_exists=if_exists, remove=lambda entry: _remove(session, entry))


def _remove(session: Session, entry: Entry) -> None:
    """Tasks behind a dropped one no longer wait for it."""
    graph = graph_of(session, entry.database, entry.schema)
    if entry.name not in graph.roots(entry.name):
        require_suspended_root(graph, entry.name)
    for child in graph.children(entry.name):
        kept = [name for name in child.predecessors if name != entry.name]
        suspend(session, session.catalogue.update(child.entry, AFTER=kept), reason="GRAPH_CHANGED")
    finalizer = graph.finalizer(entry.name)
    if finalizer is not None:
        session.catalogue.update(finalizer.entry, FINALIZE=None)
    session.catalogue.remove(entry)


COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("name"),
    Column("id"),
    Column("database_name"),
    Column("schema_name"),
    Column("owner"),
    Column("comment"),
    Column("warehouse"),
    Column("schedule"),
    Column("predecessors"),
    Column("state"),
    Column("definition"),
    Column("condition"),
    Column("allow_overlapping_execution"),
    Column("error_integration"),
    Column("last_committed_on", TIMESTAMP_LTZ),
    Column("last_suspended_on", TIMESTAMP_LTZ),
    Column("owner_role_type"),
    Column("config"),
    Column("budget"),
    Column("task_relations"),
    Column("last_suspended_reason"),
    Column("success_integration"),
    Column("scheduling_mode"),
    Column("target_completion_interval"),
)


def show_all(session: Session, reader: Reader) -> Result:
    shown = read_filter(session, reader)
    return show(COLUMNS, shown, session.catalogue.list(WORDS, database=shown.database, schema=shown.schema), row)


def describe(session: Session, reader: Reader) -> Result:
    path = reader.path()
    reader.end()
    entry = schema_object.find(session, WORDS, path, if_exists=False)
    assert entry is not None
    return rows(COLUMNS, [row(entry)], type_=StatementType.DESCRIBE)


def row(entry: Entry) -> Sequence[Any]:
    task, kept = Task(entry), entry.properties
    after = json.loads(predecessors_json(task))
    return (
        entry.created_on,
        entry.name,
        task.public_id,
        entry.database,
        entry.schema,
        entry.owner,
        entry.comment,
        kept.get("WAREHOUSE"),
        kept.get("SCHEDULE"),
        json.dumps(after),
        kept["STATE"],
        kept["DEFINITION"],
        kept.get("CONDITION"),
        "true" if kept.get("ALLOW_OVERLAPPING_EXECUTION") else "false",
        None,
        _time(kept.get("LAST_COMMITTED_ON")),
        _time(kept.get("LAST_SUSPENDED_ON")),
        "ROLE",
        kept.get("CONFIG"),
        None,
        json.dumps({"Predecessors": after}),
        kept.get("SUSPENDED_REASON"),
        None,
        None,
        None,
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


KIND = Kind(WORDS, "TASKS", create=create, alter=alter, drop=drop, show=show_all, describe=describe)
