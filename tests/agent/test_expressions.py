"""The expression language: what can be read, how kinds convert, what functions answer."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_local.agent.errors import Origin
from mlops_local.agent.evaluation import World
from mlops_local.agent.expressions import MAX_DEPTH, MAX_LENGTH
from mlops_local.agent.nodes import load as load_yaml
from mlops_local.agent.nodes import typed
from mlops_local.agent.scalars import render_number
from mlops_local.agent.values import ExpressionError, Table, plain, value_of

OBJECT = typed(
    load_yaml("{list: [a, b], people: [{id: 1, name: x}, {id: 2, name: y}], empty: [], flag: true, none: }", Origin("test"))
)
WORLD = World({"variables": Table([("Build.Reason", "Manual"), ("text", "abc")]), "o": value_of(OBJECT)})


def value(expression: str) -> object:
    return plain(WORLD.evaluate(expression))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("eq(true, 'false')", True),
        ("eq('1.0', 1)", False),
        ("eq(1, '1.0')", True),
        ("eq(1, '1,000')", False),
        ("eq(1000, '1,000')", True),
        ("eq(0, '')", True),
        ("eq(variables.absent, '')", True),
        ("eq(variables.absent, 0)", False),
        ("eq('ABC', 'abc')", True),
        ("eq(o.list, o.list)", True),
        ("eq(o.list, o.empty)", False),
        ("eq(1.2.3, '1.2.3')", True),
        ("eq('1.2.3', 1.2.3)", True),
        ("lt(1.2.3, '1.10.0')", True),
        ("gt('b', 'A')", True),
        ("lt(variables.absent, 1)", True),
        ("ne('a', 'b')", True),
        ("in('B', 'a', 'b')", True),
        ("notIn('c', 'a', 'b')", True),
        ("and('False', '0')", True),
        ("or('', variables.absent, 0)", False),
        ("not('')", True),
        ("xor(1, '')", True),
    ],
)
def test_the_left_operand_decides(expression: str, expected: bool) -> None:
    assert value(expression) is expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("variables['build.REASON']", "Manual"),
        ("o.people[1].name", "y"),
        ("o['list'][0]", "a"),
        ("o.list[7]", None),
        ("o.absent.deeper", None),
        ("o.people.*.name", ["x", "y"]),
        ("o.people[*].id", [1, 2]),
        ("o.flag", True),
        ("o.none", None),
        (".5", 0.5),
        ("-3", -3),
        ("'it''s'", "it's"),
        ("TRUE", True),
    ],
)
def test_values_and_members(expression: str, expected: object) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("format('{0}-{1}-{{x}}', 'a', true)", "a-True-{x}"),
        ("join(', ', o.list)", "a, b"),
        ("join(',', o.people)", ","),
        ("split('a,b;c', ',;')", ["a", "b", "c"]),
        ("replace('aXbx', 'x', '-')", "a-b-"),
        ("replace('abc', '', '-')", "abc"),
        ("length(o.people)", 2),
        ("length('abc')", 3),
        ("length(variables.absent)", 0),
        ("coalesce('', variables.absent, 'x', 'y')", "x"),
        ("iif(o.flag, 'yes', 'no')", "yes"),
        ("trim('  a ')", "a"),
        ("substring('abcdef', 1, 3)", "bcd"),
        ("containsValue(o.list, 'B')", True),
        ("containsValue(o, 'zzz')", False),
        ("startsWith('Bash@3', 'bash')", True),
        ("convertToJson(o.list)", '[\n  "a",\n  "b"\n]'),
        ("convertToJson(o.flag)", "true"),
        ("lower(upper('aB'))", "ab"),
    ],
)
def test_functions(expression: str, expected: object) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "a-b",
        "o.a-b",
        "(1)",
        '"x"',
        "1 + 1",
        "eq(1, 2",
        "'open",
        "o.",
        "o[1",
        "eq(1,,2)",
        "1.2.3.4.5",
        "o..x",
        "eq(1, 2))",
        "$(x)",
        "@",
    ],
)
def test_what_is_no_expression_is_a_syntax_error(expression: str) -> None:
    with pytest.raises(ExpressionError):
        WORLD.evaluate(expression)


@pytest.mark.parametrize(
    "expression", ["null", "nosuch.x", "nosuch(1)", "eq(1)", "not(1, 2)", "format('{1}', 'a')", "format('{', 'a')"]
)
def test_unknown_names_and_wrong_arguments_fail_when_evaluated(expression: str) -> None:
    with pytest.raises(ExpressionError):
        WORLD.evaluate(expression)


def test_the_error_names_the_symbol_and_its_place() -> None:
    with pytest.raises(ExpressionError) as caught:
        WORLD.evaluate("eq(1, 1) && true")
    assert str(caught.value) == "Unexpected symbol: '&&'. Located at position 10 within expression: eq(1, 1) && true"


def test_comparing_what_has_no_order_is_an_error() -> None:
    with pytest.raises(ExpressionError, match="cannot be compared"):
        WORLD.evaluate("lt(1, 'abc')")


def test_a_list_does_not_become_text() -> None:
    with pytest.raises(ExpressionError, match="convertToJson or join"):
        WORLD.evaluate("format('{0}', o.list)")


def test_what_is_short_circuited_is_not_evaluated() -> None:
    assert value("and(false, nosuch.x)") is False
    assert value("or(true, nosuch.x)") is True
    with pytest.raises(ExpressionError):
        WORLD.evaluate("iif(true, 1, nosuch.x)")


def test_limits_of_length_and_depth() -> None:
    with pytest.raises(ExpressionError, match="at most"):
        WORLD.evaluate("'" + "x" * MAX_LENGTH + "'")
    with pytest.raises(ExpressionError, match="levels deep"):
        WORLD.evaluate("not(" * MAX_DEPTH + "true" + ")" * MAX_DEPTH)


@given(st.text())
def test_a_quoted_text_is_itself(text: str) -> None:
    assert value("'" + text.replace("'", "''") + "'") == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=7))
def test_numbers_render_with_at_most_seven_decimals_and_read_back(number: Decimal) -> None:
    assert Decimal(render_number(number)) == number


@given(st.text(max_size=40))
def test_reading_ends_with_a_tree_or_one_kind_of_error(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        WORLD.evaluate(text)
