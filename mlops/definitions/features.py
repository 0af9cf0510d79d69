"""Entities and feature views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from mlops.definitions.code import PythonFunction
from mlops.definitions.declarable import Declarable, Key
from mlops.definitions.rules import VERSION, asking, empty, no_columns, no_tables, unlike
from mlops.typed import Checked


@dataclass(frozen=True)
class Check(Checked):
    """A count that should be zero; `sentence` tells what it means, with {count} in it."""

    query: str
    sentence: str

    def faults(self) -> Iterator[str]:
        yield from asking("query", self.query)
        if "{count}" not in self.sentence:
            yield f"its sentence must contain {{count}}, and this is {self.sentence!r}"


@dataclass(frozen=True)
class Entity(Declarable):
    kind: ClassVar[str] = "entity"
    name: str
    join_keys: tuple[str, ...]
    description: str

    def own_faults(self) -> Iterator[str]:
        yield from empty("join_keys", self.join_keys)
        yield from no_columns("join_keys", self.join_keys)


@dataclass(frozen=True)
class FeatureView(Declarable):
    """`query` gives the entity's keys, the timestamp and the features; `features` says what each feature means.

    Without a `timestamp`, the features hold at any time.
    """

    kind: ClassVar[str] = "feature view"
    name: str
    version: str
    entities: tuple[str, ...]
    query: str
    timestamp: str | None
    features: Mapping[str, str]
    description: str
    reads: tuple[str, ...]
    functions: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()

    def own_faults(self) -> Iterator[str]:
        yield from empty("entities", self.entities)
        yield from empty("features", self.features)
        yield from no_columns("features", self.features)
        yield from no_columns("timestamp", (self.timestamp,) if self.timestamp is not None else ())
        yield from asking("query", self.query)
        yield from no_tables(self.reads)
        yield from unlike(VERSION, "a version is like V1", self.version)
        # The Feature Store's client puts these texts into its statements as they are, or with apostrophes doubled alone.
        if any("'" in text or "\\" in text for text in self.features.values()):
            yield "what a feature means is told without apostrophes and backslashes"
        if "\\" in self.description:
            yield "`description` is told without backslashes"

    @property
    def full_name(self) -> str:
        return f"{self.name}/{self.version}"

    @property
    def requires(self) -> tuple[Key, ...]:
        return (*((Entity.kind, name) for name in self.entities), *((PythonFunction.kind, name) for name in self.functions))
