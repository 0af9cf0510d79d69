"""How long a client waits for a small statement, beside fakesnow's own server, and how long until the first login.

All servers run in a process of their own, one connection each; statements are sent to them in turn, so that whatever else the
machine does slows them alike. The ratio is to fakesnow that keeps its databases in a folder, as the embedded account does; what
it takes when it keeps them in memory is shown beside. DROP is shown without a limit: here a table that is dropped can come back.
"""

from __future__ import annotations

import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import snowflake.connector
from snowflake.connector import SnowflakeConnection

from benchmarks.served import account, placed, process

ROUNDS = 300
WARM_UP = 30
MOST = 1.0
MOST_START_SECONDS = 3.0

Step = Callable[[SnowflakeConnection, int], None]


def main() -> int:
    with (
        tempfile.TemporaryDirectory() as folder,
        account(Path(folder)) as (ours, start),
        _fakesnow("--db_path", folder) as theirs,
        _fakesnow() as in_memory,
    ):
        sys.stdout.write(f"{'':14} {'account':>9} {'fakesnow':>9} {'ratio':>6} {'in memory':>10}   (median ms of {ROUNDS})\n")
        ratios = {name: _compared(name, step, (ours, theirs, in_memory)) for name, step in STEPS.items()}
    sys.stdout.write(
        f"From starting the server to the first login: {start:.2f} s; at most {MOST_START_SECONDS:.0f} s is wanted.\n"
    )
    return 0 if max(ratios[name] for name in LIMITED) <= MOST and start <= MOST_START_SECONDS else 1


def _select(connection: SnowflakeConnection, number: int) -> None:
    connection.cursor().execute("SELECT 1").fetchall()


def _create_table(connection: SnowflakeConnection, number: int) -> None:
    connection.cursor().execute(f"CREATE TABLE T{number} (A INT, B VARCHAR)")


def _drop_table(connection: SnowflakeConnection, number: int) -> None:
    connection.cursor().execute(f"DROP TABLE T{number}")


STEPS: dict[str, Step] = {"SELECT 1": _select, "CREATE TABLE": _create_table, "DROP TABLE": _drop_table}
LIMITED = ("SELECT 1", "CREATE TABLE")


def _compared(name: str, step: Step, connections: Sequence[SnowflakeConnection]) -> float:
    times: dict[SnowflakeConnection, list[float]] = {connection: [] for connection in connections}
    for number in range(WARM_UP + ROUNDS):
        for connection, taken in times.items():
            begun = time.perf_counter()
            step(connection, number)
            taken.append(time.perf_counter() - begun)
    ours, theirs, in_memory = (1000 * statistics.median(taken[WARM_UP:]) for taken in times.values())
    sys.stdout.write(f"{name:14} {ours:9.2f} {theirs:9.2f} {ours / theirs:6.2f} {in_memory:10.2f}\n")
    return ours / theirs


@contextmanager
def _fakesnow(*arguments: str) -> Iterator[SnowflakeConnection]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with process("fakesnow", "--server", "--port", str(port), *arguments):
        _await(port)
        anybody = {"account": "fakesnow", "user": "U", "password": "P"}
        with snowflake.connector.connect(**anybody, host="127.0.0.1", port=port, protocol="http") as connection:
            yield placed(connection)


def _await(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"Nothing listens on port {port}.")


if __name__ == "__main__":
    sys.exit(main())
