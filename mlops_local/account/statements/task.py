"""TASK. https://docs.snowflake.com/en/sql-reference/sql/create-task"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlops_local.account.access.privileges import OWNERSHIP
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError, compilation_error, does_not_exist, unsupported
from mlops_local.account.scheduling import graph_versions
from mlops_local.account.scheduling.scheduled import SUSPENDED, state_after_resume
from mlops_local.account.scheduling.tasks import Graph, Task, graph_of, require_privilege, suspend
from mlops_local.account.session.parameters import DEFAULT_PARAMETERS
from mlops_local.account.session.result import SUCCEEDED, Result, status
from mlops_local.account.session.session import Session
from mlops_local.account.statements import schema_object, task_show
from mlops_local.account.statements.kind import Creation, Kind, replace_or_keep
from mlops_local.account.statements.tagging import set_tags
from mlops_local.account.statements.task_options import (
    PROPERTIES,
    ROOT_ONLY,
    check_values,
    checked_condition,
    read_body,
    read_names,
    read_options,
)
from mlops_local.account.syntax.reader import Reader

WORDS = "TASK"
FATE = ("STATE", "STARTED_ON", "LAST_COMMITTED_ON", "LAST_SUSPENDED_ON", "SUSPENDED_REASON")


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    """A task is created suspended; CREATE OR ALTER leaves its state as it is."""
    path = reader.path()
    if reader.accept("CLONE"):
        return _clone(session, path, reader, creation)
    options = read_options(reader)
    definition = read_body(reader, options)
    with session.ddl():
        name = schema_object.place(session, path)
        present = session.find(WORDS, path) if creation.or_alter else None
        if present is not None:
            _redefine(session, present, definition, options)
            return status(f"Task {name.name} successfully altered.")
        if replace_or_keep(session, WORDS, path, creation, session.catalogue.remove):
            return status(f"{name.name} already exists, statement succeeded.")
        tag_values, comment = options.pop("TAG", ()), options.pop("COMMENT", "")
        entry = schema_object.add(
            session, WORDS, path, {"DEFINITION": definition, "STATE": SUSPENDED, "AFTER": []}, comment=comment
        )
        _apply(session, entry, options)
        set_tags(session, entry, tag_values)
    return status(f"Task {name.name} successfully created.")


def _redefine(session: Session, entry: Entry, definition: str, options: dict[str, Any]) -> None:
    """CREATE OR ALTER: what the statement does not say goes back to its default; the task keeps its id and its state."""
    if "TAG" in options:
        raise unsupported("CREATE OR ALTER TASK .. TAG")
    require_suspended_root(graph_of(session, entry.database, entry.schema), entry.name)
    fate = {key: entry.properties[key] for key in FATE if key in entry.properties}
    cleared = dict.fromkeys(entry.properties)
    options.setdefault("COMMENT", "")
    changed = session.catalogue.update(entry, **{**cleared, **fate, "DEFINITION": definition, "AFTER": []})
    _apply(session, changed, options)


def _clone(session: Session, path: tuple[str, ...], reader: Reader, creation: Creation) -> Result:
    """A suspended task with the properties of another. https://docs.snowflake.com/en/sql-reference/sql/create-clone"""
    source_path = reader.path()
    copies_grants = reader.accept("COPY", "GRANTS")
    reader.end()
    with session.ddl():
        source = session.get(WORDS, source_path)
        if replace_or_keep(session, WORDS, path, creation, session.catalogue.remove):
            return status(f"{path[-1]} already exists, statement succeeded.")
        kept = {key: value for key, value in source.properties.items() if key not in FATE}
        entry = schema_object.add(session, WORDS, path, {**kept, "STATE": SUSPENDED}, comment=source.comment)
        for name in Task(entry).predecessors:
            _sibling(session, entry, (name,))
        check_graph(graph_of(session, entry.database, entry.schema), entry.name)
        if copies_grants:
            session.catalogue.grants.copy(source.id, entry.id, entry.full_name)
    return status(f"Task {entry.name} successfully created.")


def _apply(session: Session, entry: Entry, options: dict[str, Any]) -> Entry:
    """Checks the options of CREATE or SET against the graph, and stores them."""
    values = {name: options[name] for name in (*PROPERTIES, "CONDITION", "PARAMETERS") if name in options}
    check_values(session, values)
    if "AFTER" in options:
        values["AFTER"] = [_sibling(session, entry, path) for path in options["AFTER"]]
    if "FINALIZE" in options:
        values["FINALIZE"] = _sibling(session, entry, options["FINALIZE"])
    changed = session.catalogue.update(entry, comment=options.get("COMMENT"), **values)
    check_graph(graph_of(session, entry.database, entry.schema), entry.name)
    return changed


def _sibling(session: Session, entry: Entry, path: tuple[str, ...]) -> str:
    """The name of another task of the same graph, which must stand in the same schema."""
    name = session.complete((entry.database, entry.schema, path[-1]) if len(path) == 1 else path)
    if (name.database, name.schema) != (entry.database, entry.schema):
        raise unsupported(f"a task graph across schemas: {name} is not in {entry.database}.{entry.schema}")
    if session.catalogue.find(WORDS, name.database, name.schema, name.name) is None:
        raise does_not_exist(WORDS, str(name))
    return name.name


