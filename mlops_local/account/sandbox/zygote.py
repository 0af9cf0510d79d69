"""Where worker processes come from: forked from a parent that has the heavy libraries loaded, one parent per flavour.

A fork costs milliseconds, the imports up to two seconds. The parents hold no data of anybody and one thread, or they would
not be safe to fork. Where forking is not safe (macOS) every worker is a fresh process.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_COMMAND = struct.Struct("!cI")
_ANSWER = struct.Struct("!i")
_START_SECONDS = 120.0
_CHECKOUT = Path(__file__).resolve().parents[3]

# What every worker needs, and what one distribution among the declared ones adds. The order is that of the imports.
_BASE = ("numpy", "pandas", "pyarrow")
_ADDED: Mapping[str, Sequence[str]] = {
    "snowflake-snowpark-python": (
        "cloudpickle",
        "snowflake.connector.pandas_tools",
        "snowflake.snowpark",
        "snowflake.snowpark.functions",
    ),
    "scikit-learn": (
        "sklearn.compose",
        "sklearn.ensemble",
        "sklearn.impute",
        "sklearn.linear_model",
        "sklearn.metrics",
        "sklearn.model_selection",
        "sklearn.pipeline",
        "sklearn.preprocessing",
    ),
    "snowflake-ml-python": (
        "anyio",
        "snowflake.ml.feature_store",
        "snowflake.ml.registry",
        "snowflake.ml.model._packager.model_packager",
    ),
}
Flavour = tuple[str, ...]


def flavour_of(distributions: frozenset[str]) -> Flavour:
    """The richest parent that has loaded nothing the handler did not declare, but what every worker needs."""
    return tuple(name for name in _ADDED if name in distributions)


def _modules(flavour: Flavour) -> list[str]:
    return [*_BASE, *(module for name in flavour for module in _ADDED[name])]


@dataclass
class Child:
    """A worker process. ``kill`` ends its whole group; ``wait`` must follow, and gives the exit status (negative: a signal)."""

    pid: int
    parent: _Parent
    _ended: int | None = field(default=None, init=False)

    def kill(self) -> None:
        if self._ended is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        if self._ended is None:
            self._ended = self.parent.wait(self.pid)
        return self._ended


class Zygotes:
    """The parents, started when first needed or by ``warm``."""

    def __init__(self, home: Path, *, forks: bool | None = None) -> None:
        self._home = home
        self._forks = sys.platform == "linux" if forks is None else forks
        self._parents: dict[Flavour, _Parent] = {}
        self._lock = threading.Lock()

    def warm(self, flavour: Flavour) -> None:
        """Start loading now; does not wait."""
        if self._forks:
            self._parent(flavour)

    def spawn(self, flavour: Flavour, job: socket.socket, log: int) -> Child:
        if not self._forks:
            return _Parent(flavour, self._home, once=True).spawn(job, log)
        parent = self._parent(flavour)
        try:
            return parent.spawn(job, log)
        except OSError:
            # The parent itself was killed, for instance for memory: once more with a new one.
            self._discard(flavour, parent)
            return self._parent(flavour).spawn(job, log)

    def close(self) -> None:
        with self._lock:
            parents, self._parents = list(self._parents.values()), {}
        for parent in parents:
            parent.close()

    def _discard(self, flavour: Flavour, parent: _Parent) -> None:
        with self._lock:
            if self._parents.get(flavour) is parent:
                del self._parents[flavour]
        parent.close()

    def _parent(self, flavour: Flavour) -> _Parent:
        with self._lock:
            if flavour not in self._parents:
                self._parents[flavour] = _Parent(flavour, self._home, once=False)
            return self._parents[flavour]


class _Parent:
    """One process of ``runtime`` and the socket it obeys on."""

    def __init__(self, flavour: Flavour, home: Path, *, once: bool) -> None:
        self._once = once
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair()
        self._control.settimeout(_START_SECONDS)
        with theirs:
            self._process = self._start(theirs.fileno(), home, _modules(flavour))

    def _start(self, control: int, home: Path, modules: Sequence[str]) -> subprocess.Popen[bytes]:
        options = ["--once"] if self._once else []
        return subprocess.Popen(
            [sys.executable, "-s", "-m", "mlops_local.account.sandbox.runtime", str(control), *options, *modules],
            pass_fds=[control],
            env=environment(home),
            cwd=home,
            stdin=subprocess.DEVNULL,
            # The account's own output is for its user; what goes wrong here still shows on its error output.
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def spawn(self, job: socket.socket, log: int) -> Child:
        with self._lock:
            socket.send_fds(self._control, [_COMMAND.pack(b"S", 0)], [job.fileno(), log])
            return Child(self._answer(), self)

    def wait(self, pid: int) -> int:
        if self._once:
            status = self._process.wait(timeout=_START_SECONDS)
            self._control.close()
            return status
        with self._lock:
            try:
                self._control.sendall(_COMMAND.pack(b"R", pid))
                return self._answer()
            except OSError:
                return -signal.SIGKILL

    def close(self) -> None:
        """The process kills its workers when its control socket closes."""
        self._control.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> int:
        data = self._control.recv(_ANSWER.size)
        if len(data) < _ANSWER.size:
            raise ConnectionResetError("the parent of the Python workers is gone")
        return int(_ANSWER.unpack(data)[0])


def environment(home: Path) -> dict[str, str]:
    """All that a worker inherits: no variable of the account's process, in particular no secret."""
    return {
        "HOME": str(home),
        "TMPDIR": str(home),
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONPATH": str(_CHECKOUT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        # One thread each, for a process that others are forked from: BLAS, Arrow's allocator, the connector's loader.
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "SNOWFLAKE_DISABLE_MINICORE": "true",
    }
