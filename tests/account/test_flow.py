"""Chains of statements, each of which reads the answers of those before it."""

from __future__ import annotations

import pytest
from snowflake.connector import ProgrammingError
from snowflake.snowpark import Session as Snowpark

from tests.account.conftest import Ask


def test_each_statement_reads_the_answers_before_it(ask: Ask) -> None:
    chain = "SELECT 1 AS A ->> SELECT A + 1 AS A FROM $1 ->> SELECT * FROM $1 UNION ALL SELECT * FROM $2 ORDER BY A"
    assert ask(chain) == [(1,), (2,)]


def test_what_show_answers_can_be_selected_from(ask: Ask) -> None:
    ask("CREATE TABLE CHAINED (A INT)")
    assert ask("""SHOW TABLES LIKE 'CHAINED' ->> SELECT "name" FROM $1 WHERE "rows" = 0""") == [("CHAINED",)]


def test_values_are_bound_across_the_chain(ask: Ask) -> None:
    assert ask("SELECT %s AS A ->> SELECT A || %s FROM $1", ("a", "b")) == [("ab",)]


def test_snowpark_knows_the_columns_of_a_chain(snowpark: Snowpark) -> None:
    frame = snowpark.sql('SHOW WAREHOUSES ->> SELECT "name" AS NAME FROM $1')
    assert frame.columns == ["NAME"]
    assert frame.filter(frame["NAME"] == "SHARED_WH").count() == 1


def test_an_error_ends_the_chain(ask: Ask) -> None:
    with pytest.raises(ProgrammingError, match="NOT_THERE"):
        ask("SELECT * FROM NOT_THERE ->> CREATE TABLE NEVER_MADE (A INT) ->> SELECT 1")
    assert ask("SHOW TABLES LIKE 'NEVER_MADE'") == []


@pytest.mark.parametrize(
    "text", ["SELECT 1 ->>", "->> SELECT 1", "SELECT 1 ->> SELECT * FROM $2", "SELECT 1 ->> SELECT * FROM $0"]
)
def test_a_chain_with_a_gap_is_refused(ask: Ask, text: str) -> None:
    with pytest.raises(ProgrammingError) as error:
        ask(text)
    assert error.value.errno == 1003
