"""Functions and procedures: what runs inside Snowflake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from mlops.definitions.declarable import Declarable, Key
from mlops.definitions.rules import HANDLER, TYPE, empty, unlike
from mlops.definitions.table import Column, Table


@dataclass(frozen=True)
class PythonFunction(Declarable):
    """A Python function that is registered in the Feature Store's schema and runs inside Snowflake.

    `files` are modules and packages, relative to the content's folder; `handler` is module.function among them.
    """

    kind: ClassVar[str] = "function"
    name: str
    files: tuple[str, ...]
    handler: str
    arguments: tuple[Column, ...]
    returns: str
    description: str
    packages: tuple[str, ...] = ()
    runtime: str = "3.11"

    def own_faults(self) -> Iterator[str]:
        yield from unlike(TYPE, "the return type is a Snowflake type", self.returns)
        yield from empty("files", self.files)
        yield from unlike(HANDLER, "a handler is module.function", self.handler)


@dataclass(frozen=True)
class Procedure(Declarable):
    """A procedure whose code is this repository's own: `handler` is module.function, imported from the code archive."""

    kind: ClassVar[str] = "procedure"
    name: str
    handler: str
    arguments: tuple[Column, ...]
    packages: tuple[str, ...]
    writes: tuple[str, ...]
    description: str
    returns: str = "VARIANT"
    runtime: str = "3.11"

    def own_faults(self) -> Iterator[str]:
        if self.returns != "TABLE()":
            yield from unlike(TYPE, "the return type is a Snowflake type, or TABLE()", self.returns)
        yield from unlike(HANDLER, "a handler is module.function", self.handler)

    @property
    def requires(self) -> tuple[Key, ...]:
        return tuple((Table.kind, name) for name in self.writes)
