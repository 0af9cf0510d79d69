"""What tells of several objects at once tells only of those that the role may know of."""

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
        admin = opened.open_session("ADMIN", role="ACCOUNTADMIN")
        for text in (
            "CREATE DATABASE D",
            "CREATE TABLE SEEN (A INT PRIMARY KEY)",
            "CREATE TABLE UNSEEN (A INT REFERENCES SEEN)",
            "CREATE TABLE GONE (A INT)",
            "DROP TABLE GONE",
            "CREATE ROLE GUEST",
            "CREATE USER GUEST",
            "GRANT ROLE GUEST TO USER GUEST",
            "GRANT USAGE ON DATABASE D TO ROLE GUEST",
            "GRANT USAGE, CREATE TABLE ON SCHEMA D.PUBLIC TO ROLE GUEST",
            "GRANT SELECT ON TABLE SEEN TO ROLE GUEST",
        ):
            admin.run(text)
        admin.close()
        yield opened


@pytest.fixture(scope="module")
def guest(account: Account) -> Iterator[Session]:
    opened = account.open_session("GUEST", role="GUEST", database="D", schema="PUBLIC")
    yield opened
    opened.close()


def rows(session: Session, text: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in session.run(text).table.to_pylist()]


def test_lists_leave_out_what_the_role_cannot_see(guest: Session) -> None:
    assert [row[1] for row in rows(guest, "DESCRIBE SCHEMA PUBLIC")] == ["SEEN"]
    assert [row[1] for row in rows(guest, "SHOW OBJECTS")] == ["SEEN"]
    assert [row[1] for row in rows(guest, "SHOW TABLES HISTORY")] == ["SEEN"]
    [(text,)] = rows(guest, "SELECT GET_DDL('SCHEMA', 'PUBLIC')")
    assert "UNSEEN" not in text
    assert "SEEN" in text
    assert rows(guest, "SHOW EXPORTED KEYS IN TABLE SEEN") == []
    assert rows(guest, "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLE_CONSTRAINTS") == [("SEEN",)]


@pytest.mark.parametrize(
    "text",
    [
        "UNDROP TABLE GONE",
        "CREATE TABLE MINE CLONE UNSEEN",
        "CREATE SCHEMA MINE CLONE PUBLIC",
        "ALTER SCHEMA PUBLIC RENAME TO MINE",
        "CREATE TABLE MINE (A INT REFERENCES SEEN)",
        "SELECT GET_DDL('TABLE', 'UNSEEN')",
        "SELECT * FROM SNOWFLAKE.ACCOUNT_USAGE.TABLES",
        "CREATE OR ALTER TABLE SEEN (A INT, B INT)",
    ],
)
def test_is_refused(guest: Session, text: str) -> None:
    with pytest.raises(AccountError, match=r"not authorized|privileges|was purged"):
        guest.run(text)


def test_a_column_is_renamed_in_keys_that_the_role_cannot_see(account: Account, guest: Session) -> None:
    admin = account.open_session("ADMIN", role="ACCOUNTADMIN", database="D", schema="PUBLIC")
    admin.run("GRANT OWNERSHIP ON TABLE SEEN TO ROLE GUEST COPY CURRENT GRANTS")
    guest.run("ALTER TABLE SEEN RENAME COLUMN A TO B")
    assert [row[4] for row in rows(admin, "SHOW IMPORTED KEYS IN TABLE UNSEEN")] == ["B"]
    admin.close()
