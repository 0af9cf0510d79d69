"""Tasks, views, streams, functions, procedures and tables that somebody else than the pipeline has changed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from snowflake.snowpark import Row

from mlops.apply.queries import query_of
from mlops.apply.target import Target
from mlops.apply.tasks import call_of, condition_of
from mlops.archive import Archive, function_archive
from mlops.datasets import read_versions
from mlops.definitions import Column, FeatureView, Procedure, PythonFunction, Stream, Table, Task, TrainingSet, key
from mlops.drift.finding import Finding, compare
from mlops.marks import read_mark
from mlops.names import Name
from mlops.plan import Desired, Existing

_QUERY = re.compile(r"\bAS\s+((?:SELECT|WITH)\b)", re.IGNORECASE)
_ANEW = "none: made anew by somebody else"
# How SHOW COLUMNS calls the types that are declared.
_STORED = {
    "VARCHAR": "TEXT",
    "STRING": "TEXT",
    "NUMBER": "FIXED",
    "INT": "FIXED",
    "INTEGER": "FIXED",
    "FLOAT": "REAL",
    "DOUBLE": "REAL",
}


def find_changed(target: Target, desired: Iterable[Desired], existing: Iterable[Existing]) -> Iterator[Finding]:
    """Only of what is there as the code has it now: what the code has changed since is the plan's to tell."""
    there = {(one.kind, one.name): one for one in existing}
    for one in desired:
        found = there.get(key(one.definition))
        # A training is no object that could be changed: a model's versions are looked at apart.
        if found and found.hash == one.hash and found.kind in _READERS:
            yield from _READERS[found.kind](target, one.definition)


def find_lost(existing: Iterable[Existing], known: Iterable[Existing]) -> Iterator[Finding]:
    """What the ledger has, and the account has no longer, or without the pipeline's record."""
    there = {(one.kind, one.name): one for one in existing}
    for one in known:
        found = there.get((one.kind, one.name))
        if found is None:
            yield Finding(one.kind, one.name, "object", "there", "dropped")
        elif found.hash is None and one.kind != "model":
            yield Finding(one.kind, one.name, "record", one.hash or "there", _ANEW)


def _task(target: Target, definition: Task) -> Iterator[Finding]:
    wanted = {
        "state": "started",
        "schedule": definition.schedule,
        "definition": call_of(target, definition),
        "condition": condition_of(target, definition),
        "warehouse": target.settings.warehouse,
    }
    row = _shown(target, "TASKS", target.at_home(definition.name))
    yield from compare("task", definition.name, wanted, row.as_dict())


def _training_set(target: Target, definition: TrainingSet) -> Iterator[Finding]:
    comment = read_versions(target.session, target.at_home(definition.name)).get(str(definition.version))
    if read_mark(comment) is None:
        yield Finding(definition.kind, definition.full_name, "record", "there", _ANEW)


def _view(target: Target, definition: FeatureView) -> Iterator[Finding]:
    name = f"{definition.name}/{definition.version}"
    query, row = query_of(definition), _shown(target, "VIEWS", _stored(target, definition))
    # Columns, their texts and tags stand before the query, and the query itself as it was sent.
    text = row["text"].rstrip("; \n")
    begun = _QUERY.search(text)
    if not text.endswith(f"AS {query}"):
        yield Finding("feature view", name, "query", query, text[begun.start(1) :] if begun else text)


def _stream(target: Target, definition: Stream) -> Iterator[Finding]:
    row = _shown(target, "STREAMS", target.at_home(definition.name))
    wanted = {"table_name": f"{target.settings.database}.{definition.table}", "stale": "false"}
    yield from compare("stream", definition.name, wanted, {**row.as_dict(), "stale": str(row["stale"]).lower()})


def _function(target: Target, definition: PythonFunction) -> Iterator[Finding]:
    code = function_archive(target.definitions.root, definition.files)
    yield from _code(target, definition, target.settings.feature_store / definition.name, code)


def _procedure(target: Target, definition: Procedure) -> Iterator[Finding]:
    yield from _code(target, definition, target.at_home(definition.name), target.code)


def _code(target: Target, definition: PythonFunction | Procedure, name: Name, code: Archive) -> Iterator[Finding]:
    types = ", ".join(column.type for column in definition.arguments)
    kind = definition.kind
    told = {row["property"]: row["value"] for row in target.run(f"DESCRIBE {kind.upper()} {name.sql}({types})")}
    wanted = {"handler": definition.handler, "runtime_version": definition.runtime, "body": None}
    yield from compare(kind, definition.name, wanted, {**told, "body": told.get("body") or None})
    if code.path not in (told.get("imports") or ""):
        yield Finding(kind, definition.name, "imports", code.path, told.get("imports") or "none")


def _table(target: Target, definition: Table) -> Iterator[Finding]:
    rows = target.run(f"SHOW COLUMNS IN TABLE {target.at_home(definition.name).sql}")
    found = {row["column_name"]: _type_in(row["data_type"]) for row in rows}
    wanted = {column.name: _stored_type(column) for column in definition.columns}
    yield from compare("table", definition.name, {f"column {name}": kind for name, kind in wanted.items()}, _columns(found))
    yield from (Finding("table", definition.name, f"column {name}", "none", found[name]) for name in found if name not in wanted)


def _columns(found: dict[str, str]) -> dict[str, str]:
    return {f"column {name}": kind for name, kind in found.items()}


def _type_in(data_type: str) -> str:
    return str(json.loads(data_type)["type"])


def _stored_type(column: Column) -> str:
    base = column.type.partition("(")[0]
    return _STORED.get(base, base)


def _stored(target: Target, definition: FeatureView) -> Name:
    return target.settings.feature_store / f"{definition.name}${definition.version}"


def _shown(target: Target, kind: str, name: Name) -> Row:
    return next(row for row in target.shown(kind, name) if row["name"] == name.name)


_READERS: dict[str, Callable[[Target, Any], Iterator[Finding]]] = {
    "task": _task,
    "feature view": _view,
    "stream": _stream,
    "function": _function,
    "procedure": _procedure,
    "table": _table,
    "training set": _training_set,
}
