"""What is in the account, as the same kind of values as what is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from snowflake.snowpark import Session

from mlops.marks import read_mark
from mlops.names import literal
from mlops.outputs import TRAINING_RUNS
from mlops.plan import Existing
from mlops.rows import fetch
from mlops.settings import Settings

# The Feature Store keeps an entity as a tag with this prefix, and a feature view as NAME$VERSION.
_ENTITY_TAG = "SNOWML_FEATURE_STORE_ENTITY_"


@dataclass(frozen=True)
class Run:
    """The last finished training of a model."""

    model: str
    version: str
    definition: str
    passed: bool


def read_state(session: Session, settings: Settings, kinds: Iterable[str]) -> tuple[Existing, ...]:
    return tuple(one for kind in kinds if kind in _READERS for one in _READERS[kind](session, settings))


def _read_functions(session: Session, settings: Settings) -> Iterator[Existing]:
    for row in fetch(session, f"SHOW USER FUNCTIONS IN SCHEMA {settings.feature_store.sql}"):
        yield _existing("function", row["name"], row["description"])


def _read_entities(session: Session, settings: Settings) -> Iterator[Existing]:
    for row in fetch(session, f"SHOW TAGS IN SCHEMA {settings.feature_store.sql}"):
        if row["name"].startswith(_ENTITY_TAG):
            yield _existing("entity", row["name"].removeprefix(_ENTITY_TAG), row["comment"])


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


def _read_models(session: Session, settings: Settings) -> Iterator[Existing]:
    """A version counts when its training is recorded: its outputs were written in the same transaction."""
    runs = {run.model: run for run in last_runs(session, settings)}
    for row in fetch(session, f"SHOW MODELS IN SCHEMA {settings.home.sql}"):
        run = runs.get(row["name"])
        whole = run is not None and _has_version(session, settings, run)
        fault = None if run is None or run.passed else f"version {run.version} failed its gates"
        yield Existing("model", row["name"], run.definition if run and whole else None, fault)


def last_runs(session: Session, settings: Settings) -> Iterator[Run]:
    table = settings.home / TRAINING_RUNS.name
    if not any(one.name == TRAINING_RUNS.name for one in _read_tables(session, settings)):
        return
    statement = (
        f"SELECT MODEL_NAME, MODEL_VERSION, DEFINITION_HASH, PASSED FROM {table.sql} "
        "QUALIFY ROW_NUMBER() OVER (PARTITION BY MODEL_NAME ORDER BY FINISHED_AT DESC) = 1"
    )
    for row in fetch(session, statement):
        yield Run(row["MODEL_NAME"], row["MODEL_VERSION"], row["DEFINITION_HASH"], bool(row["PASSED"]))


def _has_version(session: Session, settings: Settings, run: Run) -> bool:
    model = settings.home / run.model
    rows = fetch(session, f"SHOW VERSIONS LIKE {literal(run.version)} IN MODEL {model.sql}")
    return any(row["name"] == run.version for row in rows)


def _existing(kind: str, name: str, comment: str | None, fault: str | None = None) -> Existing:
    mark = read_mark(comment)
    return Existing(kind, name, mark.definition if mark else None, fault)


_READERS: dict[str, Callable[[Session, Settings], Iterator[Existing]]] = {
    "function": _read_functions,
    "entity": _read_entities,
    "feature view": _read_feature_views,
    "table": _read_tables,
    "procedure": _read_procedures,
    "model": _read_models,
    "stream": _read_streams,
    "task": _read_tasks,
}
KINDS = tuple(_READERS)
