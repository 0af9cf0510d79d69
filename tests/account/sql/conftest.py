"""A session in an account in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from mlops_local.account.account import Account
from mlops_local.account.clock import TestClock
from mlops_local.account.session.session import Session

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with Account.open(None, clock=TestClock(NOON)) as opened:
        yield opened


@pytest.fixture
def session(account: Account) -> Iterator[Session]:
    """In an empty schema of its own."""
    made = account.open_session("ADMIN", role="ACCOUNTADMIN")
    made.run("CREATE OR REPLACE DATABASE D")
    yield made
    made.close()
