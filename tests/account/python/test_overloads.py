"""Which of several routines a call means, and how its arguments reach it: by position, by name, by default."""

from __future__ import annotations

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.account.conftest import Ask


@pytest.fixture(scope="module", autouse=True)
def declared(ask: Ask) -> None:
    for type_ in ("NUMBER", "VARCHAR", "BOOLEAN", "VARIANT", "TIMESTAMP_NTZ"):
        ask(f"CREATE FUNCTION KIND_OF(X {type_}) RETURNS VARCHAR AS '''{type_}'''")
    for type_ in ("NUMBER", "VARCHAR"):
        ask(f"CREATE FUNCTION TEXT_OR_NUMBER(X {type_}) RETURNS VARCHAR AS '''{type_}'''")
        ask(f"CREATE PROCEDURE TEXT_OR_NUMBER(X {type_}) RETURNS VARCHAR AS 'BEGIN RETURN ''{type_}''; END'")
    ask("CREATE FUNCTION LISTED(A INT, B VARCHAR DEFAULT 'b', C INT DEFAULT 1 + 1) RETURNS VARCHAR AS 'A || B || C'")
    ask(
        "CREATE FUNCTION PYTHON_LISTED(A INT, B VARCHAR DEFAULT 'b', C INT DEFAULT 1 + 1) RETURNS VARCHAR LANGUAGE PYTHON "
        "RUNTIME_VERSION = '3.11' HANDLER = 'f' AS 'f = lambda a, b, c: f\"{a}{b}{c}\"'"
    )
    ask(
        "CREATE PROCEDURE LISTED(A INT, B VARCHAR DEFAULT 'b', C INT DEFAULT 1 + 1) RETURNS VARCHAR AS 'BEGIN RETURN a || b || c; END'"
    )


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("1", "NUMBER"),
        ("1.5", "NUMBER"),
        ("'x'", "VARCHAR"),
        ("TRUE", "BOOLEAN"),
        ("PARSE_JSON('1')", "VARIANT"),
        ("CURRENT_TIMESTAMP()", "TIMESTAMP_NTZ"),
        ("CURRENT_DATE()", "TIMESTAMP_NTZ"),
        ("1::FLOAT", "NUMBER"),
        ("OBJECT_CONSTRUCT()", "VARCHAR"),
    ],
)
def test_the_types_of_the_arguments_choose(ask: Ask, value: str, kind: str) -> None:
    assert ask(f"SELECT KIND_OF({value})") == [(kind,)]


@pytest.mark.parametrize("statement", ["SELECT TEXT_OR_NUMBER({})", "CALL TEXT_OR_NUMBER({})"])
@pytest.mark.parametrize(("value", "kind"), [("3", "NUMBER"), ("'3'", "VARCHAR"), ("CURRENT_DATE()", "VARCHAR")])
def test_functions_and_procedures_choose_alike(ask: Ask, statement: str, value: str, kind: str) -> None:
    assert ask(statement.format(value)) == [(kind,)]


@pytest.mark.parametrize("call", ["SELECT LISTED({})", "SELECT PYTHON_LISTED({})", "CALL LISTED({})"])
@pytest.mark.parametrize(
    ("given", "answer"),
    [("7", "7b2"), ("7, 'x'", "7x2"), ("7, 'x', 3", "7x3"), ("C => 5, A => 7", "7b5"), ("b => 'y', \"A\" => 1", "1y2")],
)
def test_arguments_by_position_by_name_and_by_default(ask: Ask, call: str, given: str, answer: str) -> None:
    assert ask(call.format(given)) == [(answer,)]


@pytest.mark.parametrize(
    ("given", "said"),
    [("", "LISTED"), ("B => 'x'", "LISTED"), ("A => 1, D => 2", "LISTED"), ("1, C => 2", "all by"), ("A => 1, a => 2", "twice")],
)
@pytest.mark.parametrize("call", ["SELECT LISTED({})", "CALL LISTED({})"])
def test_calls_that_fit_nothing_are_refused(ask: Ask, call: str, given: str, said: str) -> None:
    with pytest.raises(ProgrammingError, match=said):
        ask(call.format(given))


@pytest.mark.parametrize("call", ["SELECT LISTED({})", "CALL LISTED({})"])
def test_types_that_are_not_converted_by_themselves_are_refused(ask: Ask, call: str) -> None:
    with pytest.raises(ProgrammingError, match=r"001044.*\n.*Invalid argument types for function 'LISTED': \(DATE\)"):
        ask(call.format("CURRENT_DATE()"))


def test_a_call_that_fits_two_alike_is_refused(ask: Ask) -> None:
    with pytest.raises(ProgrammingError, match="ambiguous"):
        ask("SELECT TEXT_OR_NUMBER(NULL)")


def test_an_anonymous_procedure_takes_arguments_by_name(ask: Ask) -> None:
    text = "WITH p AS PROCEDURE (A INT, B INT DEFAULT 4) RETURNS INT LANGUAGE SQL AS 'BEGIN RETURN a - b; END' CALL p(A => 1)"
    assert ask(text) == [(-3,)]
