"""Table functions written in SQL: alone, joined, by name, and nested."""

from __future__ import annotations

import pytest
from snowflake.connector.errors import ProgrammingError
from snowflake.snowpark import Session as Snowpark
from snowflake.snowpark.functions import lit

from tests.account.conftest import Ask


@pytest.fixture(scope="module", autouse=True)
def declared(ask: Ask) -> None:
    ask("CREATE TABLE ORDERS (ID INT, CUSTOMER VARCHAR, AMOUNT NUMBER(10,2))")
    ask("INSERT INTO ORDERS VALUES (1, 'a', 10), (2, 'b', 20), (3, 'a', 5.5)")
    ask(
        'CREATE FUNCTION ORDERS_OF(WHO VARCHAR, LEAST NUMBER(10,2) DEFAULT 0) RETURNS TABLE (ID INT, "amount" FLOAT) AS '
        "'SELECT ID, AMOUNT FROM ORDERS WHERE CUSTOMER = who AND AMOUNT >= (SELECT LEAST)'"
    )


def test_its_rows_stand_in_from(ask: Ask) -> None:
    assert ask("SELECT * FROM TABLE(ORDERS_OF('a')) ORDER BY ID") == [(1, 10.0), (3, 5.5)]
    assert ask("SELECT o.\"amount\" FROM TABLE(ORDERS_OF(LEAST => 6, WHO => 'a')) o") == [(10.0,)]


def test_it_is_joined_row_by_row(ask: Ask) -> None:
    found = ask("SELECT c.N, o.ID FROM (SELECT 'b' AS N UNION ALL SELECT 'a') c, TABLE(ORDERS_OF(c.N, 6)) o ORDER BY o.ID")
    assert found == [("a", 1), ("b", 2)]


def test_it_calls_another_and_has_no_arguments(ask: Ask) -> None:
    ask("CREATE FUNCTION ALL_OF_A() RETURNS TABLE (N INT) AS 'SELECT COUNT(*) FROM TABLE(ORDERS_OF(''a''))'")
    assert ask("SELECT N FROM TABLE(ALL_OF_A())") == [(2,)]


def test_snowpark_calls_it(snowpark: Snowpark) -> None:
    rows = snowpark.table_function("ORDERS_OF", lit("b")).collect()
    assert [row.ID for row in rows] == [2]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("CREATE FUNCTION BAD() RETURNS TABLE (A INT, B INT) AS 'SELECT 1'", "has 1 columns, 2 are declared"),
        ("CREATE FUNCTION BAD() RETURNS TABLE (A INT) AS 'SELECT NOWHERE FROM ORDERS'", "NOWHERE"),
        ("SELECT ORDERS_OF('a')", "as a value"),
        ("SELECT * FROM TABLE(ORDERS_OF())", "ORDERS_OF"),
    ],
)
def test_what_it_cannot_be_is_refused(ask: Ask, statement: str, said: str) -> None:
    with pytest.raises(ProgrammingError, match=said):
        ask(statement)
