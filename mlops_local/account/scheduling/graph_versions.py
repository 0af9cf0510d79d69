"""Versions of task graphs: what a run carries out is the graph as it was when its root was resumed, or told to run.

A root that is suspended and changed while its graph runs leaves that run alone. A version grows by one with each set of changes.
https://docs.snowflake.com/en/user-guide/tasks-graphs#versioning
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.engine.engine import Connection
from mlops_local.account.scheduling.tasks import Graph, Task, graph_of
from mlops_local.account.session.session import Session

_TABLE = """
CREATE TABLE IF NOT EXISTS account.graph_versions (
    root BIGINT NOT NULL, version BIGINT NOT NULL, created_on TIMESTAMPTZ NOT NULL, tasks VARCHAR NOT NULL)
"""
# What resuming and suspending write; the root's own state is no part of a version either.
_MOMENTS = {"STARTED_ON", "LAST_COMMITTED_ON", "LAST_SUSPENDED_ON", "SUSPENDED_REASON"}


def create_tables(connection: Connection) -> None:
    connection.execute(_TABLE)


def fix(session: Session, root: Entry) -> int:
    """The version of the graph as it stands, a new one when it has changed since the last; within a writing transaction."""
    text, (version, last) = _frozen(session, root), _latest(session, root)
    if last == text:
        return version
    session.connection.execute(
        "INSERT INTO account.graph_versions VALUES (?, ?, ?, ?)", [root.id, version + 1, session.account.clock.now(), text]
    )
    return version + 1


def is_changed(session: Session, root: Entry, version: int) -> bool:
    """Whether the graph has been modified since that version was fixed."""
    return _latest(session, root) != (version, _frozen(session, root))


def latest(session: Session, root: Entry) -> int:
    """The number of the last version; 0 before the first."""
    return _latest(session, root)[0]


def load(session: Session, root: Entry, version: int) -> Graph:
    """The graph of a version."""
    [(text,)] = session.connection.fetch(
        "SELECT tasks FROM account.graph_versions WHERE root = ? AND version = ?", [root.id, version]
    )
    return Graph(Task(_thawed(values)) for values in json.loads(text))


def _latest(session: Session, root: Entry) -> tuple[int, str]:
    rows = session.connection.fetch(
        "SELECT version, tasks FROM account.graph_versions WHERE root = ? ORDER BY version DESC LIMIT 1", [root.id]
    )
    return rows[0] if rows else (0, "")


def _frozen(session: Session, root: Entry) -> str:
    graph = graph_of(session, root.database, root.schema)
    return json.dumps([_values(task.entry, root) for task in graph.members(root.name)])


def _values(entry: Entry, root: Entry) -> dict[str, Any]:
    left_out = _MOMENTS | ({"STATE"} if entry.id == root.id else set())
    kept = {key: value for key, value in entry.properties.items() if key not in left_out}
    return {**vars(replace(entry, properties=kept)), "created_on": entry.created_on.isoformat()}


def _thawed(values: dict[str, Any]) -> Entry:
    return Entry(**{**values, "created_on": datetime.fromisoformat(values["created_on"])})
