"""Stored procedures: declared, called, refused; each with a session of its own."""

from __future__ import annotations

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError
from snowflake.snowpark import Session as Snowpark
from snowflake.snowpark.types import IntegerType, StringType

from tests.account.conftest import Ask

PACKAGES = "PACKAGES = ('snowflake-snowpark-python')"


def declare(ask: Ask, name: str, arguments: str, returns: str, body: str, *, rights: str = "OWNER") -> None:
    ask(
        f"CREATE OR REPLACE PROCEDURE {name}({arguments}) RETURNS {returns} LANGUAGE PYTHON RUNTIME_VERSION = '3.11' {PACKAGES} "
        f"HANDLER = 'run' EXECUTE AS {rights} AS $$\n{body}\n$$"
    )


def test_a_procedure_reads_and_writes_by_its_session(ask: Ask) -> None:
    ask("CREATE TABLE WRITTEN(N INT)")
    declare(
        ask,
        "WRITE_ROWS",
        "N INT",
        "VARCHAR",
        (
            "def run(session, n):\n"
            "    session.sql('INSERT INTO WRITTEN SELECT SEQ4() FROM TABLE(GENERATOR(ROWCOUNT => 3))').collect()\n"
            "    return f'{n}: {session.table(\"WRITTEN\").count()}'"
        ),
    )
    assert ask("CALL WRITE_ROWS(7)") == [("7: 3",)]
    assert ask("SELECT COUNT(*) FROM WRITTEN") == [(3,)]


@pytest.mark.parametrize("rights", ["OWNER", "CALLER"])
def test_temporary_objects_are_those_of_the_session_that_calls(ask: Ask, rights: str) -> None:
    ask("CREATE OR REPLACE TEMPORARY TABLE PASSING AS SELECT 7 AS N")
    body = (
        "def run(session):\n"
        "    session.sql('CREATE OR REPLACE TEMPORARY TABLE LEFT_BEHIND AS SELECT N + 1 AS N FROM PASSING').collect()\n"
        "    return 'done'"
    )
    declare(ask, "LOOK", "", "VARCHAR", body, rights=rights)
    assert ask("CALL LOOK()") == [("done",)]
    assert ask("SELECT N FROM LEFT_BEHIND") == [(8,)]


def test_defaults_and_casts_of_arguments(ask: Ask) -> None:
    declare(ask, "ECHO", "A FLOAT, B VARCHAR DEFAULT 'nothing'", "VARCHAR", "def run(session, a, b):\n    return f'{a!r} {b!r}'")
    assert ask("CALL ECHO('1.5')") == [("1.5 'nothing'",)]
    assert ask("CALL ECHO(2, NULL)") == [("2.0 None",)]


def test_bound_arguments(ask: Ask) -> None:
    declare(ask, "GREET", "A VARCHAR", "VARCHAR", "def run(session, a):\n    return 'hello ' + a")
    assert ask("CALL GREET(%s)", ("o'neil",)) == [("hello o'neil",)]


def test_a_table_result(ask: Ask) -> None:
    declare(
        ask,
        "ROWS_OF",
        "N INT",
        "TABLE (A INT, B VARCHAR)",
        ("def run(session, n):\n    return session.create_dataframe([(i, str(i)) for i in range(n)], schema=['A', 'B'])"),
    )
    assert ask("CALL ROWS_OF(2)") == [(0, "0"), (1, "1")]


def test_variants_go_in_and_out(ask: Ask) -> None:
    declare(ask, "TURN", "V VARIANT", "VARIANT", "def run(session, v):\n    return {'given': v}")
    assert ask("SELECT PARSE_JSON('{}')") is not None
    rows = ask("CALL TURN(PARSE_JSON('[1, {\"a\": null}]'))")
    assert '"given"' in rows[0][0]


def test_a_failing_procedure_names_its_line(ask: Ask) -> None:
    declare(ask, "BROKEN", "", "INT", "def run(session):\n    return session.table('NO_SUCH_TABLE').count()")
    with pytest.raises(ProgrammingError, match="NO_SUCH_TABLE") as caught:
        ask("CALL BROKEN()")
    assert caught.value.errno == 100357


def test_what_is_not_declared_cannot_be_called(ask: Ask) -> None:
    with pytest.raises(ProgrammingError, match="Unknown function NOBODY"):
        ask("CALL NOBODY(1)")


def test_a_procedure_needs_snowpark_among_its_packages(ask: Ask) -> None:
    with pytest.raises(ProgrammingError, match="snowflake-snowpark-python"):
        ask(
            "CREATE PROCEDURE BARE() RETURNS INT LANGUAGE PYTHON RUNTIME_VERSION = '3.11' HANDLER = 'f' AS $$def f(s): return 1$$"
        )


