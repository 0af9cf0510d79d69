"""What the commands of a run have told, as their `--json` files keep it: the only thing that knows of stages and times."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mlops.cards import Card, from_document
from mlops.gates import Verdict

_PREFIX = "report-"
# Of a plan: there is something to do.
_CHANGES = 2


@dataclass(frozen=True)
class Table:
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Tried:
    """A test case: what was tried, and the sentence of what failed."""

    group: str
    name: str
    seconds: float
    failure: str | None


@dataclass(frozen=True)
class Command:
    """One command of one stage; `began` in UTC. Of the attempts at a stage, the last one counts."""

    stage: str
    name: str
    verb: str
    began: datetime
    seconds: float
    exit_code: int
    tables: tuple[Table, ...] = ()
    warnings: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    cases: tuple[Tried, ...] = ()
    cards: tuple[Card, ...] = ()
    attempt: int = 1

    @property
    def failed(self) -> bool:
        return bool(self.failures) or self.exit_code not in (0, _CHANGES)

    def table(self, title: str) -> Table | None:
        return next((one for one in self.tables if one.title == title), None)

    def rows(self, title: str) -> tuple[tuple[str, ...], ...]:
        table = self.table(title)
        return table.rows if table else ()


def models_of(commands: Sequence[Command]) -> frozenset[str]:
    """Those that were trained, judged or moved."""
    trained = (row[2] for command in commands for row in command.rows("Done") if row[1] == "model")
    others = (row[0] for command in commands for title in ("Default version", "Gates") for row in command.rows(title))
    return frozenset((*trained, *others))


def judged(commands: Sequence[Command]) -> dict[str, tuple[Verdict, ...]]:
    """What gates said of each version, and of rows that became none; what failed comes first."""
    found: dict[str, list[Verdict]] = {}
    for model, version, *row in (row for command in commands for row in command.rows("Gates")):
        found.setdefault(model if version == "none" else f"{model} {version}", []).append(_verdict(*row))
    return {name: tuple(sorted(verdicts, key=lambda one: one.passed)) for name, verdicts in found.items()}


def _verdict(stage: str, gate: str, subject: str, value: str, wanted: str, passed: str) -> Verdict:
    sentence = passed.removeprefix("no: ")
    is_passed = sentence == passed
    return Verdict(*(stage, gate, subject, float(value) if value else None, wanted, is_passed, "" if is_passed else sentence))


def read_commands(folder: Path | None) -> tuple[Command, ...]:
    """From FOLDER/report-STAGE.ATTEMPT/NAME.json, as the pipeline publishes them; by the time at which they began.

    Other files are not asked what they are: a plan lies beside, and what a killed command has written half.
    """
    found = folder.glob(f"{_PREFIX}*/*.json") if folder else ()
    commands = sorted((one for file in found for one in _read(file)), key=lambda one: (one.attempt, one.began))
    last = {one.stage: one.attempt for one in commands}
    return tuple(sorted((one for one in commands if one.attempt == last[one.stage]), key=lambda one: one.began))


def _read(file: Path) -> Iterator[Command]:
    try:
        yield _parse(file, json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return


def _parse(file: Path, values: Mapping[str, Any]) -> Command:
    stage, _, attempt = file.parent.name.removeprefix(_PREFIX).partition(".")
    return Command(
        stage=stage,
        name=file.stem,
        verb=str(values["verb"]),
        began=datetime.fromisoformat(values["began"]),
        seconds=float(values["seconds"]),
        exit_code=int(values["exit_code"]),
        tables=tuple(_table(section) for section in values["sections"]),
        warnings=_texts(values["warnings"]),
        failures=_texts(values["failures"]),
        cases=tuple(Tried(one["group"], one["name"], float(one["seconds"]), one["failure"]) for one in values["cases"]),
        cards=tuple(map(from_document, values["cards"])),
        attempt=int(attempt or 1),
    )


def _table(values: Mapping[str, Any]) -> Table:
    return Table(str(values["title"]), _texts(values["columns"]), tuple(_texts(row) for row in values["rows"]))


def _texts(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(map(str, values))


@dataclass(frozen=True)
class Planned:
    """A change that a command has planned, and what became of it; `result` is empty when it was not done."""

    stage: str
    verb: str
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
    results = {row[:3]: row[3:5] for row in command.rows("Done")}
    estimates = {row[0]: row[2] for row in command.rows("Estimated cost, at most")}
    for action, kind, name, reason in command.rows("Plan"):
        estimated = estimates.get(f"{action} {kind} {name}", "")
        yield Planned(
            command.stage, command.verb, action, kind, name, reason, estimated, *results.get((action, kind, name), ("", ""))
        )
