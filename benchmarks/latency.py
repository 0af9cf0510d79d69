"""How long a client waits for a small statement, beside fakesnow's own server, and how long until the first login.

Both servers run in a process of their own, one connection each; statements are sent to both in turn, so that whatever else the
machine does slows both. The embedded account writes to a folder and to the disk, fakesnow keeps everything in memory.
"""

from __future__ import annotations

import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
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
    with tempfile.TemporaryDirectory() as folder, account(Path(folder)) as (ours, start), _fakesnow() as theirs:
        sys.stdout.write(f"{'':24} {'account':>10} {'fakesnow':>10} {'ratio':>8}   (median milliseconds of {ROUNDS})\n")
        ratios = [_compared(name, step, ours, theirs) for name, step in STEPS.items()]
    sys.stdout.write(
        f"From starting the server to the first login: {start:.2f} s; at most {MOST_START_SECONDS:.0f} s is wanted.\n"
    )
    return 0 if max(ratios) <= MOST and start <= MOST_START_SECONDS else 1


def _select(connection: SnowflakeConnection, number: int) -> None:
    connection.cursor().execute("SELECT 1").fetchall()


def _create_table(connection: SnowflakeConnection, number: int) -> None:
    connection.cursor().execute(f"CREATE TABLE T{number} (A INT, B VARCHAR)")


def _drop_table(connection: SnowflakeConnection, number: int) -> None:
    connection.cursor().execute(f"DROP TABLE T{number}")


STEPS: dict[str, Step] = {"SELECT 1": _select, "CREATE TABLE": _create_table, "DROP TABLE": _drop_table}


def _compared(name: str, step: Step, ours: SnowflakeConnection, theirs: SnowflakeConnection) -> float:
    times: dict[SnowflakeConnection, list[float]] = {ours: [], theirs: []}
    for number in range(WARM_UP + ROUNDS):
        for connection, taken in times.items():
            begun = time.perf_counter()
            step(connection, number)
            taken.append(time.perf_counter() - begun)
    mine, other = (1000 * statistics.median(taken[WARM_UP:]) for taken in times.values())
    sys.stdout.write(f"{name:24} {mine:10.2f} {other:10.2f} {mine / other:8.2f}\n")
    return mine / other


@contextmanager
def _fakesnow() -> Iterator[SnowflakeConnection]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with process("fakesnow", "--server", "--port", str(port)):
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