def test_an_open_transaction_refuses_call(ask: Ask) -> None:
    declare(ask, "NOTHING", "", "INT", "def run(session):\n    return 1")
    ask("BEGIN")
    with pytest.raises(ProgrammingError, match="open transaction"):
        ask("CALL NOTHING()")
    ask("ROLLBACK")
    assert ask("CALL NOTHING()") == [(1,)]


def test_an_anonymous_procedure(ask: Ask) -> None:
    assert ask(
        f"WITH ONCE AS PROCEDURE (N INT) RETURNS INT LANGUAGE PYTHON RUNTIME_VERSION = '3.11' {PACKAGES} HANDLER = 'run' "
        "AS $$def run(session, n): return n + 1$$ CALL ONCE(41)"
    ) == [(42,)]


def test_snowpark_registers_and_calls(snowpark: Snowpark) -> None:
    def area(session: Snowpark, width: int, unit: str) -> str:
        return f"{width * width} {unit}"

    snowpark.sproc.register(
        area,
        return_type=StringType(),
        input_types=[IntegerType(), StringType()],
        name="AREA",
        packages=["snowflake-snowpark-python"],
        replace=True,
    )
    assert snowpark.call("AREA", 3, "m2") == "9 m2"


def test_describe_and_show(ask: Ask) -> None:
    declare(ask, "SHOWN", "A INT, B VARCHAR", "FLOAT", "def run(session, a, b):\n    return 1.0")
    described = dict(ask("DESCRIBE PROCEDURE SHOWN(INT, VARCHAR)"))
    assert described["signature"] == "(A NUMBER, B VARCHAR)"
    assert described["returns"] == "FLOAT"
    assert [row[8] for row in ask("SHOW PROCEDURES LIKE 'SHOWN' IN SCHEMA S")] == ["SHOWN(NUMBER, VARCHAR) RETURN FLOAT"]


def test_a_strict_procedure_is_not_called_with_null(ask: Ask) -> None:
    ask("CREATE PROCEDURE STRICT_ONE(A INT) RETURNS INT LANGUAGE SQL STRICT AS 'BEGIN RETURN 1; END'")
    assert ask("CALL STRICT_ONE(NULL)") == [(None,)]
    assert ask("CALL STRICT_ONE(0)") == [(1,)]


def test_system_functions_are_called_too(ask: Ask) -> None:
    assert ask("CALL SYSTEM$WAIT(0, 'MILLISECONDS')") == [("waited 0 milliseconds",)]


ENDLESS = "while True:\n        pass"


@pytest.mark.parametrize(
    "statement",
    [
        f"WITH p AS PROCEDURE () RETURNS INT LANGUAGE PYTHON RUNTIME_VERSION = '3.11' {PACKAGES} HANDLER = 'f' "
        f"AS $$\ndef f(session):\n    {ENDLESS}\n$$ CALL p()",
        "SELECT ENDLESS()",
        "CALL ENDLESS()",
        "CALL SYSTEM$WAIT(60)",
    ],
)
def test_a_timeout_ends_handlers_blocks_and_waits(ask: Ask, statement: str) -> None:
    ask(
        "CREATE OR REPLACE FUNCTION ENDLESS() RETURNS INT LANGUAGE PYTHON RUNTIME_VERSION = '3.11' HANDLER = 'f' "
        f"AS $$\ndef f():\n    {ENDLESS}\n$$"
    )
    ask("CREATE OR REPLACE PROCEDURE ENDLESS() RETURNS INT AS 'BEGIN WHILE (TRUE) DO SELECT 1; END WHILE; END'")
    ask("ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 1")
    try:
        with pytest.raises(ProgrammingError, match="000630"):
            ask(statement)
    finally:
        ask("ALTER SESSION UNSET STATEMENT_TIMEOUT_IN_SECONDS")


def test_the_clients_timeout_ends_a_handler(client: SnowflakeConnection, ask: Ask) -> None:
    """As Ctrl-C does, it asks the account to end the statement; the session is free at once, long before the handler would end."""
    ask(
        f"CREATE OR REPLACE PROCEDURE SLEEPS() RETURNS INT LANGUAGE PYTHON RUNTIME_VERSION = '3.11' {PACKAGES} HANDLER = 'f' "
        "AS $$\ndef f(session):\n    import time\n    time.sleep(600)\n$$"
    )
    with pytest.raises(ProgrammingError) as refusal:
        client.cursor().execute("CALL SLEEPS()", timeout=1)
    assert refusal.value.errno == 604
    assert ask("SELECT 'free'") == [("free",)]


def test_a_procedure_that_returns_a_table_of_any_columns_is_shown(ask: Ask) -> None:
    declare(ask, "ANY_COLUMNS", "", "TABLE()", "def run(session):\n    return session.sql('SELECT 1 AS N')")
    assert ask("CALL ANY_COLUMNS()") == [(1,)]
    ((*_, shown),) = [row[:9] for row in ask("SHOW PROCEDURES LIKE 'ANY_COLUMNS'")]
    assert shown == "ANY_COLUMNS() RETURN TABLE ()"
