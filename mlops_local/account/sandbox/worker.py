"""One worker process as the account sees it: ask it, cancel it, end it."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa

from mlops_local.account.sandbox.errors import HandlerCancelledError, HandlerError, HandlerTimeoutError, IsolationError
from mlops_local.account.sandbox.folder import WorkerFolder
from mlops_local.account.sandbox.spec import Handler, Limits
from mlops_local.account.sandbox.wire import ConnectionLostError, Header, MessageTooLongError, receive, send
from mlops_local.account.sandbox.zygote import Flavour, Zygotes


@dataclass(frozen=True)
class Deadline:
    """When a call must be over, by the monotonic clock, and how many seconds that were."""

    at: float
    seconds: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds, seconds)


class Cancellation:
    """Hand it to a call; ``cancel`` from another thread kills the worker, and the call raises ``HandlerCancelledError``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: list[Worker] = []
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            for worker in self._workers:
                worker.kill()

    @contextmanager
    def watch(self, worker: Worker) -> Iterator[None]:
        with self._lock:
            self._workers.append(worker)
            if self._cancelled:
                worker.kill()
        try:
            yield
        finally:
            with self._lock:
                self._workers.remove(worker)


class Worker:
    """Not thread safe but for ``kill``: one call at a time. After an error of the process itself it is ``broken``."""

    def __init__(self, zygotes: Zygotes, flavour: Flavour, folder: WorkerFolder, handler: Handler, limits: Limits) -> None:
        self._folder, self._handler, self._limits = folder, handler, limits
        self.broken = False
        self.idle_since = 0.0
        self._sock, theirs = socket.socketpair()
        with theirs:
            self._child = zygotes.spawn(flavour, theirs, folder.log)

    @property
    def pid(self) -> int:
        return self._child.pid

    def ask(
        self, header: Header, batch: pa.RecordBatch | None = None, *, deadline: Deadline
    ) -> tuple[Header, pa.RecordBatch | None]:
        try:
            send(self._sock, header, batch, deadline=deadline.at)
            answer, values = receive(self._sock, deadline=deadline.at, max_bytes=self._limits.answer_bytes)
        except TimeoutError as error:
            self._end()
            raise HandlerTimeoutError(_timeout_text(self._handler, deadline.seconds), log=self.take_log()) from error
        except ConnectionLostError as error:
            raise HandlerError(self._death_text(self._end()), log=self.take_log()) from error
        except (MessageTooLongError, ValueError, pa.ArrowInvalid) as error:
            self._end()
            raise HandlerError(self._said(f"the answer of the worker was refused: {error}"), log=self.take_log()) from error
        self._raise_failure(answer)
        return answer, values

    def take_log(self) -> str:
        return self._folder.take_log(self._limits.log_bytes)

    def kill(self) -> None:
        self.broken = True
        self._child.kill()

    def close(self) -> None:
        self._end()
        self._sock.close()
        self._folder.remove()

    def _end(self) -> int:
        self.kill()
        return self._child.wait()

    def _raise_failure(self, answer: Header) -> None:
        if "isolation" in answer:
            raise IsolationError(answer["isolation"])
        if "failure" in answer:
            raise HandlerError(answer["failure"], log=self.take_log(), records=answer["records"])

    def _death_text(self, status: int) -> str:
        how = f"by signal {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
        return self._said(f"the Python process ended {how} in the middle of the call; it may have run out of memory")

    def _said(self, sentence: str) -> str:
        return f"Python Interpreter Error:\n{sentence}\n in function {self._handler.name} with handler {self._handler.handler}"


@contextmanager
def cancellable(cancellation: Cancellation | None, worker: Worker) -> Iterator[None]:
    """The death of a cancelled worker is a cancellation, not an error of the handler."""
    if cancellation is None:
        yield
        return
    with cancellation.watch(worker):
        try:
            yield
        except HandlerError as error:
            if cancellation.cancelled:
                raise HandlerCancelledError("SQL execution canceled", log=error.log) from error
            raise


def _timeout_text(handler: Handler, seconds: float) -> str:
    return (
        f"Statement reached its statement or warehouse timeout of {seconds:g} second(s) and was canceled: {handler.name} "
        "was running."
    )
