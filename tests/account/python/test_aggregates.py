"""Aggregate functions in Python, declared by SQL and by Snowpark."""

from __future__ import annotations

from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError
from snowflake.snowpark import Session as Snowpark
from snowflake.snowpark.functions import col
from snowflake.snowpark.types import IntegerType

from tests.account.conftest import Ask

JOINED = """
class Joined:
    def __init__(self):
        self.parts = []
    @property
    def aggregate_state(self):
        return self.parts
    def accumulate(self, text, number):
        if text is not None:
            self.parts.append(text * number)
    def merge(self, other):
        self.parts += other
    def finish(self):
        return '+'.join(sorted(self.parts))
"""


@pytest.fixture(scope="module", autouse=True)
def rows(ask: Ask) -> None:
    ask("CREATE TABLE GROUPED(G VARCHAR, T VARCHAR, N INT)")
    ask("INSERT INTO GROUPED VALUES ('x', 'a', 1), ('x', 'b', 2), ('y', NULL, 3), ('y', 'c', 1)")
    ask(
        "CREATE AGGREGATE FUNCTION JOINED(T VARCHAR, N INT) RETURNS VARCHAR LANGUAGE PYTHON RUNTIME_VERSION = '3.11' "
        f"HANDLER = 'Joined' AS $$\n{JOINED}\n$$"
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT G, JOINED(T, N), COUNT(*) FROM GROUPED GROUP BY G ORDER BY G", [("x", "a+bb", 2), ("y", "c", 2)]),
        ("SELECT JOINED(T, N) FROM GROUPED WHERE G = 'none'", [("",)]),
        ("SELECT G FROM GROUPED GROUP BY G HAVING JOINED(T, N) = 'c'", [("y",)]),
        ("SELECT N, JOINED(T, 1) OVER (PARTITION BY G) FROM GROUPED WHERE G = 'x' ORDER BY N", [(1, "a+b"), (2, "a+b")]),
    ],
)
def test_groups(ask: Ask, query: str, expected: list[tuple[Any, ...]]) -> None:
    assert ask(query) == expected


def test_it_is_shown_as_an_aggregate(ask: Ask) -> None:
    assert [row[4] for row in ask("SHOW USER FUNCTIONS LIKE 'JOINED' IN SCHEMA S")] == ["Y"]


def test_a_scalar_aggregate_in_sql_is_refused(ask: Ask) -> None:
    with pytest.raises(ProgrammingError, match="an aggregate function in SQL"):
        ask("CREATE AGGREGATE FUNCTION TWICE(A INT) RETURNS INT AS 'A'")


def test_snowpark_registers_an_aggregate(snowpark: Snowpark) -> None:
    class Product:
        def __init__(self) -> None:
            self.value = 1

        @property
        def aggregate_state(self) -> int:
            return self.value

        def accumulate(self, number: int) -> None:
            self.value *= number

        def merge(self, other: int) -> None:
            self.value *= other

        def finish(self) -> int:
            return self.value

    product = snowpark.udaf.register(
        Product, return_type=IntegerType(), input_types=[IntegerType()], name="PRODUCT", replace=True
    )
    answered = snowpark.table("GROUPED").group_by("G").agg(product(col("N")).alias("P")).sort("G").collect()
    assert [tuple(row) for row in answered] == [("x", 2), ("y", 3)]
