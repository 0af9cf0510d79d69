"""How long `run` of a logged model takes over a million rows, and what calling a procedure adds to its own work.

`run` reads a table and writes its answer into another. Beside it stand the logged handler alone, in one process with all rows in
its memory, and plain `predict` of the model; the three take turns, so that whatever else the machine does slows all.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from snowflake.connector import SnowflakeConnection
from snowflake.ml.model import ExportMode, ModelVersion
from snowflake.ml.model.model_signature import infer_signature
from snowflake.ml.registry import Registry
from snowflake.snowpark import Session

from benchmarks.served import account

ROWS = 1_000_000
FEATURES = 8
ROUNDS = 5
CALLS = 20
MOST = 1.2
MOST_CALL_SECONDS = 0.3


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, account(Path(folder)) as (connection, _):
        ratio = _measure_run(connection, Path(folder))
        added = _measure_call(connection)
    return 0 if ratio <= MOST and added <= MOST_CALL_SECONDS else 1


def _measure_run(connection: SnowflakeConnection, folder: Path) -> float:
    session = Session.builder.configs({"connection": connection}).create()
    rows = _rows()
    rows.to_parquet(folder / "rows.parquet")
    session.write_pandas(rows, "INPUT_ROWS", auto_create_table=True)
    version = _log(session, rows.head(1000), folder)
    run, handler, predict = [], [], []
    with _handler(folder) as alone:
        for _ in range(1 + ROUNDS):
            run.append(_run(session, version))
            seconds = _ask(alone)
            handler.append(seconds["handler"])
            predict.append(seconds["predict"])
    medians = [statistics.median(taken[1:]) for taken in (run, handler, predict)]
    ratio = medians[0] / medians[1]
    sys.stdout.write(
        f"{'run of a logged model, seconds':36}{medians[0]:8.2f}   ({ROWS:,} rows, median of {ROUNDS})\n"
        f"{'its handler alone in one process':36}{medians[1]:8.2f}   run takes {ratio:.2f} times that; at most {MOST} is wanted\n"
        f"{'plain predict':36}{medians[2]:8.2f}   run takes {medians[0] / medians[2]:.1f} times that\n"
    )
    return ratio


def _rows() -> pd.DataFrame:
    values = np.random.default_rng(1).normal(size=(ROWS, FEATURES))
    return pd.DataFrame(values, columns=[f"F{i}" for i in range(FEATURES)])


def _log(session: Session, rows: pd.DataFrame, folder: Path) -> ModelVersion:
    """A model with one output, its files beside the rows."""
    model: Pipeline = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
    model.fit(rows, (rows.sum(axis=1) > 0).astype(int))
    joblib.dump(model, folder / "model.joblib")
    version = Registry(session).log_model(
        model,
        model_name="MEASURED",
        version_name="V1",
        signatures={"predict": infer_signature(rows, pd.DataFrame({"LABEL": model.predict(rows)}))},
        target_platforms=["WAREHOUSE"],
        options={"enable_explainability": False},
    )
    (folder / "version").mkdir()
    version.export(str(folder / "version"), export_mode=ExportMode.FULL)
    return version


def _run(session: Session, version: ModelVersion) -> float:
    begun = time.perf_counter()
    version.run(session.table("INPUT_ROWS"), function_name="predict").write.save_as_table("OUTPUT_ROWS", mode="overwrite")
    return time.perf_counter() - begun


@contextmanager
def _handler(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "benchmarks.model_handler", str(folder / "version"), str(folder / "rows.parquet")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as alone:
        try:
            yield alone
        finally:
            alone.terminate()


def _ask(alone: subprocess.Popen[str]) -> dict[str, float]:
    assert alone.stdin is not None
    assert alone.stdout is not None
    alone.stdin.write("\n")
    alone.stdin.flush()
    return {name: float(seconds) for name, seconds in json.loads(alone.stdout.readline()).items()}


PROCEDURE = """
import time
def work(session):
    begun = time.perf_counter()
    for _ in range(10):
        session.sql('SELECT 1').collect()
    return time.perf_counter() - begun
"""


def _measure_call(connection: SnowflakeConnection) -> float:
    """What a call takes beside what its handler has measured."""
    cursor = connection.cursor()
    cursor.execute(
        "CREATE OR REPLACE PROCEDURE WORK() RETURNS FLOAT LANGUAGE PYTHON RUNTIME_VERSION = '3.11' HANDLER = 'work' "
        f"PACKAGES = ('snowflake-snowpark-python') AS $${PROCEDURE}$$"
    )
    added = []
    for _ in range(1 + CALLS):
        begun = time.perf_counter()
        own = cursor.execute("CALL WORK()").fetchall()[0][0]
        added.append(time.perf_counter() - begun - own)
    median = statistics.median(added[1:])
    sys.stdout.write(
        f"{'a warm CALL over its own work':36}{median:8.2f}   (median of {CALLS}; at most {MOST_CALL_SECONDS} is wanted)\n"
    )
    return median


if __name__ == "__main__":
    sys.exit(main())
