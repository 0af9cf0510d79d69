"""Warm workers of functions and models, by what they were set up for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from mlops_local.account.sandbox.worker import Worker


class Pool:
    """Idle workers end after a while; when there are too many, the one that was used longest ago goes first."""

    def __init__(self, *, idle_seconds: float, idle_workers: int) -> None:
        self._idle_seconds, self._idle_workers = idle_seconds, idle_workers
        self._idle: list[tuple[Hashable, Worker]] = []
        self._changed = threading.Condition()
        self._closed = False
        self._sweeper: threading.Thread | None = None

    @contextmanager
    def borrow(self, key: Hashable, start: Callable[[], Worker]) -> Iterator[Worker]:
        worker = self._take(key) or start()
        try:
            yield worker
        finally:
            self._give_back(key, worker)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            self._changed.notify_all()
        for _, worker in idle:
            worker.close()
        if self._sweeper is not None:
            self._sweeper.join()

    def _take(self, key: Hashable) -> Worker | None:
        with self._changed:
            for position in range(len(self._idle) - 1, -1, -1):
                if self._idle[position][0] == key:
                    return self._idle.pop(position)[1]
        return None

    def _give_back(self, key: Hashable, worker: Worker) -> None:
        surplus: list[Worker] = []
        with self._changed:
            if worker.broken or self._closed:
                surplus.append(worker)
            else:
                worker.idle_since = time.monotonic()
                self._idle.append((key, worker))
                surplus.extend(self._idle.pop(0)[1] for _ in range(len(self._idle) - self._idle_workers))
                self._start_sweeper()
                self._changed.notify_all()
        for old in surplus:
            old.close()

    def _start_sweeper(self) -> None:
        if self._sweeper is None:
            self._sweeper = threading.Thread(target=self._sweep, name="sandbox-pool", daemon=True)
            self._sweeper.start()

    def _sweep(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                self._changed.wait(self._until_next())
                expired = self._expired()
            for worker in expired:
                worker.close()

    def _until_next(self) -> float | None:
        """The list is in order of last use, so its head expires first."""
        if not self._idle:
            return None
        return max(self._idle[0][1].idle_since + self._idle_seconds - time.monotonic(), 0.0)

    def _expired(self) -> list[Worker]:
        now, expired = time.monotonic(), []
        while self._idle and self._idle[0][1].idle_since + self._idle_seconds <= now:
            expired.append(self._idle.pop(0)[1])
        return expired
