"""Which columns of an answer can be NULL, as the clients read it. The cases of Snowpark are those of its own tests."""

from __future__ import annotations

from decimal import Decimal

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.snowpark import Session as Snowpark
from snowflake.snowpark.functions import lit
from snowflake.snowpark.types import VariantType


@pytest.fixture(scope="module")
def tables(client: SnowflakeConnection) -> SnowflakeConnection:
    for text in (
        "CREATE TABLE T (A INT NOT NULL, B INT, C VARCHAR NOT NULL, F BOOLEAN NOT NULL)",
        "CREATE TABLE U (A INT NOT NULL, D INT NOT NULL)",
        "CREATE VIEW V AS SELECT A, B FROM T",
    ):
        client.cursor().execute(text)
    return client


@pytest.mark.parametrize(
    ("query", "nullable"),
    [
        ("SELECT * FROM T", [False, True, False, False]),
        ("SELECT A AS X, X + 1 FROM T", [False, False]),
        ("SELECT 1, 'x', 1.5, x'0a', DATE '2024-01-01', NULL, TRUE", [False, False, False, False, False, True, True]),
        ("SELECT A + 1, A * B, -A, A / 2, (A) FROM T", [False, True, False, False, False]),
        ("SELECT A = 1, A IS NULL, NOT F, C LIKE 'v%' FROM T", [True, True, True, True]),
        ("SELECT A::FLOAT, TRY_CAST(C AS INT), A::VARIANT, '1'::NUMBER(3, 1) FROM T", [False, True, True, False]),
        ("SELECT COUNT(*), SUM(A) FROM T", [False, True]),
        ("SELECT A, ROW_NUMBER() OVER (ORDER BY A) FROM T", [False, False]),
        ("SELECT A FROM T GROUP BY ROLLUP (A)", [True]),
        ("SELECT T.A, U.D FROM T JOIN U ON T.A = U.A", [False, False]),
        ("SELECT T.A, U.D FROM T LEFT JOIN U ON T.A = U.A", [False, True]),
        ("SELECT T.A, U.D FROM T RIGHT JOIN U ON T.A = U.A", [True, False]),
        ("SELECT T.A, U.D FROM T FULL JOIN U ON T.A = U.A", [True, True]),
        ("SELECT A FROM T UNION ALL SELECT D FROM U", [False]),
        ("SELECT A FROM T UNION ALL SELECT B FROM T", [True]),
        ("SELECT * FROM VALUES (1, 2), (3, NULL)", [False, True]),
        ("SELECT $1, X.$2 FROM VALUES (1, 2), (3, NULL) AS X", [False, True]),
        ("WITH W(X) AS (SELECT A FROM T) SELECT X FROM (SELECT X FROM W)", [False]),
        ("SELECT * FROM V", [False, True]),
    ],
)
def test_is_nullable(tables: SnowflakeConnection, query: str, nullable: list[bool]) -> None:
    cursor = tables.cursor()
    assert [column.is_nullable for column in cursor.describe(query) or ()] == nullable
    assert [column.is_nullable for column in cursor.execute(query).description] == nullable


def test_snowpark_tells_what_cannot_be_null(snowpark: Snowpark) -> None:
    frame = snowpark.range(1)
    for name, value in {"null": None, "str": "s", "bool": True, "bytes": b"b", "float": 14.0, "decimal": Decimal(16)}.items():
        frame = frame.with_column(name, lit(value))
    frame = frame.with_column("list", lit([1])).with_column("variant", lit(1, VariantType()))
    assert {field.name: field.nullable for field in frame.schema.fields} == {
        "ID": False,
        "NULL": True,
        "STR": False,
        "BOOL": True,
        "BYTES": False,
        "FLOAT": False,
        "DECIMAL": False,
        "LIST": True,
        "VARIANT": True,
    }


def test_a_table_saved_by_snowpark_is_as_strict_as_its_data_frame(tables: SnowflakeConnection, snowpark: Snowpark) -> None:
    snowpark.create_dataframe([[1, None], [2, 3]], schema=["a", "b"]).write.save_as_table("SAVED")
    described = tables.cursor().execute("DESCRIBE TABLE SAVED").fetchall()
    assert [(row[0], row[3]) for row in described] == [("A", "N"), ("B", "Y")]


def test_a_dynamic_table_takes_nulls_that_come_later(tables: SnowflakeConnection) -> None:
    cursor = tables.cursor()
    for text in (
        "CREATE TABLE STRICT (A INT NOT NULL)",
        "CREATE DYNAMIC TABLE DT TARGET_LAG = '1 day' WAREHOUSE = SHARED_WH AS SELECT A FROM STRICT",
        "CREATE OR REPLACE TABLE STRICT (A INT)",
        "INSERT INTO STRICT VALUES (NULL)",
        "ALTER DYNAMIC TABLE DT REFRESH",
    ):
        cursor.execute(text)
    assert cursor.execute("SELECT * FROM DT").fetchall() == [(None,)]
