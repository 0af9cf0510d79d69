"""The agents of this machine: so many jobs at once, and among those whose time has come the one that is written first.

A job's place is its stage and its own number there; a leg or a hook adds a third number.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

Place = tuple[int, ...]


class Agents:
    def __init__(self, count: int) -> None:
        self._free = count
        self._due: set[Place] = set()
        self._changed = threading.Condition()

    def expect(self, job: Place) -> None:
        """The job's time has come, though it has not asked yet: those written after it let it go first."""
        with self._changed:
            self._due.add(job)

    def forget(self, job: Place) -> None:
        """The job is over, or never asked."""
        with self._changed:
            self._due.discard(job)
            self._changed.notify_all()

    @contextmanager
    def one(self, place: Place) -> Iterator[None]:
        """An agent, as soon as one is free and it is this one's turn."""
        with self._changed:
            self._due.discard(place[:2])
            self._due.add(place)
            self._changed.wait_for(lambda: self._free and min(self._due) == place)
            self._due.remove(place)
            self._free -= 1
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()
