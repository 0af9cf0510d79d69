"""Who says yes: a person at the terminal, or options that were given before the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

ALL = "all"


class Answer(Enum):
    """What became of a question: `LATE` after its time, `NOBODY` when there is nobody to ask."""

    YES = "yes"
    NO = "no"
    LATE = "late"
    NOBODY = "nobody"
    CANCELED = "canceled"


@dataclass(frozen=True)
class Given:
    """Answers that were given with the command: names of environments and of stages that start by hand, or `all`."""

    approve: frozenset[str] = frozenset()
    reject: frozenset[str] = frozenset()
    start: frozenset[str] = frozenset()

    @classmethod
    def of(cls, approve: list[str], reject: list[str], start: list[str]) -> Given:
        return cls(*(frozenset(name.casefold() for name in names) for names in (approve, reject, start)))

    def about(self, environment: str) -> Answer:
        """A no to one environment counts more than a yes to all."""
        name = environment.casefold()
        for names, answer in ((self.reject, Answer.NO), (self.approve, Answer.YES)):
            if name in names:
                return answer
        for names, answer in ((self.reject, Answer.NO), (self.approve, Answer.YES)):
            if ALL in names:
                return answer
        return Answer.NOBODY

    def starts(self, stage: str) -> bool:
        return bool(self.start & {stage.casefold(), ALL})


class Asker(Protocol):
    """Asks a person; `until` is a moment of time.monotonic(). Several stages may ask at the same time."""

    def ask(self, question: str, until: float | None, canceled: Callable[[], bool]) -> Answer: ...


class Silence:
    """There is nobody to ask."""

    def ask(self, question: str, until: float | None, canceled: Callable[[], bool]) -> Answer:
        return Answer.NOBODY
