"""User-defined functions, declared by SQL and by Snowpark, called by real clients."""

from __future__ import annotations

import pytest
from snowflake.connector.errors import ProgrammingError
from snowflake.snowpark import Session as Snowpark
from snowflake.snowpark.functions import col
from snowflake.snowpark.types import IntegerType, StringType

from tests.account.conftest import Ask


@pytest.fixture(scope="module", autouse=True)
def numbers(ask: Ask) -> None:
    ask("CREATE TABLE NUMBERS(A INT, T VARCHAR)")
    ask("INSERT INTO NUMBERS VALUES (1, 'x'), (2, NULL), (NULL, 'z')")


def declare(ask: Ask, name: str, arguments: str, returns: str, body: str) -> None:
    ask(
        f"CREATE OR REPLACE FUNCTION {name}({arguments}) RETURNS {returns} LANGUAGE PYTHON RUNTIME_VERSION = '3.11' HANDLER = 'f' AS $$\n{body}\n$$"
    )


def test_a_scalar_function_meets_values_and_nulls(ask: Ask) -> None:
    declare(ask, "ADD_ONE", "X INT", "INT", "def f(x):\n    return None if x is None else x + 1")
    assert ask("SELECT ADD_ONE(A) FROM NUMBERS ORDER BY A NULLS LAST") == [(2,), (3,), (None,)]


def test_an_object_is_read_by_path(ask: Ask) -> None:
    declare(ask, "PAIR", "X VARCHAR", "OBJECT", "def f(x):\n    return {'TEXT': x, 'LENGTH': 0 if x is None else len(x) / 2}")
    assert ask("SELECT PAIR(T):TEXT::VARCHAR, PAIR(T):LENGTH::FLOAT FROM NUMBERS ORDER BY A NULLS LAST") == [
        ("x", 0.5),
        (None, 0.0),
        ("z", 0.5),
    ]


def test_a_function_stands_in_a_view_and_is_replaced(ask: Ask) -> None:
    declare(ask, "TAGGED", "X VARCHAR", "VARCHAR", "def f(x):\n    return f'old {x}'")
    ask("CREATE OR REPLACE VIEW TAGS_OF AS SELECT TAGGED(T) AS TAG FROM NUMBERS WHERE A = 1")
    assert ask("SELECT TAG FROM TAGS_OF") == [("old x",)]
    declare(ask, "TAGGED", "X VARCHAR", "VARCHAR", "def f(x):\n    return f'new {x}'")
    assert ask("SELECT TAG FROM TAGS_OF") == [("new x",)]


def test_overloads_are_told_apart_by_their_arguments(ask: Ask) -> None:
    declare(ask, "MANY", "X INT", "INT", "def f(x):\n    return 1")
    declare(ask, "MANY", "X INT, Y INT", "INT", "def f(x, y):\n    return 2")
    assert ask("SELECT MANY(1), MANY(1, 1)") == [(1, 2)]
    ask("DROP FUNCTION MANY(NUMBER)")
    with pytest.raises(ProgrammingError, match="MANY"):
        ask("SELECT MANY(1)")


def test_the_traceback_of_a_handler_reaches_the_client(ask: Ask) -> None:
    declare(ask, "FAILING", "X INT", "INT", "def f(x):\n    raise ValueError('no such thing')")
    with pytest.raises(ProgrammingError, match="no such thing") as caught:
        ask("SELECT FAILING(A) FROM NUMBERS")
    assert caught.value.errno == 100357


def test_an_undeclared_package_is_missing(ask: Ask) -> None:
    declare(ask, "UNDECLARED", "X INT", "VARCHAR", "def f(x):\n    import sklearn\n    return sklearn.__version__")
    with pytest.raises(ProgrammingError, match="No module named 'sklearn'"):
        ask("SELECT UNDECLARED(1)")


def test_a_package_that_is_not_there_is_refused_when_the_function_is_created(ask: Ask) -> None:
    with pytest.raises(ProgrammingError, match="no-such-package"):
        ask(
            "CREATE FUNCTION LACKING() RETURNS INT LANGUAGE PYTHON RUNTIME_VERSION = '3.11' PACKAGES = ('no-such-package') "
            "HANDLER = 'f' AS $$def f(): return 1$$"
        )


def test_snowpark_registers_a_function(snowpark: Snowpark) -> None:
    double = snowpark.udf.register(
        lambda x: None if x is None else x * 2,
        return_type=IntegerType(),
        input_types=[IntegerType()],
        name="DOUBLED",
        replace=True,
    )
    rows = snowpark.table("NUMBERS").select(double(col("A")).alias("D")).sort("D").collect()
    assert [row["D"] for row in rows] == [None, 2, 4]


def test_a_function_from_a_staged_file(snowpark: Snowpark, ask: Ask, tmp_path_factory: pytest.TempPathFactory) -> None:
    source = tmp_path_factory.mktemp("code") / "words.py"
    source.write_text("def count(text):\n    return len((text or '').split())\n")
    ask("CREATE STAGE IF NOT EXISTS CODE")
    snowpark.udf.register_from_file(
        str(source),
        "count",
        return_type=IntegerType(),
        input_types=[StringType()],
        name="COUNT_WORDS",
        is_permanent=True,
        stage_location="@CODE",
        replace=True,
    )
    assert ask("SELECT COUNT_WORDS('one two three')") == [(3,)]
    assert [row[1] for row in ask("SHOW USER FUNCTIONS LIKE 'COUNT\\_WORDS' IN SCHEMA S")] == ["COUNT_WORDS"]


def test_a_function_without_arguments_is_called_for_each_row(ask: Ask) -> None:
    declare(ask, "ALONE", "", "INT", "def f():\n    return 7")
    assert ask("SELECT ALONE() FROM NUMBERS") == [(7,), (7,), (7,)]
