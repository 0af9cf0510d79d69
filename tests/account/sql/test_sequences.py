"""Sequences count on whatever becomes of the statement that asked them."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_local.account.errors import AccountError
from mlops_local.account.session.session import Request, Session


def rows(session: Session, text: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in session.run(text).table.to_pylist()]


def test_each_mention_and_each_row_is_a_number_of_its_own(session: Session) -> None:
    session.run("CREATE SEQUENCE S START WITH 5 INCREMENT BY 2 ORDER COMMENT = 'c'")
    session.execute(Request("SELECT S.NEXTVAL", describe_only=True))
    answer = session.run("SELECT S.NEXTVAL, PUBLIC.S.NEXTVAL AS B")
    assert [column.name for column in answer.columns] == ["NEXTVAL", "B"]
    assert [column[0].as_py() for column in answer.table.columns] == [5, 7]
    assert rows(session, "SELECT A, S.NEXTVAL FROM VALUES ('x'), ('y') AS T (A)") == [("x", 9), ("y", 11)]


def test_the_default_of_a_column_counts_in_the_tables_own_schema(session: Session) -> None:
    session.run("CREATE SEQUENCE S INCREMENT = 10")
    session.run("CREATE TABLE T (ID INT DEFAULT S.NEXTVAL, A VARCHAR)")
    table = f"{session.database}.{session.schema}.T"
    session.run("CREATE SCHEMA ELSEWHERE")
    session.run(f"INSERT INTO {table} (A) VALUES ('x'), ('y')")
    assert rows(session, f"SELECT * FROM {table}") == [(1, "x"), (11, "y")]


def test_it_is_shown_changed_copied_and_dropped(session: Session) -> None:
    session.run("CREATE SEQUENCE S START 3")
    session.run("SELECT S.NEXTVAL")
    session.run("ALTER SEQUENCE S SET INCREMENT BY -10")
    shown = session.run("SHOW SEQUENCES").table.to_pylist()[0]
    assert list(shown.values())[3:5] == [4, -10]
    assert rows(session, "SELECT S.NEXTVAL, S.NEXTVAL AS T") == [(4, -6)]
    session.run(f"CREATE SCHEMA COPIED CLONE {session.database}.PUBLIC")
    assert rows(session, f"SELECT {session.database}.COPIED.S.NEXTVAL") == [(-16,)]
    session.run(f"USE SCHEMA {session.database}.PUBLIC")
    session.run("ALTER SEQUENCE S RENAME TO R")
    session.run("DROP SEQUENCE R")
    with pytest.raises(AccountError, match="invalid identifier"):
        session.run("SELECT R.NEXTVAL")


def test_a_number_is_not_given_twice_after_a_rollback(session: Session) -> None:
    session.run("CREATE SEQUENCE S")
    session.run("BEGIN")
    first = rows(session, "SELECT S.NEXTVAL")
    session.run("ROLLBACK")
    assert rows(session, "SELECT S.NEXTVAL") != first


def test_a_step_of_zero_is_refused(session: Session) -> None:
    with pytest.raises(AccountError, match="INCREMENT"):
        session.run("CREATE SEQUENCE S INCREMENT 0")


def test_several_variables_are_set_at_once(session: Session) -> None:
    session.run("SET (A, B) = (1, 'x')")
    assert rows(session, "SELECT $A, $B") == [(1, "x")]
    session.run("SET (A, B) = (SELECT 2, 'y')")
    assert rows(session, "SELECT $A, $B") == [(2, "y")]
    with pytest.raises(AccountError):
        session.run("SET (A, B) = (1, 2, 3)")
    session.run("UNSET (A, B)")
    with pytest.raises(AccountError, match="does not exist"):
        session.run("SELECT $A")


def test_counting_takes_the_right_to_use_the_sequence(session: Session) -> None:
    session.run("CREATE SEQUENCE S")
    session.run("CREATE OR REPLACE ROLE COUNTING")
    session.run("GRANT ROLE COUNTING TO USER ADMIN")
    session.run(f"GRANT USAGE ON DATABASE {session.database} TO ROLE COUNTING")
    session.run("GRANT USAGE ON SCHEMA PUBLIC TO ROLE COUNTING")
    session.run("USE SECONDARY ROLES NONE")
    session.run("USE ROLE COUNTING")
    with pytest.raises(AccountError):
        session.run("SELECT S.NEXTVAL")
    session.run("USE ROLE ACCOUNTADMIN")
    session.run("GRANT USAGE ON SEQUENCE S TO ROLE COUNTING")
    session.run("USE ROLE COUNTING")
    assert rows(session, "SELECT S.NEXTVAL") == [(1,)]
