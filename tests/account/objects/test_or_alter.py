"""CREATE OR ALTER, temporary and recursive views, and columns that change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from snowflake.connector import ProgrammingError
from snowflake.snowpark import Session as Snowpark

Ask = Callable[..., list[tuple[Any, ...]]]


def test_a_table_becomes_what_the_statement_says_and_keeps_its_rows(ask: Ask) -> None:
    ask("CREATE TAG G")
    assert ask("CREATE OR ALTER TABLE T (A INT, B VARCHAR, C INT) COMMENT = 'first'") == [("Table T successfully created.",)]
    ask("ALTER TABLE T SET TAG G = 'kept'")
    ask("INSERT INTO T VALUES (1, 'x', 3)")
    altered = ask("CREATE OR ALTER TABLE T (A NUMBER(10,2) COMMENT 'a', C INT NOT NULL, D INT DEFAULT 7, PRIMARY KEY (C))")
    assert altered == [("Table T successfully altered.",)]
    assert ask("SELECT A::VARCHAR, C, D, SYSTEM$GET_TAG('G', 'T', 'TABLE') FROM T") == [("1.00", 3, 7, "kept")]
    assert ask("SELECT GET_DDL('TABLE', 'T')") == [
        (
            "create or replace TABLE T (\n\tA NUMBER(10,2) COMMENT 'a',\n\tC NUMBER(38,0) NOT NULL,\n\tD NUMBER(38,0) DEFAULT 7,\n"
            "\tprimary key (C)\n)\n;",
        )
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("CREATE OR ALTER TABLE K (B INT, A INT)", "moves columns"),
        ("CREATE OR ALTER TABLE K (A INT, B INT) AS SELECT 1, 2", "AS"),
        ("CREATE OR ALTER TABLE K (A INT, B INT, C INT NOT NULL)", "without a default"),
        ("CREATE OR ALTER TABLE K (A INT AUTOINCREMENT, B INT)", "AUTOINCREMENT"),
        ("CREATE OR ALTER STAGE K", "OR ALTER STAGE"),
        ("ALTER TABLE K ADD ROW ACCESS POLICY P ON (A)", "ROW ACCESS POLICY"),
        ("ALTER TABLE K MODIFY COLUMN A SET MASKING POLICY P", "MASKING POLICY"),
    ],
)
def test_is_refused(ask: Ask, text: str, reason: str) -> None:
    ask("CREATE OR REPLACE TABLE K AS SELECT 1 AS A, 2 AS B")
    with pytest.raises(ProgrammingError, match=reason):
        ask(text)
    assert ask("SELECT * FROM K") == [(1, 2)]


def test_a_view_and_containers_become_what_the_statement_says(ask: Ask) -> None:
    ask("CREATE OR ALTER VIEW V AS SELECT 1 AS A")
    assert ask("CREATE OR ALTER VIEW V (X, Y) COMMENT = 'now' AS SELECT 1, 2") == [("View V successfully altered.",)]
    assert ask("SELECT X, Y FROM V") == [(1, 2)]
    home = ask("SELECT CURRENT_DATABASE()")[0][0]
    ask("CREATE OR ALTER SCHEMA NEWER COMMENT = 'c' DATA_RETENTION_TIME_IN_DAYS = 3")
    ask("CREATE OR ALTER SCHEMA NEWER DATA_RETENTION_TIME_IN_DAYS = 2")
    [shown] = ask("SHOW SCHEMAS LIKE 'NEWER'")
    assert (shown[6], shown[8]) == ("", "2")
    ask(f"CREATE OR ALTER DATABASE {home} COMMENT = 'said'")
    assert ask(f"SHOW DATABASES LIKE '{home}'")[0][6] == "said"
    ask("CREATE OR ALTER WAREHOUSE ALTERED_WH WAREHOUSE_SIZE = LARGE AUTO_SUSPEND = 10")
    ask("CREATE OR ALTER WAREHOUSE ALTERED_WH AUTO_SUSPEND = 20")
    [shown] = ask("SHOW WAREHOUSES LIKE 'ALTERED_WH'")
    assert (shown[3], shown[11]) == ("X-Small", 20)
    ask("USE SCHEMA S")


def test_several_columns_are_added_at_once(ask: Ask) -> None:
    ask("CREATE TABLE WIDER AS SELECT 1 AS A")
    ask("ALTER TABLE WIDER ADD (B INT DEFAULT 2, C VARCHAR)")
    assert ask("SELECT * FROM WIDER") == [(1, 2, None)]


def test_a_temporary_view_hides_a_lasting_one_until_it_is_dropped(ask: Ask, snowpark: Snowpark) -> None:
    ask("CREATE VIEW HIDDEN AS SELECT 1 AS A")
    snowpark.sql("SELECT 2 AS A").create_or_replace_temp_view("HIDDEN")
    assert snowpark.table("HIDDEN").collect() == [(2,)]
    snowpark.sql("DROP VIEW HIDDEN").collect()
    assert ask("SELECT A FROM HIDDEN") == [(1,)]


def test_a_recursive_view(ask: Ask) -> None:
    ask("CREATE RECURSIVE VIEW COUNTED (N, TWICE) AS SELECT 1, 2 UNION ALL SELECT N + 1, TWICE + 2 FROM COUNTED WHERE N < 3")
    assert ask("SELECT N, TWICE FROM COUNTED ORDER BY N") == [(1, 2), (2, 4), (3, 6)]
    with pytest.raises(ProgrammingError, match="list of its columns"):
        ask("CREATE RECURSIVE VIEW BAD AS SELECT 1")
