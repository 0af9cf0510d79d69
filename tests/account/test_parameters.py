"""Session parameters: those that have an effect have it, the others take no value that would pretend to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.session.session import Session


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with Account.open(None) as opened:
        yield opened


@pytest.fixture
def session(account: Account) -> Iterator[Session]:
    made = account.open_session("ADMIN", role="ACCOUNTADMIN")
    yield made
    made.close()


WITHOUT_EFFECT = [
    ("TIMESTAMP_TYPE_MAPPING", "TIMESTAMP_LTZ"),
    ("BINARY_OUTPUT_FORMAT", "BASE64"),
]


@pytest.mark.parametrize(("name", "value"), WITHOUT_EFFECT)
def test_a_value_without_effect_is_refused(account: Account, session: Session, name: str, value: Any) -> None:
    with pytest.raises(AccountError, match=name):
        session.run(f"ALTER SESSION SET {name} = {value!r}")
    with pytest.raises(AccountError, match=name):
        account.open_session("ADMIN", parameters={name.lower(): value})


@pytest.mark.parametrize(
    "text",
    ["TIMEZONE = 'UTC'", "TIMEZONE = 'Etc/UTC'", "DATE_OUTPUT_FORMAT = 'AUTO'", "QUOTED_IDENTIFIERS_IGNORE_CASE = 'false'"],
)
def test_values_that_answers_agree_with_are_taken(session: Session, text: str) -> None:
    session.run(f"ALTER SESSION SET {text}")


@pytest.mark.parametrize(
    "text",
    ["STATEMENT_TIMEOUT_IN_SECONDS = 'soon'", "AUTOCOMMIT = 'maybe'", "TIMEZONE = 'Mars/Olympus'", "MULTI_STATEMENT_COUNT = -1"],
)
def test_values_of_the_wrong_kind_are_refused(session: Session, text: str) -> None:
    with pytest.raises(AccountError) as refusal:
        session.run(f"ALTER SESSION SET {text}")
    assert refusal.value.number == 1008


def test_a_statement_ends_when_its_time_is_up(session: Session) -> None:
    session.run("ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 1")
    rows = "TABLE(GENERATOR(ROWCOUNT => 1000000))"
    with pytest.raises(AccountError) as refusal:
        session.run(f"SELECT COUNT(*) FROM {rows} A, {rows} B WHERE ABS(RANDOM()) > 3")
    assert (refusal.value.number, refusal.value.state) == (630, "57014")
    assert session.run("SELECT 1").table.column(0).to_pylist() == [1]


def test_secondary_roles_are_all_or_none_or_roles_of_the_user(session: Session) -> None:
    session.run("USE SECONDARY ROLES ALL")
    session.run("USE SECONDARY ROLES NONE")
    with pytest.raises(AccountError, match="'NOBODY' does not exist or not authorized"):
        session.run("USE SECONDARY ROLES NOBODY")
