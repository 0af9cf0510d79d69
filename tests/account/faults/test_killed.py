"""The account is killed while sessions write: what they were told is done is there afterwards, and nothing is there by half.

A few kills as a test; `python -m tests.account.faults.kill` takes 200.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import Error

from ..served import kill, serve, sign_in
from .again import number

KILLS = number("ACCOUNT_KILLS", 2)
SEED = number("ACCOUNT_KILLS_SEED", 0)
WRITERS = 4
SET_UP = (
    "create database if not exists D",
    "use schema D.PUBLIC",
    "create table if not exists LOG (WRITER int, N int)",
    "create table if not exists PAIRS (WRITER int, N int, SIDE int)",
    "create stage if not exists FILES",
    *(f"create dataset if not exists SET_{i}" for i in range(WRITERS)),
)


class Writer:
    """One session, and what it has been told. ``done[kind]`` are the numbers of finished actions, ``open`` is the one that is not."""

    def __init__(self, number: int, folder: Path) -> None:
        self.number = number
        self._folder = folder
        self._next = 0
        self.done: dict[str, list[int]] = {kind: [] for kind in ACTIONS}
        self.open: tuple[str, int] | None = None

    def work(self, connection: SnowflakeConnection) -> None:
        """Until the account is gone."""
        try:
            for kind in iter(lambda: list(ACTIONS)[self._next % len(ACTIONS)], None):
                self._next += 1
                self.open = (kind, self._next)
                ACTIONS[kind](self, connection.cursor().execute, self._next)
                self.done[kind].append(self._next)
        except Error:
            return

    def may_be(self, kind: str) -> set[int]:
        return {*self.done[kind], *([self.open[1]] if self.open and self.open[0] == kind else [])}

    def insert(self, run: Callable[[str], Any], n: int) -> None:
        run(f"insert into LOG values ({self.number}, {n})")

    def pair(self, run: Callable[[str], Any], n: int) -> None:
        run("begin")
        run(f"insert into PAIRS values ({self.number}, {n}, 1)")
        run(f"insert into PAIRS values ({self.number}, {n}, 2)")
        run("commit")

    def table(self, run: Callable[[str], Any], n: int) -> None:
        run(f"create or replace table OWN_{self.number} as select {n} as N from table(generator(rowcount => 1000))")

    def put(self, run: Callable[[str], Any], n: int) -> None:
        file = self._folder / f"{self.number}_{n}.txt"
        file.write_text(f"{self.number} {n}\n" * 1000)
        run(f"put file://{file} @FILES auto_compress = false")

    def version(self, run: Callable[[str], Any], n: int) -> None:
        run(f"alter dataset SET_{self.number} add version 'V{n}' from (select {n} as N from table(generator(rowcount => 1000)))")


ACTIONS: dict[str, Callable[[Writer, Callable[[str], Any], int], None]] = {
    "insert": Writer.insert,
    "pair": Writer.pair,
    "table": Writer.table,
    "put": Writer.put,
    "version": Writer.version,
}


@pytest.fixture
def writers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Writer]:
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path / "home"))
    (tmp_path / "put").mkdir()
    return [Writer(i, tmp_path / "put") for i in range(WRITERS)]


# The connector tells a dead account that it gives up on a statement, in a thread of its own.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_was_done_before_a_kill_is_there_after_it(tmp_path: Path, writers: list[Writer]) -> None:
    moments = random.Random(SEED)
    for turn in range(KILLS + 1):
        with serve("--data", str(tmp_path / "account")) as (process, settings):
            with sign_in(settings) as connection:
                for statement in SET_UP:
                    connection.cursor().execute(statement)
                faults = [fault for writer in writers for fault in compare(writer, connection, tmp_path)]
                assert faults == [], f"after kill {turn} of seed {SEED}"
            if turn < KILLS:
                write_until_killed(writers, settings, partial(kill, process), moments.uniform(0, 1.5))


def write_until_killed(writers: list[Writer], settings: dict[str, str], end: Callable[[], None], seconds: float) -> None:
    connections = [sign_in(settings, network_timeout=2) for _ in writers]
    for connection in connections:
        connection.cursor().execute("use schema D.PUBLIC")
    threads = [threading.Thread(target=writer.work, args=pair) for writer, *pair in zip(writers, connections, strict=True)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    end()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def compare(writer: Writer, connection: SnowflakeConnection, folder: Path) -> list[str]:
    """What is lost, what is there that nobody wrote, and what is there by half; the open action is settled with it."""

    def rows(text: str) -> list[tuple[Any, ...]]:
        return list(connection.cursor().execute(text).fetchall())

    found = {
        "insert": [n for (n,) in rows(f"select N from LOG where WRITER = {writer.number}")],
        "pair": pairs(rows(f"select N, sum(SIDE), count(*) from PAIRS where WRITER = {writer.number} group by N")),
        "table": whole(rows(f"select N, count(*) from OWN_{writer.number} group by N")) if writer.done["table"] else [],
        "put": files(rows(f"list @FILES pattern = '{writer.number}_.*'"), writer),
        "version": versions(connection, rows(f"show versions in dataset SET_{writer.number}"), writer.number, folder),
    }
    writer.done["table"] = writer.done["table"][-1:]
    faults = []
    for kind, numbers in found.items():
        lost = set(writer.done[kind]) - set(numbers) if kind != "table" else set()
        made = set(numbers) - writer.may_be(kind)
        twice = len(numbers) - len(set(numbers))
        faults += [f"{writer.number} {kind}: lost {lost}, made {made}, {twice} twice"] if lost or made or twice else []
        writer.done[kind] = sorted(numbers)
    writer.open = None
    return faults


def pairs(rows: list[tuple[Any, ...]]) -> list[int]:
    assert [row for row in rows if row[1:] != (3, 2)] == [], "half of a transaction"
    return [row[0] for row in rows]


def whole(rows: list[tuple[Any, ...]]) -> list[int]:
    assert len(rows) == 1, "a table that is neither the old nor the new one"
    assert rows[0][1] == 1000, "half of a table"
    return [rows[0][0]]


def files(rows: list[tuple[Any, ...]], writer: Writer) -> list[int]:
    numbers = [int(row[0].rpartition("_")[2].removesuffix(".txt")) for row in rows]
    assert [row[1] for row in rows] == [len(f"{writer.number} {n}\n") * 1000 for n in numbers], "half of a file"
    return numbers


def versions(connection: SnowflakeConnection, rows: list[tuple[Any, ...]], number: int, folder: Path) -> list[int]:
    """Every version that is shown can be fetched and read; the newest is read to its end."""
    names = sorted((row[1] for row in rows), key=lambda name: int(name[1:]))
    for name in names[-2:]:
        target = folder / f"get_{number}_{name}"
        target.mkdir(exist_ok=True)
        connection.cursor().execute(f"get 'snow://dataset/D.PUBLIC.SET_{number}/versions/{name}/' file://{target}/")
        values = {n for file in target.iterdir() for n in pyarrow.parquet.read_table(file)["N"].to_pylist()}
        assert values == {int(name[1:])}, "half of a version"
    return [int(name[1:]) for name in names]
