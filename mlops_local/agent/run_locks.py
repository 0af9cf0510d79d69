"""Exclusive locks between the runs of this machine: who holds one, and who waits for it in which order.

A lock is a folder. Whoever waits has a numbered ticket there, which is locked by the system for as long as its process lives, so
that a killed run neither holds a lock nor waits for one.
https://learn.microsoft.com/azure/devops/pipelines/process/approvals#exclusive-lock
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from mlops_local.agent.file_locks import lock_file, locked

_TICK = 0.2


class Wait(Enum):
    HELD = "held"
    SUPERSEDED = "superseded"
    CANCELED = "canceled"


@dataclass(frozen=True)
class RunLocks:
    """`run` tells this run's own tickets from those of others: stages of one run do not push each other out."""

    folder: Path
    run: str

    @contextmanager
    def held(self, name: str, *, latest_only: bool, canceled: Callable[[], bool], on_wait: Callable[[], None]) -> Iterator[Wait]:
        """With `latest_only` whoever waits gives up as soon as a later run waits too; otherwise everyone's turn comes."""
        place = self.folder / hashlib.sha256(name.encode()).hexdigest()[:32]
        place.mkdir(parents=True, exist_ok=True)
        with _ticket(place, self.run) as number:
            outcome, handle = self._wait(place, number, latest_only, canceled, on_wait)
        try:
            yield outcome
        finally:
            if handle is not None:
                os.close(handle)

    def _wait(
        self, place: Path, number: int, latest_only: bool, canceled: Callable[[], bool], on_wait: Callable[[], None]
    ) -> tuple[Wait, int | None]:
        told = False
        while not canceled():
            with locked(place / "guard"):
                waiting = {other: run for other, run in _waiting(place).items() if other != number}
                # A later run may have had its turn, and ended it, since this one looked last.
                if latest_only and any(
                    other > number and run != self.run for other, run in [*waiting.items(), _last_turn(place)]
                ):
                    return Wait.SUPERSEDED, None
                is_next = latest_only or not any(other < number for other in waiting)
                handle = lock_file(place / "lock") if is_next else None
                if handle is not None:
                    (place / "turn").write_text(f"{number} {self.run}", encoding="utf-8")
                    return Wait.HELD, handle
            if not told:
                told = True
                on_wait()
            time.sleep(_TICK)
        return Wait.CANCELED, None


@contextmanager
def _ticket(place: Path, run: str) -> Iterator[int]:
    with locked(place / "guard"):
        number = max([*_waiting(place), _last_turn(place)[0]]) + 1
        file = place / f"{number}.ticket"
        file.write_text(run, encoding="utf-8")
        handle = lock_file(file)
        assert handle is not None
    try:
        yield number
    finally:
        with locked(place / "guard"):
            file.unlink(missing_ok=True)
            os.close(handle)


def _last_turn(place: Path) -> tuple[int, str]:
    """The ticket that had the lock last, and its run."""
    file = place / "turn"
    number, _, run = file.read_text(encoding="utf-8").partition(" ") if file.exists() else ("0", "", "")
    return int(number), run


def _waiting(place: Path) -> dict[int, str]:
    """Tickets of living processes by number; those of others are thrown away."""
    found: dict[int, str] = {}
    for file in place.glob("*.ticket"):
        handle = lock_file(file)
        if handle is None:
            found[int(file.stem)] = file.read_text(encoding="utf-8")
        else:
            file.unlink(missing_ok=True)
            os.close(handle)
    return found
