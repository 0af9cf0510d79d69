"""Table functions that read rows: declared by SQL and by Snowpark, called beside tables, over partitions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError
from snowflake.snowpark import Session as Snowpark
from snowflake.snowpark.functions import col, lit, pandas_udtf
from snowflake.snowpark.types import IntegerType, PandasDataFrameType, StringType, StructField, StructType

from tests.account.conftest import Ask

WORDS = """
class Words:
    def __init__(self):
        self.count = 0
    def process(self, text, times):
        for word in (text or '').split():
            self.count += 1
            yield (word * times, self.count)
    def end_partition(self):
        yield ('total', self.count)
"""
LARGEST = """
import pandas
class Largest:
    def end_partition(self, frame):
        return pandas.DataFrame({'A': [frame[1].max()], 'N': [len(frame)]})
Largest.end_partition._sf_vectorized_input = pandas.DataFrame
"""


@pytest.fixture(scope="module", autouse=True)
def texts(ask: Ask) -> None:
    ask('CREATE TABLE TEXTS(ID INT, T VARCHAR, "g" VARCHAR)')
    ask("INSERT INTO TEXTS VALUES (1, 'a bb', 'x'), (2, 'c', 'y'), (3, NULL, 'x'), (4, 'd e', NULL)")
    declare(ask, "WORDS", "T VARCHAR, N INT", "WORD VARCHAR, NUMBER INT", "Words", WORDS)
    declare(ask, "LARGEST", "K VARCHAR, A INT", "A INT, N INT", "Largest", LARGEST, packages="'pandas'")


def declare(ask: Ask, name: str, arguments: str, columns: str, handler: str, body: str, packages: str = "") -> None:
    ask(
        f"CREATE OR REPLACE FUNCTION {name}({arguments}) RETURNS TABLE ({columns}) LANGUAGE PYTHON RUNTIME_VERSION = '3.11' "
        f"PACKAGES = ({packages}) HANDLER = '{handler}' AS $$\n{body}\n$$"
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param(
            "SELECT * FROM TABLE(WORDS('u v', 2))", [("uu", 1), ("vv", 2), ("total", 2)], id="constants make one partition"
        ),
        pytest.param(
            "SELECT * FROM TEXTS, TABLE(WORDS(T, 1) OVER (PARTITION BY \"g\" ORDER BY ID DESC)) ORDER BY \"g\", ID, NUMBER",
            [
                (1, "a bb", "x", "a", 1),
                (1, "a bb", "x", "bb", 2),
                (None, None, "x", "total", 2),
                (2, "c", "y", "c", 1),
                (None, None, "y", "total", 1),
                (4, "d e", None, "d", 1),
                (4, "d e", None, "e", 2),
                (None, None, None, "total", 2),
            ],
            id="rows of a partition's end have the partition's columns only",
        ),
        pytest.param(
            "SELECT B.ID, W.WORD FROM TEXTS A JOIN TEXTS B ON A.ID = B.ID + 1, TABLE(WORDS(B.T, A.ID)) AS W(WORD, N) "
            "WHERE W.N = 1 AND B.ID IS NOT NULL",
            [(1, "aa")],
            id="several sources keep their names",
        ),
        pytest.param(
            "WITH SOME AS (SELECT ID * 10 AS K, T FROM TEXTS WHERE ID < 3) SELECT K, WORD FROM SOME, LATERAL WORDS(T, 1) W "
            "JOIN (SELECT 'c' AS C) ON C = WORD",
            [(20, "c")],
            id="beside a common table expression, joined further",
        ),
        pytest.param(
            "SELECT L.* FROM TEXTS T, TABLE(LARGEST(\"g\", T.ID) OVER (PARTITION BY T.\"g\")) L ORDER BY 1",
            [(2, 1), (3, 2), (4, 1)],
            id="a vectorized end of the partition",
        ),
        pytest.param("SELECT * FROM (SELECT * FROM TEXTS WHERE ID > 9), TABLE(WORDS(T, 1) OVER (PARTITION BY ID))", [], id="no rows"),
        pytest.param(
            "SELECT COUNT(*) FROM TEXTS, TABLE(WORDS(T, 1)) A, TABLE(WORDS(A.WORD, 2)) B WHERE B.WORD = 'aa'",
            [(1,)],
            id="one behind another",
        ),
    ],
)  # fmt: skip
def test_rows(ask: Ask, query: str, expected: list[tuple[Any, ...]]) -> None:
    assert ask(query) == expected


def test_rows_go_into_tables_and_through_views(ask: Ask) -> None:
    ask("CREATE OR REPLACE VIEW ALL_WORDS AS SELECT ID, WORD FROM TEXTS, TABLE(WORDS(T, 1)) WHERE ID IS NOT NULL")
    ask("CREATE OR REPLACE TABLE KEPT_WORDS AS SELECT * FROM ALL_WORDS")
    ask("INSERT INTO TEXTS VALUES (5, 'late', 'x')")
    ask("DELETE FROM KEPT_WORDS USING (SELECT WORD FROM TABLE(WORDS('bb', 1))) W WHERE KEPT_WORDS.WORD = W.WORD")
    assert ask("SELECT COUNT(*) FROM KEPT_WORDS") == [(4,)]
    assert ask("SELECT COUNT(*) FROM ALL_WORDS") == [(6,)]
    ask("DELETE FROM TEXTS WHERE ID = 5")


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("SELECT WORDS('a', 1)", "write TABLE"),
        ("SELECT * FROM TABLE(NO_SUCH_FUNCTION(1))", "NO_SUCH_FUNCTION"),
        ("SELECT * FROM TEXTS LEFT JOIN TABLE(WORDS(T, 1))", "a side, ON or USING"),
        ("SELECT (SELECT MAX(WORD) FROM TABLE(WORDS(O.T, 1))) FROM TEXTS O", "from around the query"),
        ("SELECT * FROM TABLE(FLATTEN([1]) OVER (PARTITION BY 1))", "OVER behind FLATTEN"),
    ],
)
def test_refusals(ask: Ask, query: str, what: str) -> None:
    with pytest.raises(ProgrammingError, match=what):
        ask(query)


def test_the_traceback_of_a_handler_reaches_the_client(ask: Ask) -> None:
    declare(
        ask, "FAILING_ROWS", "X INT", "Y INT", "F", "class F:\n    def process(self, x):\n        raise ValueError('not this')"
    )
    with pytest.raises(ProgrammingError, match="not this") as caught:
        ask("SELECT * FROM TABLE(FAILING_ROWS(1))")
    assert caught.value.errno == 100357


def test_describing_a_query_runs_no_handler(client: Any, ask: Ask) -> None:
    described = client.cursor().describe("SELECT * FROM TABLE(FAILING_ROWS(1))")
    assert [column.name for column in described] == ["Y"]


def test_snowpark_registers_table_functions(snowpark: Snowpark) -> None:
    class Doubled:
        def process(self, x: int) -> Iterable[tuple[int, int]]:
            yield (x, 2 * x)

    doubled = snowpark.udtf.register(
        Doubled,
        output_schema=StructType([StructField("X", IntegerType()), StructField("Y", IntegerType())]),
        input_types=[IntegerType()],
        name="DOUBLED",
        replace=True,
    )
    assert [tuple(row) for row in snowpark.table_function(doubled(lit(4))).collect()] == [(4, 8)]
    joined = snowpark.table("TEXTS").join_table_function(doubled(col("ID")).over(partition_by="ID")).select("ID", "Y").sort("ID")
    assert [tuple(row) for row in joined.collect()] == [(1, 2), (2, 4), (3, 6), (4, 8)]


def test_snowpark_registers_a_vectorized_table_function(snowpark: Snowpark) -> None:
    class Sums:
        def end_partition(self, frame):  # type: ignore[no-untyped-def]  Snowpark would take the types from annotations
            frame.columns = ["g", "id"]
            yield frame.groupby("g", as_index=False)["id"].sum()

    sums = pandas_udtf(
        Sums,
        output_schema=PandasDataFrameType([StringType(), IntegerType()], ["G_", "S_"]),
        input_types=[PandasDataFrameType([StringType(), IntegerType()])],
        input_names=["G", "ID"],
        name="SUMS",
        packages=["pandas"],
        replace=True,
        session=snowpark,
    )
    frame = snowpark.table("TEXTS").join_table_function(sums(col('"g"'), col("ID")).over(partition_by='"g"'))
    assert sorted(tuple(row) for row in frame.select("G_", "S_").collect() if row[0]) == [("x", 4), ("y", 2)]