def check_graph(graph: Graph, name: str) -> None:
    task = graph[name]
    if not task.is_root and task.timetable is not None:
        raise compilation_error(91406, "42601", f"task '{name}' cannot have both a schedule and a predecessor.")
    for word in ROOT_ONLY:
        if not task.is_root and task.option(word) is not None:
            raise compilation_error(91406, "42601", f"task '{name}' has a predecessor: {word} can be set on a root task only.")
    if graph.has_cycle_at(name):
        raise compilation_error(91407, "42601", f"task '{name}' would be its own predecessor: a task graph has no cycles.")
    roots = graph.roots(name)
    if len(roots) > 1:
        raise compilation_error(91408, "42601", f"Graph has at least {len(roots)} root tasks: {', '.join(sorted(roots))}.")
    if task.finalizes:
        _check_finalizer(graph, task)
    require_suspended_root(graph, name)


def _check_finalizer(graph: Graph, task: Task) -> None:
    """One to a graph, of a root, with nothing before or behind it."""
    root = str(task.finalizes)
    others = [other.name for other in graph if other.finalizes == root and other.name != task.name]
    if others or not graph[root].is_root or task.predecessors or graph.children(task.name):
        why = (
            f"'{others[0]}' is one already"
            if others
            else f"'{root}' must be a root task, and it has no predecessors and no children"
        )
        raise compilation_error(91409, "42601", f"task '{task.name}' cannot be the finalizer task of '{root}': {why}.")


def require_suspended_root(graph: Graph, name: str) -> None:
    """Nothing in a graph changes while its root is started."""
    for root in graph.roots(name):
        if graph[root].started:
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
        session.access.demand("OPERATE", entry)
        resume(session, entry)
    elif verb == "SUSPEND":
        session.access.demand("OPERATE", entry)
        suspend(session, entry, reason="USER_SUSPENDED")
    else:
        _modify(session, entry, reader)


def resume(session: Session, entry: Entry) -> None:
    """The task runs from now on; with a root, the version of its graph is fixed."""
    task = Task(entry)
    require_privilege(session, task)
    if task.is_root and task.timetable is None and not task.is_triggered:
        raise compilation_error(
            91087, "42601", f"Cannot resume task {entry.full_name}: a root task needs a schedule or a condition on a stream."
        )
    now = session.account.clock.now().isoformat()
    session.catalogue.whole.update(entry, LAST_COMMITTED_ON=now, SUSPENDED_REASON=None, **state_after_resume(session, task))
    if task.is_root:
        graph_versions.fix(session, entry)


def _modify(session: Session, entry: Entry, reader: Reader) -> None:
    if reader.accept("MODIFY", "AS"):
        session.catalogue.update(entry, DEFINITION=reader.rest())
    elif reader.accept("MODIFY", "WHEN"):
        session.catalogue.update(entry, CONDITION=checked_condition(reader.rest()))
    elif reader.accept("REMOVE", "WHEN"):
        session.catalogue.update(entry, CONDITION=None)
    elif reader.accept("ADD", "AFTER"):
        added = [_sibling(session, entry, path) for path in read_names(reader)]
        _set_predecessors(session, entry, [*entry.properties["AFTER"], *added])
    elif reader.accept("REMOVE", "AFTER"):
        removed = {_sibling(session, entry, path) for path in read_names(reader)}
        _set_predecessors(session, entry, [name for name in entry.properties["AFTER"] if name not in removed])
    elif reader.accept("UNSET"):
        _unset(session, entry, reader)
    else:
        reader.expect("SET")
        options = read_options(reader)
        if not options:
            raise reader.refuse()
        if "AFTER" in options or "TAG" in options:
            raise unsupported("ALTER TASK SET AFTER or TAG among other properties")
        options["PARAMETERS"] = {**entry.properties.get("PARAMETERS", {}), **options.get("PARAMETERS", {})}
        _apply(session, entry, options)


def _set_predecessors(session: Session, entry: Entry, names: Sequence[str]) -> None:
    """A task whose place in the graph changes is suspended."""
    changed = session.catalogue.update(entry, AFTER=list(dict.fromkeys(names)))
    suspend(session, changed, reason="GRAPH_CHANGED")
    check_graph(graph_of(session, entry.database, entry.schema), entry.name)


def _unset(session: Session, entry: Entry, reader: Reader) -> None:
    while True:
        word = reader.accept_any(*PROPERTIES, "FINALIZE", "COMMENT", *DEFAULT_PARAMETERS)
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
    session.access.demand(OWNERSHIP, entry)
    graph = graph_of(session, entry.database, entry.schema)
    if entry.name not in graph.roots(entry.name):
        require_suspended_root(graph, entry.name)
    for child in graph.children(entry.name):
        kept = [name for name in child.predecessors if name != entry.name]
        suspend(session, session.catalogue.whole.update(child.entry, AFTER=kept), reason="GRAPH_CHANGED")
    finalizer = graph.finalizer(entry.name)
    if finalizer is not None:
        session.catalogue.whole.update(finalizer.entry, FINALIZE=None)
    session.catalogue.remove(entry)


KIND = Kind(
    WORDS,
    "TASKS",
    create=create,
    alter=alter,
    drop=drop,
    show=task_show.show_all,
    describe=task_show.describe,
    or_alter=True,
)
