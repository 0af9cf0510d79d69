"""Which objects the catalogue has answered with, kept for all transactions that see the same version of it.

Databases, schemas, roles and warehouses are looked up by every statement and hardly ever change. A version is even while it
holds, odd while a transaction that changes the catalogue commits; a transaction may use an answer only when it sees that version.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

MISSING = object()


class Lookups:
    """``privileges`` is the version since which nobody has changed who may do what."""

    def __init__(self) -> None:
        self.version = 0
        self.privileges = 0
        self._answers: dict[Any, Any] = {}
        self._lock = threading.Lock()

    @contextmanager
    def changing(self, keys: Iterable[Any], *, privileges: bool = False) -> Iterator[None]:
        """Around the COMMIT of a transaction that changed what these keys find. One transaction at a time."""
        self.version += 1
        try:
            yield
        finally:
            with self._lock:
                for key in keys:
                    self._answers.pop(key, None)
                # First: who sees the new version must not take what was held in the old one.
                if privileges:
                    self.privileges = self.version + 1
                self.version += 1

    def recall(self, version: int | None, key: Any) -> Any:
        """The answer in that version, ``MISSING`` when it is not known."""
        with self._lock:
            return self._answers.get(key, MISSING) if version == self.version else MISSING

    def remember(self, version: int | None, key: Any, answer: Any) -> None:
        with self._lock:
            if version == self.version:
                self._answers[key] = answer
