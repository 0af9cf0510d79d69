"""Names that change, and the parameters of objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from snowflake.connector import ProgrammingError

Ask = Callable[..., list[tuple[Any, ...]]]


def test_routines_have_other_names(ask: Ask) -> None:
    ask("CREATE FUNCTION F(A INT) RETURNS INT AS 'A + 1'")
    ask("CREATE PROCEDURE P(A INT) RETURNS INT LANGUAGE SQL AS 'BEGIN RETURN a; END'")
    ask("CREATE SCHEMA ELSEWHERE")
    ask("USE SCHEMA S")
    ask("ALTER FUNCTION F(INT) RENAME TO G")
    ask("ALTER PROCEDURE IF EXISTS P(INT) RENAME TO ELSEWHERE.Q")
    assert ask("SELECT G(1)") == [(2,)]
    assert ask("CALL ELSEWHERE.Q(3)") == [(3,)]
    with pytest.raises(ProgrammingError, match="Unknown"):
        ask("SELECT F(1)")
    ask("ALTER FUNCTION G(INT) SET SECURE")
    assert ask("SELECT IS_SECURE FROM INFORMATION_SCHEMA.FUNCTIONS WHERE FUNCTION_NAME = 'G'") == [("YES",)]


def test_dynamic_tables_change_places(ask: Ask) -> None:
    for name, value in (("ONE", 1), ("TWO", 2)):
        ask(f"CREATE DYNAMIC TABLE {name} TARGET_LAG = '1 hour' WAREHOUSE = SHARED_WH AS SELECT {value} AS A")
    ask("ALTER DYNAMIC TABLE ONE SWAP WITH TWO")
    assert ask("SELECT (SELECT A FROM ONE), (SELECT A FROM TWO)") == [(2, 1)]
    ask("CREATE TABLE PLAIN (A INT)")
    with pytest.raises(ProgrammingError, match="DYNAMIC_TABLE"):
        ask("ALTER TABLE PLAIN SWAP WITH ONE")


def test_parameters_are_those_in_force(ask: Ask) -> None:
    ask("CREATE SCHEMA KEPT DATA_RETENTION_TIME_IN_DAYS = 3")
    ask("CREATE TABLE T (A INT)")
    assert [row[:4] for row in ask("SHOW PARAMETERS LIKE 'DATA%' IN TABLE T")] == [
        ("DATA_RETENTION_TIME_IN_DAYS", "3", "1", "SCHEMA")
    ]
    ask("ALTER TABLE T SET DATA_RETENTION_TIME_IN_DAYS = 0")
    assert [row[1:4] for row in ask("SHOW PARAMETERS IN TABLE T")] == [("0", "1", "TABLE")]
    ask("CREATE WAREHOUSE LIMITED STATEMENT_TIMEOUT_IN_SECONDS = 60")
    assert [row[1] for row in ask("SHOW PARAMETERS LIKE 'STATEMENT_TIME%' FOR WAREHOUSE LIMITED")] == ["60"]
    ask("USE WAREHOUSE SHARED_WH")
    ask("USE SCHEMA S")
    with pytest.raises(ProgrammingError, match="does not exist"):
        ask("SHOW PARAMETERS IN TABLE NOTHING")
