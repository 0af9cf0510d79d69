"""The parents that workers are forked from."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from mlops_local.account.sandbox import Handler, Sandbox, SandboxSettings
from mlops_local.account.sandbox.packages import closure
from mlops_local.account.sandbox.zygote import _modules, environment, flavour_of

Batch = Callable[..., pa.RecordBatch]
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
