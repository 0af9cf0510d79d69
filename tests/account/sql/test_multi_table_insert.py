"""INSERT ALL and INSERT FIRST. The first cases are those of Snowflake's page.

https://docs.snowflake.com/en/sql-reference/sql/insert-multi-table
"""

from __future__ import annotations

from typing import Any

import pytest
from snowflake.connector import DictCursor, ProgrammingError, SnowflakeConnection

from ..conftest import Ask


@pytest.fixture
def tables(ask: Ask) -> Ask:
    ask("CREATE OR REPLACE TABLE SRC (N1 INT, N2 INT, N3 INT)")
    ask("INSERT INTO SRC VALUES (5, 6, 7), (50, 60, 70), (500, 600, 700)")
    for name in ("T1", "T2"):
        ask(f"CREATE OR REPLACE TABLE {name} (C1 INT, C2 INT, C3 INT DEFAULT 9)")
    return ask


def first_columns(ask: Ask, table: str) -> list[Any]:
    return [row[0] for row in ask(f"SELECT C1 FROM {table} ORDER BY C1")]


def test_every_row_goes_to_every_table(tables: Ask) -> None:
    told = tables(
        "INSERT ALL INTO T1 INTO T1 (C1, C2, C3) VALUES (N2, N1, DEFAULT) INTO T2 (C1, C2) VALUES (N1 + 1, NULL) "
        "SELECT N1, N2, N3 FROM SRC"
    )
    assert told == [(6, 3)]
    assert tables("SELECT * FROM T1 ORDER BY 1, 2") == [
        (5, 6, 7), (6, 5, 9), (50, 60, 70), (60, 50, 9), (500, 600, 700), (600, 500, 9),
    ]  # fmt: skip
    assert tables("SELECT * FROM T2 ORDER BY 1") == [(6, None, 9), (51, None, 9), (501, None, 9)]


@pytest.mark.parametrize(
    ("way", "one", "two"),
    [("ALL", [50, 500, 500], [5, 50, 500]), ("FIRST", [50, 500], [5, 50])],
)
def test_conditions_choose_the_tables(tables: Ask, way: str, one: list[int], two: list[int]) -> None:
    tables(
        f"INSERT {way} WHEN N1 > 100 THEN INTO T1 (C1) VALUES (N1) "
        "WHEN N1 > 10 THEN INTO T1 (C1) VALUES (N1) INTO T2 (C1) VALUES (N1) ELSE INTO T2 (C1) VALUES (N1) SELECT N1 FROM SRC"
    )
    assert (first_columns(tables, "T1"), first_columns(tables, "T2")) == (one, two)


def test_a_condition_that_is_null_does_not_hold(tables: Ask) -> None:
    tables("INSERT ALL WHEN A > 1 THEN INTO T1 (C1) VALUES (A) ELSE INTO T2 (C1) VALUES (B) SELECT NULL AS A, 3 AS B")
    assert (first_columns(tables, "T1"), first_columns(tables, "T2")) == ([], [3])


def test_overwrite_empties_each_table_once(tables: Ask) -> None:
    tables("INSERT INTO T1 VALUES (1, 1, 1)")
    tables("INSERT INTO T2 VALUES (1, 1, 1)")
    tables("INSERT OVERWRITE ALL INTO T1 INTO T1 INTO T2 SELECT * FROM SRC WHERE N1 = 5")
    assert (first_columns(tables, "T1"), first_columns(tables, "T2")) == ([5, 5], [5])


def test_each_table_has_its_count_and_the_client_their_sum(tables: Ask, client: SnowflakeConnection) -> None:
    cursor = client.cursor(DictCursor)
    cursor.execute("INSERT ALL WHEN N1 > 10 THEN INTO T1 ELSE INTO T2 SELECT * FROM SRC")
    assert cursor.rowcount == 3
    assert cursor.fetchall() == [{"number of rows inserted into T1": 2, "number of rows inserted into T2": 1}]


def test_random_rows_are_drawn_once(tables: Ask) -> None:
    tables("BEGIN")
    tables("INSERT ALL INTO T1 (C1) VALUES (R) INTO T2 (C1) VALUES (R) SELECT RANDOM() AS R FROM SRC")
    with pytest.raises(ProgrammingError):
        tables("SELECT NOTHING")
    tables("COMMIT")
    assert first_columns(tables, "T1") == first_columns(tables, "T2")
    assert len(first_columns(tables, "T1")) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("INSERT FIRST INTO T1 SELECT * FROM SRC", "WHEN"),
        ("INSERT ALL WHEN N9 > 1 THEN INTO T1 SELECT * FROM SRC", "N9"),
        ("INSERT ALL INTO T1 (C1) VALUES (N1, N2) SELECT * FROM SRC", "expecting 1 but got 2"),
        ("INSERT ALL INTO T1 INTO NOWHERE SELECT * FROM SRC", "NOWHERE"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_inserted(tables: Ask, text: str, message: str) -> None:
    with pytest.raises(ProgrammingError, match=message):
        tables(text)
    assert tables("SELECT COUNT(*) FROM T1") == [(0,)]
