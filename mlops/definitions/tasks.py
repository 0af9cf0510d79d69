"""Streams and tasks: what happens by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from mlops.definitions.code import Procedure
from mlops.definitions.declarable import Declarable, Key
from mlops.definitions.rules import no_tables

_MINUTES = re.compile(r"[1-9][0-9]* MINUTES?")
_CRON = re.compile(r"USING CRON( \S+){5} \S+")


@dataclass(frozen=True)
class Stream(Declarable):
    kind: ClassVar[str] = "stream"
    name: str
    table: str
    description: str

    def own_faults(self) -> Iterator[str]:
        yield from no_tables((self.table,))

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.table,)


@dataclass(frozen=True)
class Task(Declarable):
    """Calls a procedure on a schedule; with `when`, only if that stream has data."""

    kind: ClassVar[str] = "task"
    name: str
    schedule: str
    procedure: str
    arguments: tuple[str, ...]
    description: str
    when: str | None = None

    def own_faults(self) -> Iterator[str]:
        if not (_MINUTES.fullmatch(self.schedule) or _CRON.fullmatch(self.schedule)):
            yield f"a schedule is like '5 MINUTE' or 'USING CRON 0 4 * * * UTC', and this is {self.schedule!r}"

    @property
    def requires(self) -> tuple[Key, ...]:
        stream = ((Stream.kind, self.when),) if self.when else ()
        return ((Procedure.kind, self.procedure), *stream)
