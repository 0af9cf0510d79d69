"""User-defined functions in SQL: their body stands in the place of the call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.session.session import Session


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Account.open(None) as account:
        made = account.open_session("ADMIN", role="ACCOUNTADMIN")
        for text in (
            "CREATE DATABASE D",
            "CREATE TABLE T (A INT, B VARCHAR)",
            "INSERT INTO T VALUES (1, 'x'), (2, 'y'), (3, NULL)",
            "CREATE FUNCTION NEXT_ONE(N INT) RETURNS INT AS 'n + 1'",
            "CREATE FUNCTION AREA(W INT, H INT DEFAULT 5) RETURNS INT AS 'w * h'",
            "CREATE FUNCTION SHOUT(X VARCHAR) RETURNS VARCHAR STRICT AS $$ UPPER(COALESCE(x, 'nobody')) || '!' $$",
            "CREATE FUNCTION LARGEST() RETURNS INT AS 'SELECT MAX(A) FROM T'",
            "CREATE FUNCTION TEXT_OF(K INT) RETURNS VARCHAR AS 'SELECT MAX(B) FROM T WHERE T.A = k'",
            "CREATE FUNCTION TWICE(N INT) RETURNS INT AS 'NEXT_ONE(n) * 2'",
            'CREATE FUNCTION "low"("x" INT) RETURNS INT AS \'"x" + 1\'',
        ):
            made.run(text)
        yield made
        made.close()


def column(session: Session, text: str) -> list[Any]:
    return list(session.run(text).table.column(0).to_pylist())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT NEXT_ONE(2)", [3]),
        ("SELECT NEXT_ONE('2')", [3]),
        ("SELECT NEXT_ONE(A) FROM T ORDER BY A", [2, 3, 4]),
        ("SELECT SUM(NEXT_ONE(A)) FROM T WHERE NEXT_ONE(A) > 2", [7]),
        ("SELECT AREA(2)", [10]),
        ("SELECT AREA(2, 3)", [6]),
        ("SELECT SHOUT(B) FROM T ORDER BY A", ["X!", "Y!", None]),
        ("SELECT LARGEST()", [3]),
        ("SELECT TEXT_OF(A) FROM T ORDER BY A", ["x", "y", None]),
        ("SELECT TEXT_OF(MAX(A) - 1) FROM T", ["y"]),
        ("SELECT TEXT_OF(K) FROM (SELECT A AS K FROM T) AS Q ORDER BY K", ["x", "y", None]),
        ("SELECT TWICE(4)", [10]),
        ("SELECT D.PUBLIC.TWICE(A) FROM T ORDER BY A", [4, 6, 8]),
        ('SELECT "low"(1)', [2]),
    ],
)
def test_answers(session: Session, text: str, expected: list[Any]) -> None:
    assert column(session, text) == expected


def test_names_in_the_body_belong_to_the_schema_of_the_function(session: Session) -> None:
    session.run("CREATE OR REPLACE SCHEMA ELSEWHERE")
    try:
        assert column(session, "SELECT PUBLIC.LARGEST()") == [3]
    finally:
        session.run("USE SCHEMA PUBLIC")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("CREATE FUNCTION BAD(K INT) RETURNS INT AS 'nonsense(k)'", 2140),
        ("CREATE FUNCTION BAD(K INT) RETURNS INT AS 'z + 1'", 904),
        ("CREATE FUNCTION BAD(K INT) RETURNS INT AS 'SELECT A FROM NOWHERE'", 2003),
        ("SELECT NEXT_ONE()", 2140),
    ],
)
def test_what_cannot_be_computed_is_refused(session: Session, text: str, number: int) -> None:
    with pytest.raises(AccountError) as refusal:
        session.run(text)
    assert refusal.value.number == number


def test_a_function_that_calls_itself_is_refused(session: Session) -> None:
    session.run("CREATE FUNCTION ENDLESS(N INT) RETURNS INT AS 'n'")
    session.run("CREATE OR REPLACE FUNCTION ENDLESS(N INT) RETURNS INT AS 'ENDLESS(n)'")
    with pytest.raises(AccountError, match="calls itself"):
        session.run("SELECT ENDLESS(1)")


def test_braces_in_names_are_letters(session: Session) -> None:
    session.run("""CREATE OR REPLACE FUNCTION BRACED("a{0}" INT) RETURNS INT AS 'SELECT max(A) + "a{0}" FROM (SELECT 1 AS A)'""")
    assert column(session, "SELECT BRACED(2)") == [3]
