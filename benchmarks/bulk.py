"""A million rows of ten columns in and out of the account, against DuckDB doing the same in one process.

The account takes them by ``write_pandas`` and gives them back by ``fetch_pandas_all``, over HTTP, as every client does. DuckDB goes
the same way without an account: a Parquet file written and loaded, and the table read back through Arrow. Both files are compressed
with Snappy: the gzip that write_pandas takes by itself would be most of the time, and the same on both sides. The account runs as users
run it, in a process of its own. Ratios of one run, turn by turn, and no promise of seconds.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from snowflake.connector import SnowflakeConnection
from snowflake.connector.pandas_tools import write_pandas

from benchmarks.served import account

ROWS = 1_000_000
TURNS = 3
MOST = 2.5


def main() -> int:
    frame = make_frame()
    with tempfile.TemporaryDirectory() as folder, account(Path(folder)) as (connection, _):
        turns = [(in_and_out(connection, frame), duckdb_alone(Path(folder), frame)) for _ in range(TURNS)]
    served, alone = [turn[0] for turn in turns], [turn[1] for turn in turns]
    ratios = [shortest(served, i) / shortest(alone, i) for i in range(2)]
    sys.stdout.write(f"{'1,000,000 x 10':<16}{'account':>9}{'DuckDB':>9}{'ratio':>8}\n")
    for i, name in enumerate(("write", "read")):
        sys.stdout.write(f"{name:<16}{shortest(served, i):>9.2f}{shortest(alone, i):>9.2f}{ratios[i]:>8.2f}\n")
    whole = sum(shortest(served, i) for i in range(2)) / sum(shortest(alone, i) for i in range(2))
    sys.stdout.write(f"Both take {whole:.2f} times as long as DuckDB alone; at most {MOST} is wanted.\n")
    return 0 if whole <= MOST else 1


def shortest(times: list[tuple[float, float]], which: int) -> float:
    return min(pair[which] for pair in times)


def make_frame() -> pd.DataFrame:
    """Whole numbers, floats, texts, dates and truth values: what features are made of."""
    draw = np.random.default_rng(7)
    columns: dict[str, object] = {"ID": np.arange(ROWS), "N": draw.integers(0, 1000, ROWS), "FLAG": draw.random(ROWS) < 0.5}
    columns |= {f"F{i}": draw.normal(size=ROWS) for i in range(5)}
    columns["TEXT"] = np.array([f"customer {i}" for i in range(1000)])[draw.integers(0, 1000, ROWS)]
    columns["DAY"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.integers(0, 365, ROWS), unit="D")
    return pd.DataFrame(columns)


def in_and_out(connection: SnowflakeConnection, frame: pd.DataFrame) -> tuple[float, float]:
    def write() -> None:
        write_pandas(
            connection, frame, "ROWS", auto_create_table=True, overwrite=True, use_logical_type=True, compression="snappy"
        )

    def read() -> None:
        found = connection.cursor().execute("SELECT * FROM ROWS").fetch_pandas_all()
        assert len(found) == ROWS

    return timed(write), timed(read)


def duckdb_alone(folder: Path, frame: pd.DataFrame) -> tuple[float, float]:
    file = folder / "rows.parquet"
    with duckdb.connect(str(folder / "alone.duckdb")) as connection:

        def write() -> None:
            frame.to_parquet(file, compression="snappy")
            connection.execute(f"CREATE OR REPLACE TABLE rows AS SELECT * FROM read_parquet('{file}')")

        def read() -> None:
            found = connection.sql("SELECT * FROM rows").to_arrow_table().to_pandas()
            assert len(found) == ROWS

        return timed(write), timed(read)


def timed(action: Callable[[], None]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


if __name__ == "__main__":
    sys.exit(main())
