"""Many sessions at once: nothing is lost, nobody sees another's session, and everybody sees committed rows only.

A few as a test; `python -m tests.account.faults.load` takes 32 sessions of 500 statements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from ..conftest import Ask
from .again import number

SESSIONS = number("LOAD_SESSIONS", 8)
STATEMENTS = number("LOAD_STATEMENTS", 48)


class Worker:
    """One session. Each turn of 12 statements moves an amount within a transaction, and looks at what is its own."""

    def __init__(self, connection: SnowflakeConnection, number: int) -> None:
        self._cursor = connection.cursor()
        self._number = number
        self.committed = 0
        self._run(f"set MINE = 'session {number}'")
        self._run("create temporary table HIDDEN (N int)")
        self._run(f"insert into HIDDEN values ({number})")

    def _run(self, text: str) -> list[tuple[Any, ...]]:
        return list(self._cursor.execute(text).fetchall())

    def work(self) -> int:
        for turn in range(-(-STATEMENTS // 12)):
            self._transfer(turn)
            self._look()
        return self.committed

    def _transfer(self, turn: int) -> None:
        self._run("begin")
        self._run(f"insert into TRANSFERS values ({self._number}, {turn}, {turn + 1})")
        self._run(f"insert into TRANSFERS values ({self._number}, {turn}, -{turn + 1})")
        self._run("rollback" if turn % 3 == 2 else "commit")
        self.committed += 0 if turn % 3 == 2 else 2

    def _look(self) -> None:
        assert self._run("select coalesce(sum(AMOUNT), 0), count(*) % 2 from TRANSFERS") == [(0, 0)]
        assert self._run(f"select count(*) from TRANSFERS where SESSION = {self._number}") == [(self.committed,)]
        assert self._run("select $MINE, N from HIDDEN") == [(f"session {self._number}", self._number)]
        query_id = self._cursor.sfqid
        assert self._run("select last_query_id()") == [(query_id,)]
        assert self._run(f"select N from table(result_scan('{query_id}'))") == [(self._number,)]
        with pytest.raises(ProgrammingError, match=f"NOT_THERE_{self._number}'"):
            self._run(f"select * from NOT_THERE_{self._number}")
        self._run(f"create or replace table OWN_{self._number} as select seq4() as I from table(generator(rowcount => 5000))")
        assert self._run(f"select count(*), max(I) from OWN_{self._number}") == [(5000, 4999)]


@pytest.fixture
def workers(client: SnowflakeConnection, ask: Ask, sign_in: Callable[[], SnowflakeConnection]) -> Iterator[list[Worker]]:
    ask("create or replace table TRANSFERS (SESSION int, TURN int, AMOUNT int)")
    connections = [sign_in() for _ in range(SESSIONS)]
    yield [Worker(connection, i) for i, connection in enumerate(connections)]
    for connection in connections:
        connection.close()


def test_sessions_at_once_lose_nothing_and_share_nothing(workers: list[Worker], ask: Ask) -> None:
    with ThreadPoolExecutor(len(workers)) as pool:
        committed = list(pool.map(Worker.work, workers))
    assert ask("select SESSION, count(*) from TRANSFERS group by all order by all") == list(enumerate(committed))
