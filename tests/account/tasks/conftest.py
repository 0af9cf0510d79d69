"""An account whose clock the tests move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from mlops_local.account.account import Account
from mlops_local.account.clock import TestClock
from mlops_local.account.session.session import Session

START = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)
Rows = list[dict[str, Any]]
Run = Callable[..., Rows]


@pytest.fixture
def clock() -> TestClock:
    return TestClock(START)


@pytest.fixture
def account(clock: TestClock) -> Iterator[Account]:
    with Account.open(None, clock=clock) as opened:
        yield opened


@pytest.fixture
def session(account: Account) -> Iterator[Session]:
    found = account.open_session("ADMIN", role="ACCOUNTADMIN")
    for text in (
        "CREATE WAREHOUSE W",
        "CREATE DATABASE D",
        "CREATE SCHEMA S",
        "CREATE TABLE LOG (NAME VARCHAR, AT TIMESTAMP_LTZ)",
    ):
        found.run(text)
    yield found
    found.close()


@pytest.fixture
def run(session: Session) -> Run:
    """Runs statements; the rows of the last one."""

    def statements(*texts: str) -> Rows:
        result = [session.run(text) for text in texts][-1]
        names = [column.name for column in result.columns]
        return [
            dict(zip(names, row.values(), strict=True))
            for row in result.table.rename_columns([str(i) for i in range(len(names))]).to_pylist()
        ]

    return statements
