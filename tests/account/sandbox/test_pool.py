"""Warm workers: reused, shared by none, ended when idle or too many."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from mlops_local.account.sandbox import Handler, Sandbox, SandboxSettings

Batch = Callable[..., pa.RecordBatch]
PID = "import os\ndef compute(x):\n    return os.getpid()"
TOGETHER = "import os, time\ndef compute(x):\n    time.sleep(0.2)\n    return os.getpid()"


def test_a_worker_is_used_again(sandbox: Sandbox, batch: Batch) -> None:
    first, second = (sandbox.call_function(Handler("AGAIN", "compute", PID), ["INT"], "INT", batch([1])) for _ in range(2))
    assert first == second


def test_another_signature_is_another_worker(sandbox: Sandbox, batch: Batch) -> None:
    handler = Handler("OTHER", "compute", PID)
    assert sandbox.call_function(handler, ["INT"], "INT", batch([1])) != sandbox.call_function(
        handler, ["FLOAT"], "INT", batch([1.0])
    )


def test_calls_at_the_same_time_have_workers_of_their_own(sandbox: Sandbox, batch: Batch) -> None:
    handler = Handler("TOGETHER", "compute", TOGETHER)
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(sandbox.call_function, handler, ["INT"], "INT", batch([1])) for _ in range(4)]
        assert len({call.result()[0].as_py() for call in calls}) > 1


def test_idle_workers_end(batch: Batch) -> None:
    with Sandbox(SandboxSettings(idle_seconds=0.05)) as own:
        first = own.call_function(Handler("F", "compute", PID), ["INT"], "INT", batch([1]))
        _until(lambda: not own._pool._idle)
        assert own.call_function(Handler("F", "compute", PID), ["INT"], "INT", batch([1])) != first


def _until(done: Callable[[], bool]) -> None:
    deadline, waiting = time.monotonic() + 5, threading.Event()
    while not done():
        assert time.monotonic() < deadline
        waiting.wait(0.01)


def test_the_one_used_longest_ago_goes_first(batch: Batch) -> None:
    def pid(name: str) -> int:
        result = own.call_function(Handler(name, "compute", PID), ["INT"], "INT", batch([1]))
        return int(result[0].as_py())

    with Sandbox(SandboxSettings(idle_workers=2)) as own:
        a, b = pid("A"), pid("B")
        assert pid("A") == a
        pid("C")
        assert pid("A") == a
        assert pid("B") != b
