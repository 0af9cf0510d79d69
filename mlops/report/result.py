from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlops.cards import Card


@dataclass(frozen=True)
class Section:
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Case:
    """One thing that was tried: a test case of JUnit."""

    group: str
    name: str
    seconds: float = 0.0
    failure: str | None = None


@dataclass(frozen=True)
class Report:
    title: str
    sections: tuple[Section, ...] = ()
    cases: tuple[Case, ...] = ()
    warnings: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    exit_code: int = 0
    seconds: float = 0.0
    # In UTC, as ISO 8601 writes it.
    began: str = ""
    # Which command it is the answer of.
    verb: str = ""
    # Of files, in the unified form.
    diff: str = ""
    # Of the versions that it is about.
    cards: tuple[Card, ...] = ()
    # The same for programs, where a verb has more to tell them than its tables.
    document: Mapping[str, object] | None = None
