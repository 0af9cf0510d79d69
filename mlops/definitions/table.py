"""Tables, and the columns that they and the arguments of code are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from mlops.definitions.declarable import Declarable
from mlops.definitions.rules import NAME, TYPE, empty, unlike
from mlops.typed import Checked


@dataclass(frozen=True)
class Column(Checked):
    name: str
    type: str

    def faults(self) -> Iterator[str]:
        yield from unlike(NAME, "its name is upper case letters, digits and underscores", self.name)
        yield from unlike(TYPE, "its type is a Snowflake type such as VARCHAR or NUMBER(38, 0)", self.type)


@dataclass(frozen=True)
class Table(Declarable):
    """A table that runs add to. Rows are added, never changed."""

    kind: ClassVar[str] = "table"
    name: str
    columns: tuple[Column, ...]
    description: str

    def own_faults(self) -> Iterator[str]:
        yield from empty("columns", self.columns)
