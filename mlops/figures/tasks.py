from __future__ import annotations

import json
from dataclasses import dataclass

from snowflake.snowpark import Session

from mlops.definitions import Stream, Task
from mlops.names import Schema
from mlops.rows import fetch


@dataclass(frozen=True)
class TaskFigures:
    """As the account has it, whoever made it."""

    name: str
    state: str
    schedule: str
    condition: str
    call: str
    after: tuple[str, ...]


@dataclass(frozen=True)
class StreamFigures:
    name: str
    table: str
    stale: bool


@dataclass(frozen=True)
class Scheduled:
    tasks: tuple[TaskFigures, ...]
    streams: tuple[StreamFigures, ...]

    def find(self, definition: Stream | Task) -> TaskFigures | StreamFigures | None:
        kept = self.tasks if isinstance(definition, Task) else self.streams
        return next((one for one in kept if one.name == definition.name), None)


def read_scheduled(session: Session, home: Schema) -> Scheduled:
    tasks = fetch(session, f"SHOW TASKS IN SCHEMA {home.sql}")
    streams = fetch(session, f"SHOW STREAMS IN SCHEMA {home.sql}")
    return Scheduled(
        tuple(
            TaskFigures(
                *(row["name"], row["state"], row["schedule"] or "", row["condition"] or "", row["definition"]),
                after=_names(row["predecessors"]),
            )
            for row in tasks
        ),
        tuple(StreamFigures(row["name"], row["table_name"], str(row["stale"]).lower() == "true") for row in streams),
    )


def _names(predecessors: str | None) -> tuple[str, ...]:
    """Without database and schema: tasks of one graph are in one schema."""
    found: list[str] = json.loads(predecessors or "[]")
    return tuple(name.rpartition(".")[2].strip('"') for name in found)
