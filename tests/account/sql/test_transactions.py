"""A statement that fails is undone alone; the transaction around it stays open, as in Snowflake."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.session.session import Session


def rows(session: Session, table: str = "T") -> list[tuple[Any, ...]]:
    result = session.run(f"SELECT * FROM {table} ORDER BY ALL").table
    return list(zip(*(column.to_pylist() for column in result.columns), strict=True))


def fail(session: Session, text: str) -> AccountError:
    with pytest.raises(AccountError) as caught:
        session.run(text)
    return caught.value


FAILURES = [
    "SELECT NOPE FROM T",
    "SELECT 1/0",
    "INSERT INTO T SELECT A, B FROM T WHERE 1 / (A - A) = 1",
    "INSERT INTO T VALUES ('x', 'y')",
    "SELECT * FROM NOWHERE",
    "UPDATE T SET A = TO_NUMBER(B)",
    "not a statement",
]


@pytest.mark.parametrize("failure", FAILURES)
def test_what_came_before_a_failure_stays(session: Session, failure: str) -> None:
    session.run("CREATE TABLE T (A INT, B VARCHAR)")
    session.run("BEGIN")
    session.run("INSERT INTO T VALUES (1, 'a'), (2, 'b')")
    session.run("UPDATE T SET B = 'c' WHERE A = 2")
    error = fail(session, failure)
    assert "rolled back" not in error.message
    session.run("DELETE FROM T WHERE A = 1")
    assert rows(session) == [(2, "c")]
    session.run("COMMIT")
    assert rows(session) == [(2, "c")]


def test_a_rollback_after_a_failure_undoes_everything(session: Session) -> None:
    session.run("CREATE TABLE T (A INT, B VARCHAR)")
    session.run("BEGIN")
    session.run("INSERT INTO T VALUES (1, 'a')")
    fail(session, "SELECT 1/0")
    session.run("ROLLBACK")
    assert rows(session) == []


def test_random_rows_and_numbered_ones_stay_what_they_were(session: Session) -> None:
    session.run("CREATE TABLE T (ID INT AUTOINCREMENT, A NUMBER(38,0), B VARCHAR, V VARIANT, TS TIMESTAMP_NTZ, X NUMBER(9,2))")
    session.run("BEGIN")
    session.run(
        "INSERT INTO T (A, B, V, TS, X) SELECT RANDOM(), UUID_STRING(), {'a': 1}, '2020-01-01 00:00:00.123456789', 1.25 "
        "FROM TABLE(GENERATOR(ROWCOUNT => 3))"
    )
    before = rows(session)
    fail(session, "SELECT 1/0")
    assert rows(session) == before
    session.run("COMMIT")
    assert rows(session) == before


def test_bound_rows_stay(session: Session) -> None:
    session.run("CREATE TABLE T (A INT, B VARCHAR)")
    session.run("SELECT 1 AS A, 'q' AS B")
    session.run("BEGIN")
    session.run("INSERT INTO T SELECT * FROM TABLE(RESULT_SCAN(LAST_QUERY_ID(-2)))")
    fail(session, "SELECT 1/0")
    assert rows(session) == [(1, "q")]
    session.run("COMMIT")


def test_what_cannot_be_made_again_is_rolled_back_and_says_so(session: Session) -> None:
    session.run("CREATE TABLE T (A NUMBER(38,0), B VARCHAR)")
    session.run("INSERT INTO T VALUES (1, 'a')")
    session.run("BEGIN")
    session.run("UPDATE T SET A = RANDOM()")
    assert "The transaction that was open has been rolled back." in fail(session, "SELECT 1/0").message
    assert rows(session) == [(1, "a")]


def test_autocommit_off_keeps_what_succeeded(session: Session) -> None:
    session.run("CREATE TABLE T (A INT, B VARCHAR)")
    session.run("ALTER SESSION SET AUTOCOMMIT = FALSE")
    session.run("INSERT INTO T VALUES (1, 'a')")
    fail(session, "INSERT INTO T VALUES ('x', 'y')")
    session.run("COMMIT")
    assert rows(session) == [(1, "a")]


def test_nobody_writes_in_between(account: Account, session: Session) -> None:
    session.run("CREATE TABLE T (A INT, B VARCHAR)")
    session.run("BEGIN")
    session.run("INSERT INTO T VALUES (1, 'a')")
    fail(session, "SELECT 1/0")
    assert account.engine._owner is session.connection
    session.run("COMMIT")


def test_a_stream_is_read_up_to_where_the_last_success_read_it(session: Session) -> None:
    session.run("CREATE TABLE T (A INT)")
    session.run("CREATE TABLE COPIED (A INT)")
    session.run("CREATE STREAM ST ON TABLE T")
    session.run("INSERT INTO T VALUES (1)")
    session.run("BEGIN")
    session.run("INSERT INTO COPIED SELECT 7")
    fail(session, "INSERT INTO COPIED SELECT A / 0 FROM ST")
    session.run("COMMIT")
    assert rows(session, "COPIED") == [(7,)]
    assert session.run("SELECT COUNT(*) FROM ST").table.column(0).to_pylist() == [1]
