"""The parents that workers are forked from."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from mlops_local.account.sandbox import Handler, Sandbox, SandboxSettings
from mlops_local.account.sandbox.packages import closure
from mlops_local.account.sandbox.zygote import _modules, environment, flavour_of

Batch = Callable[..., pa.RecordBatch]
CHECKOUT = Path(__file__).resolve().parents[3]
FLAVOURS = [(), ("snowflake-snowpark-python",), ("snowflake-ml-python", "scikit-learn")]


def test_a_parent_has_loaded_only_what_was_declared() -> None:
    assert flavour_of(closure(["pandas"])) == ()
    assert flavour_of(closure(["snowflake-snowpark-python"])) == ("snowflake-snowpark-python",)
    assert flavour_of(closure(["scikit-learn"])) == ("scikit-learn",)
    assert flavour_of(closure(["snowflake-ml-python"])) == ("snowflake-snowpark-python", "snowflake-ml-python")


@pytest.mark.parametrize("packages", FLAVOURS)
def test_a_parent_is_safe_to_fork(packages: tuple[str, ...], tmp_path: Path) -> None:
    """Threads do not survive a fork, the locks they hold do."""
    code = (
        "import importlib, os, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\n"
        "print(len(os.listdir('/proc/self/task')))"
    )
    modules = _modules(flavour_of(closure(packages)))
    done = subprocess.run(
        [sys.executable, "-c", code, *modules],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert done.stdout.strip() == "1"


def test_warming_makes_the_first_call_no_different(batch: Batch) -> None:
    with Sandbox(SandboxSettings()) as own:
        own.warm(["pandas"])
        handler = Handler("F", "compute", "def compute(x):\n    return x", packages=("pandas",))
        assert own.call_function(handler, ["INT"], "INT", batch([1])).to_pylist() == [1]


def test_workers_end_when_the_account_is_killed(tmp_path: Path) -> None:
    """Nobody is left to clean up after kill -9; the parent of the workers notices that its socket closed."""
    account = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(CHECKOUT)}
    )
    assert account.stdout is not None
    workers = [int(pid) for pid in account.stdout.readline().split()]
    assert len(workers) == 2
    account.kill()
    account.wait()
    account.stdout.close()
    deadline, waiting = time.monotonic() + 10, threading.Event()
    while any(_runs(pid) for pid in workers):
        assert time.monotonic() < deadline
        waiting.wait(0.02)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except FileNotFoundError:
        return False


KILLED = """
import sys, threading, time
from pathlib import Path
import pyarrow as pa
from mlops_local.account.sandbox import Handler, Sandbox, SandboxSettings
body = "import os, time\\ndef compute(x):\\n"
body += "    if x: open(x, 'w').write(str(os.getpid())); time.sleep(600)\\n    return os.getpid()"
scratch = Path(sys.argv[1])
sandbox = Sandbox(SandboxSettings(scratch=scratch))
def call(name):
    batch = pa.RecordBatch.from_arrays([pa.array([name])], names=["x"])
    return sandbox.call_function(Handler("F", "compute", body), ["VARCHAR"], "INT", batch)[0].as_py()
threading.Thread(target=call, args=("pid",), daemon=True).start()
idle, busy = call(""), ""
while not busy:
    for file in scratch.glob("sandbox-*/**/pid"): busy = file.read_text()
    time.sleep(0.01)
print(idle, busy, flush=True)
time.sleep(600)
"""
