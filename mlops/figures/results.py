"""What the commands of a run have told, as their `--json` files keep it: the only thing that knows of stages and times."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

_PREFIX = "report-"


@dataclass(frozen=True)
class Table:
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Command:
    """One command of one stage; `began` in UTC."""

    stage: str
    name: str
    began: datetime
    seconds: float
    exit_code: int
    tables: tuple[Table, ...]
    warnings: tuple[str, ...]
    failures: tuple[str, ...]

    def table(self, title: str) -> Table | None:
        return next((one for one in self.tables if one.title == title), None)


def read_commands(folder: Path | None) -> tuple[Command, ...]:
    """From FOLDER/report-STAGE/NAME.json, as the pipeline publishes them; by the time at which they began.

    Other files are not asked what they are: a plan lies beside, and what a killed command has written half.
    """
    found = folder.glob(f"{_PREFIX}*/*.json") if folder else ()
    return tuple(sorted((one for file in found for one in _read(file)), key=lambda one: one.began))


def _read(file: Path) -> Iterator[Command]:
    try:
        yield _parse(file, json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return


def _parse(file: Path, values: Mapping[str, Any]) -> Command:
    return Command(
        stage=file.parent.name.removeprefix(_PREFIX),
        name=file.stem,
        began=datetime.fromisoformat(values["began"]),
        seconds=float(values["seconds"]),
        exit_code=int(values["exit_code"]),
        tables=tuple(_table(section) for section in values["sections"]),
        warnings=_texts(values["warnings"]),
        failures=_texts(values["failures"]),
    )


def _table(values: Mapping[str, Any]) -> Table:
    return Table(str(values["title"]), _texts(values["columns"]), tuple(_texts(row) for row in values["rows"]))


def _texts(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(map(str, values))


@dataclass(frozen=True)
class Planned:
    """A change that a command has planned, and what became of it; `result` is empty when it was not done."""

    stage: str
    action: str
    kind: str
    name: str
    reason: str
    estimated: str
    result: str
    seconds: str


def planned(commands: Sequence[Command]) -> tuple[Planned, ...]:
    """What the commands planned to do, without what was as declared already."""
    return tuple(one for command in commands for one in _planned(command) if one.action not in ("none", "kept"))


def _planned(command: Command) -> Iterator[Planned]:
    plan, done, costs = (command.table(title) for title in ("Plan", "Done", "Estimated cost, at most"))
    results = {row[:3]: row[3:5] for row in done.rows} if done else {}
    estimates = {row[0]: row[2] for row in costs.rows} if costs else {}
    for action, kind, name, reason in plan.rows if plan else ():
        estimated = estimates.get(f"{action} {kind} {name}", "")
        yield Planned(command.stage, action, kind, name, reason, estimated, *results.get((action, kind, name), ("", "")))
