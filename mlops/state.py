"""What is in the account, as the same kind of values as what is wanted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from snowflake.snowpark import Session

from mlops.datasets import list_versions
from mlops.estimate import Spent
from mlops.ledger import Known, read_known, read_spent
from mlops.marks import read_mark
from mlops.names import ENTITY_TAG, Schema, literal
from mlops.outputs import LEDGER, TRAINING_RUNS
from mlops.plan import Existing
from mlops.rows import fetch
from mlops.settings import Settings

# No record of its own is read: of versions of Datasets, SHOW tells no more than the names, unless it is asked once for each.
_BY_LEDGER = ("training set",)


@dataclass(frozen=True)
class Run:
    """A finished training of a model."""

    model: str
    version: str
    definition: str
    passed: bool


@dataclass(frozen=True)
class State:
    """What is there, with what the ledger says of it, and what changes have cost."""

    existing: tuple[Existing, ...]
    spent: tuple[Spent, ...] = ()


def read_state(session: Session, settings: Settings, kinds: Iterable[str]) -> State:
    """A handful of statements, however many objects there are."""
    found = tuple(one for kind in kinds for one in _READERS[kind](session, settings))
    if not has_table(session, settings.home, LEDGER.name):
        return State(found)
    known = {(one.kind, one.name): one for one in read_known(session, settings.home)}
    told = tuple(_add(one, known.get((one.kind, one.name))) for one in found)
    return State(told, tuple(read_spent(session, settings.home)))


def has_table(session: Session, home: Schema, name: str) -> bool:
    # `_` is a wildcard in SHOW .. LIKE, so the rows are compared again.
    rows = fetch(session, f"SHOW TABLES LIKE {literal(name)} IN SCHEMA {home.sql}")
    return any(row["name"] == name for row in rows)


def _add(existing: Existing, known: Known | None) -> Existing:
    if known is None:
        return existing
    return replace(
        existing,
        hash=known.hash if existing.kind in _BY_LEDGER else existing.hash,
        ledger_hash=known.hash,
        properties=known.properties,
        repository=known.repository,
        retired=known.action == "retire",
    )


def _read_functions(session: Session, settings: Settings) -> Iterator[Existing]:
    for row in fetch(session, f"SHOW USER FUNCTIONS IN SCHEMA {settings.feature_store.sql}"):
        yield _existing("function", row["name"], row["description"])


def _read_entities(session: Session, settings: Settings) -> Iterator[Existing]:
    for row in fetch(session, f"SHOW TAGS IN SCHEMA {settings.feature_store.sql}"):
        if row["name"].startswith(ENTITY_TAG):
            yield _existing("entity", row["name"].removeprefix(ENTITY_TAG), row["comment"])


def _read_feature_views(session: Session, settings: Settings) -> Iterator[Existing]:
    for row in fetch(session, f"SHOW VIEWS IN SCHEMA {settings.feature_store.sql}"):
        name, _, version = row["name"].partition("$")
        if version:
            yield _existing("feature view", f"{name}/{version}", row["comment"])


def _read_tables(session: Session, settings: Settings) -> Iterator[Existing]:
    for row in fetch(session, f"SHOW TABLES IN SCHEMA {settings.home.sql}"):
        yield _existing("table", row["name"], row["comment"])


def _read_procedures(session: Session, settings: Settings) -> Iterator[Existing]:
    for row in fetch(session, f"SHOW PROCEDURES IN SCHEMA {settings.home.sql}"):
        yield _existing("procedure", row["name"], row["description"])


def _read_streams(session: Session, settings: Settings) -> Iterator[Existing]:
    for row in fetch(session, f"SHOW STREAMS IN SCHEMA {settings.home.sql}"):
        # A stale stream has lost its place in the table's history and can only be made again.
        fault = "the stream is stale" if str(row["stale"]).lower() == "true" else None
        yield _existing("stream", row["name"], row["comment"], fault)


def _read_tasks(session: Session, settings: Settings) -> Iterator[Existing]:
    for row in fetch(session, f"SHOW TASKS IN SCHEMA {settings.home.sql}"):
        fault = None if row["state"] == "started" else f"the task is {row['state']}"
        yield _existing("task", row["name"], row["comment"], fault)


def _read_training_sets(session: Session, settings: Settings) -> Iterator[Existing]:
    for name, versions in list_versions(session, settings.home):
        yield from (Existing("training set", f"{name}/{version}", None) for version in versions)


def _read_models(session: Session, settings: Settings) -> Iterator[Existing]:
    """A version counts when its training is recorded: its outputs were written in the same transaction."""
    runs = {run.model: run for run in deciding_runs(session, settings)}
    for row in fetch(session, f"SHOW MODELS IN SCHEMA {settings.home.sql}"):
        run = runs.get(row["name"])
        whole = run is not None and run.version in json.loads(row["versions"])
        fault = None if run is None or run.passed else f"version {run.version} failed its gates"
        yield Existing("model", row["name"], run.definition if run and whole else None, fault)


def deciding_runs(session: Session, settings: Settings) -> list[Run]:
    """Of each model the last training that passed its gates, or else the last one: a training that failed moved nothing."""
    return _runs(session, settings, "PASSED DESC, FINISHED_AT DESC")


def last_runs(session: Session, settings: Settings) -> list[Run]:
    return _runs(session, settings, "FINISHED_AT DESC")


def _runs(session: Session, settings: Settings, order: str) -> list[Run]:
    if not has_table(session, settings.home, TRAINING_RUNS.name):
        return []
    rows = fetch(
        session,
        f"SELECT MODEL_NAME, MODEL_VERSION, DEFINITION_HASH, PASSED FROM {(settings.home / TRAINING_RUNS.name).sql} "
        f"QUALIFY ROW_NUMBER() OVER (PARTITION BY MODEL_NAME ORDER BY {order}) = 1",
    )
    return [Run(model, version, definition, bool(passed)) for model, version, definition, passed in rows]


def _existing(kind: str, name: str, comment: str | None, fault: str | None = None) -> Existing:
    mark = read_mark(comment)
    return Existing(kind, name, mark.definition if mark else None, fault)


_READERS: dict[str, Callable[[Session, Settings], Iterator[Existing]]] = {
    "function": _read_functions,
    "entity": _read_entities,
    "feature view": _read_feature_views,
    "table": _read_tables,
    "procedure": _read_procedures,
    "training set": _read_training_sets,
    "model": _read_models,
    "stream": _read_streams,
    "task": _read_tasks,
}
KINDS = tuple(_READERS)
