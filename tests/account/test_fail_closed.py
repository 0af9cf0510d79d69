"""Statements that once answered success for something they had not done, or showed what was not theirs to show."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.session.session import Request, Session


@pytest.fixture
def account() -> Iterator[Account]:
    with Account.open(None) as opened:
        yield opened


@pytest.fixture
def session(account: Account) -> Iterator[Session]:
    made = account.open_session("ADMIN", role="ACCOUNTADMIN")
    for text in ("CREATE DATABASE D", "CREATE WAREHOUSE W", "CREATE TABLE T (A INT)", "CREATE ROLE R", "CREATE USER U"):
        made.run(text)
    yield made
    made.close()


def values(session: Session, text: str) -> list[list[Any]]:
    return [list(row.values()) for row in session.run(text).table.to_pylist()]


def grants(session: Session, text: str) -> list[str]:
    return [row[1] for row in values(session, f"SHOW GRANTS {text}")]


REFUSED = [
    ("CREATE WAREHOUSE W2 WAREHOUSE_SIZE = 'ENORMOUS'", 1008, "ENORMOUS"),
    ("ALTER WAREHOUSE W SET WAREHOUSE_SIZE = ENORMOUS", 1008, "ENORMOUS"),
    ("ALTER USER U UNSET NONSENSE", 1003, "NONSENSE"),
    ("DROP ROLE ACCOUNTADMIN", 3001, "ACCOUNTADMIN"),
    ("DROP ROLE PUBLIC", 3001, "PUBLIC"),
    ("GRANT NONSENSE ON TABLE T TO ROLE R", 1003, "NONSENSE"),
    ("GRANT USAGE ON TABLE T TO ROLE R", 1003, "USAGE"),
    ("GRANT SELECT, NONSENSE ON TABLE T TO ROLE R", 1003, "NONSENSE"),
    ("GRANT CREATE NONSENSE ON SCHEMA PUBLIC TO ROLE R", 1003, "CREATE NONSENSE"),
    ("GRANT IMPORTED PRIVILEGES ON DATABASE D TO ROLE R", 1003, "IMPORTED PRIVILEGES"),
    ("REVOKE OWNERSHIP ON TABLE T FROM ROLE R", 2, "REVOKE OWNERSHIP"),
    ("GRANT SELECT ON TABLE T TO USER U", 2, "USER"),
    ("GRANT SELECT ON TABLE T TO SHARE S", 2, "SHARE"),
    ("GRANT DATABASE ROLE D.R TO ROLE R", 2, "DATABASE ROLE"),
    ("GRANT SELECT ON TABLE T TO ROLE R COPY CURRENT GRANTS", 1003, "COPY"),
    ("GRANT ROLE R TO ROLE R", 1003, "contain itself"),
    ("GRANT ROLE ACCOUNTADMIN TO ROLE SYSADMIN", 1003, "contain itself"),
    ("REVOKE ROLE NOBODY FROM USER U", 2003, "NOBODY"),
    ("REVOKE ROLE R FROM USER NOBODY", 2003, "NOBODY"),
    ("CREATE TABLE T2 (A INT DEFAULT NUMBERS.NEXTVAL)", 904, "NEXTVAL"),
    ("CREATE TABLE T2 (A INT DEFAULT (SELECT 1))", 2, "SELECT 1"),
    ("ALTER TABLE T ADD COLUMN B INT DEFAULT NONSENSE()", 2140, "NONSENSE"),
    ("CREATE USER V LOGIN_NAME = 'SOMEBODY'", 2, "LOGIN_NAME"),
    ("CREATE FUNCTION F() RETURNS INT LANGUAGE PYTHON RUNTIME_VERSION = '2.7' HANDLER = 'f' AS 'f = 1'", 2, "RUNTIME_VERSION"),
]


_WORDS_BEFORE_KINDS = [
    ("TEMPORARY", "DATABASE X"),
    ("SECURE", "WAREHOUSE X"),
    ("TRANSIENT", "STAGE X"),
    ("TEMPORARY", "TAG X"),
    ("SECURE", "TABLE X (A INT)"),
    ("LOCAL", "TABLE X (A INT)"),
    ("RECURSIVE", "ROLE X"),
    ("TEMPORARY", "TASK X WAREHOUSE = W AS SELECT 1"),
]


@pytest.mark.parametrize(("word", "rest"), _WORDS_BEFORE_KINDS)
def test_no_word_between_create_and_the_kind_is_ignored(session: Session, word: str, rest: str) -> None:
    with pytest.raises(AccountError, match=f"CREATE {word} {rest.split(maxsplit=1)[0]}"):
        session.run(f"CREATE {word} {rest}")


def test_a_view_keeps_the_number_of_its_columns(session: Session) -> None:
    session.run("CREATE VIEW V AS SELECT * FROM T")
    session.run("ALTER TABLE T ADD COLUMN B INT")
    with pytest.raises(AccountError) as refusal:
        session.run("SELECT * FROM V")
    assert refusal.value.number == 2057


@pytest.mark.parametrize(("text", "number", "named"), REFUSED)
def test_is_refused_by_name(session: Session, text: str, number: int, named: str) -> None:
    with pytest.raises(AccountError, match=named) as refusal:
        session.run(text)
    assert refusal.value.number == number


def test_all_privileges_are_every_privilege_of_the_kind(session: Session) -> None:
    session.run("GRANT ALL PRIVILEGES ON WAREHOUSE W TO ROLE R")
    assert grants(session, "TO ROLE R") == ["APPLYBUDGET", "MODIFY", "MONITOR", "OPERATE", "USAGE"]
    session.run("REVOKE ALL ON WAREHOUSE W FROM ROLE R")
    assert grants(session, "TO ROLE R") == []


def test_ownership_can_leave_the_other_grants_behind(session: Session) -> None:
    session.run("GRANT SELECT ON TABLE T TO ROLE R")
    session.run("GRANT OWNERSHIP ON TABLE T TO ROLE SYSADMIN COPY CURRENT GRANTS")
    assert grants(session, "ON TABLE T") == ["OWNERSHIP", "SELECT"]
    session.run("GRANT OWNERSHIP ON TABLE T TO ROLE R REVOKE CURRENT GRANTS")
    assert grants(session, "ON TABLE T") == ["OWNERSHIP"]


def test_a_role_or_user_made_anew_has_nothing(session: Session) -> None:
    session.run("GRANT SELECT ON TABLE T TO ROLE R")
    session.run("GRANT ROLE R TO USER U")
    session.run("DROP ROLE R")
    session.run("CREATE ROLE R")
    assert grants(session, "TO ROLE R") == []
    assert grants(session, "TO USER U") == []
    session.run("GRANT ROLE R TO USER U")
    session.run("DROP USER U")
    session.run("CREATE USER U")
    assert grants(session, "TO USER U") == []


@pytest.mark.parametrize("text", ["ALTER USER U SET PASSWORD = 'open sesame'", "CREATE USER V PASSWORD='open ''sesame'"])
def test_no_password_stays_in_the_history(session: Session, text: str) -> None:
    session.run(text)
    history = values(session, "SELECT QUERY_TEXT FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY())")
    assert any("********" in row[0] for row in history)
    assert not any("sesame" in row[0] for row in history)


def test_answers_belong_to_the_user_who_asked(account: Account, session: Session) -> None:
    request = Request("SELECT 42", query_id=str(uuid.uuid4()))
    session.execute(request)
    scan = f"SELECT * FROM TABLE(RESULT_SCAN('{request.query_id}'))"
    assert values(session, scan) == [[42]]
    other = account.open_session("U")
    try:
        other.database, other.schema = session.database, session.schema
        with pytest.raises(AccountError) as refusal:
            other.run(scan)
    finally:
        other.close()
    assert refusal.value.number == 709


DESCRIBED = [
    "SET X = 1",
    "USE ROLE R",
    "USE SCHEMA D.INFORMATION_SCHEMA",
    "BEGIN",
    "GRANT SELECT ON TABLE T TO ROLE R",
    "GRANT ROLE R TO USER U",
    "INSERT INTO T VALUES (1)",
    "DELETE FROM T",
    "TRUNCATE TABLE T",
    "DROP TABLE T",
    "CREATE TABLE T2 (A INT)",
    "ALTER SESSION SET QUERY_TAG = 'x'",
    "COMMENT ON TABLE T IS 'x'",
]


@pytest.mark.parametrize("text", DESCRIBED)
def test_describing_changes_nothing(session: Session, text: str) -> None:
    session.run("INSERT INTO T VALUES (7)")
    before = _state(session)
    session.execute(Request(text, describe_only=True))
    assert _state(session) == before


def _state(session: Session) -> tuple[Any, ...]:
    held = (session.role, session.schema, dict(session.variables), dict(session.parameters), session.explicit_transaction)
    with session.account.system_session() as system:
        kept = system.connection.fetch("SELECT kind, name, comment FROM account.objects ORDER BY ALL")
        granted = system.connection.fetch("SELECT privilege, object_name, grantee FROM account.grants ORDER BY ALL")
    return (*held, kept, granted, values(session, "SELECT * FROM T"))


def test_information_schema_knows_tables_that_are_not_filled_yet(session: Session) -> None:
    session.run("CREATE DYNAMIC TABLE DT TARGET_LAG = '1 hour' WAREHOUSE = W INITIALIZE = ON_SCHEDULE AS SELECT A FROM T")
    found = values(session, "SELECT TABLE_NAME, ROW_COUNT FROM INFORMATION_SCHEMA.TABLES ORDER BY 1")
    assert found == [["DT", None], ["T", 0]]


def test_statements_of_another_session_can_be_ended_by_its_user_only(account: Account, session: Session) -> None:
    other = account.open_session("U")
    try:
        with pytest.raises(AccountError) as refusal:
            session.run(f"SELECT SYSTEM$CANCEL_ALL_QUERIES({other.id})")
    finally:
        other.close()
    assert refusal.value.number == 2003
    assert values(session, f"SELECT SYSTEM$CANCEL_ALL_QUERIES({session.id})") == [["all queries cancelled."]]
