"""``python -m benchmarks.model_handler VERSION ROWS``: the logged handler by itself, and the model in it, over rows in memory.

For every line on its input it calls both once and prints their seconds. VERSION is the exported folder of a model version, ROWS a
Parquet file.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import pandas as pd

from mlops_local.account.sandbox.runtime.shim import Shim


def main(version: Path, rows: Path) -> int:
    shim = Shim()
    sys.modules["_snowflake"] = shim
    sys._xoptions["snowflake_import_directory"] = f"{version}/"
    sys.path.insert(0, str(version))
    handler = importlib.import_module("functions.predict")
    shim.initialize()
    frame = pd.read_parquet(rows)
    model = joblib.load(version.parent / "model.joblib")
    numbered = frame.set_axis(range(frame.shape[1]), axis=1)
    for _ in sys.stdin:
        answer = {"handler": _seconds(handler.infer, numbered.copy()), "predict": _seconds(model.predict, frame)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    return 0


def _seconds(function: Callable[[pd.DataFrame], Any], frame: pd.DataFrame) -> float:
    begun = time.perf_counter()
    function(frame)
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
