"""The expression language, rule by rule: literals, conversions (the left operand decides) and every function.

https://learn.microsoft.com/azure/devops/pipelines/process/expressions
"""

from __future__ import annotations

import pytest

from mlops_local.agent.errors import Origin
from mlops_local.agent.evaluation import World
from mlops_local.agent.functions import COMPILE_TIME, GENERAL
from mlops_local.agent.moments import Moment
from mlops_local.agent.nodes import load, typed
from mlops_local.agent.values import ExpressionError, Table, plain, value_of

OBJECT = typed(
    load("{list: [a, true, 3, null, {k: v}], map: {Key: v, n: 3}, none: , deep: {a: [{id: 1}, {id: 2}, {x: 3}]}}", Origin("o"))
)
START = Moment("2026-03-04 05:06:07+00:00")
WORLD = World(
    {
        "variables": Table([("a.b", "dotted"), ("empty", "")]),
        "o": value_of(OBJECT),
        "pipeline": Table([("startTime", START)]),
    }
)


def value(expression: str) -> object:
    return plain(WORLD.evaluate(expression))


LITERALS = [
    ("true", True),
    ("FALSE", False),
    ("12", 12),
    ("-1.5", -1.5),
    (".25", 0.25),
    ("-.5", -0.5),
    ("'it''s'", "it's"),
    ("''", ""),
    ("'}}'", "}}"),
    ("1.2.3", "1.2.3"),
    ("1.2.3.4", "1.2.3.4"),
    (" eq ( 1 , 1 ) ", True),
    ("eq(1,\n  1)", True),
    ("O.Map.KEY", "v"),
    ("o['map']['key']", "v"),
    ("o.list[0]", "a"),
    ("o.list['0']", "a"),
    ("o.deep.a.*.id", [1, 2]),
    ("variables['A.B']", "dotted"),
    ("variables.absent", None),
    ("o.none.anything", None),
    ("o.list[99]", None),
    ("EQ(1, 1)", True),
]

# What becomes of each kind as a condition.
TRUTH = [
    ("true", True),
    ("false", False),
    ("o.none", False),
    ("0", False),
    ("-1", True),
    ("''", False),
    ("'False'", True),
    ("'0'", True),
    ("0.0.0", True),
    ("o.map", True),
    ("o.list", True),
]

# What becomes of each kind as a text.
TEXT = [
    ("true", "True"),
    ("false", "False"),
    ("o.none", ""),
    ("3", "3"),
    ("3.50", "3.5"),
    ("0.12345678", "0.1234568"),
    ("-0.00000001", "0"),
    ("1.2.3", "1.2.3"),
    ("'x'", "x"),
    ("pipeline.startTime", "2026-03-04 05:06:07+00:00"),
]

# left, right, whether eq() holds: the right operand becomes the kind of the left one.
EQUAL = [
    ("true", "'x'", True),
    ("true", "''", False),
    ("false", "0", True),
    ("true", "o.map", True),
    ("false", "o.none", True),
    ("true", "1.0.0", True),
    ("1", "true", True),
    ("0", "false", True),
    ("0", "o.none", True),
    ("0", "''", True),
    ("1000", "' 1,000 '", True),
    ("-1", "'-1'", True),
    ("1", "'+1.0'", True),
    ("1", "'one'", False),
    ("1", "'1e0'", False),
    ("1", "'0x1'", False),
    ("1", "1.0.0", False),
    ("1", "o.list", False),
    ("'True'", "true", True),
    ("'true'", "true", True),
    ("''", "o.none", True),
    ("'3.5'", "3.50", True),
    ("'1.0'", "1", False),
    ("'1.2.3'", "1.2.3", True),
    ("'x'", "o.map", False),
    ("'É'", "'é'", True),
    ("o.none", "''", True),
    ("o.none", "o.none", True),
    ("o.none", "0", False),
    ("o.none", "false", False),
    ("o.none", "o.map", False),
    ("1.2.3", "'1.2.3'", True),
    ("1.2.0", "1.2", False),
    ("1.2.3", "'1'", False),
    ("1.2.3", "true", False),
    ("1.2.3", "o.none", False),
    ("o.map", "o.map", True),
    ("o.map", "o.deep", False),
    ("o.list", "'a'", False),
]

# left, right, whether lt() holds, or None when they have no order.
ORDER = [
    ("false", "true", True),
    ("false", "'x'", True),
    ("1", "'2'", True),
    ("1", "'x'", None),
    ("1", "o.list", None),
    ("1", "1.2.3", None),
    ("'a'", "'B'", True),
    ("'10'", "9", True),
    ("'a'", "o.map", None),
    ("o.none", "1", True),
    ("o.none", "''", False),
    ("o.none", "'x'", None),
    ("1.2.3", "'1.10.0'", True),
    ("1.2", "1.2.0", None),
    ("1.2.3", "'1.2'", False),
    ("1.2.3", "'x'", None),
    ("1.2.3", "true", None),
    ("o.map", "1", None),
]

FUNCTIONS = [
    ("and(1, 'x', true)", True),
    ("and(1, '')", False),
    ("or('', 0, 'x')", True),
    ("or('', 0)", False),
    ("not('')", True),
    ("xor(true, 1)", False),
    ("xor(true, '')", True),
    ("ne(1, '1')", False),
    ("ne('a', 'b')", True),
    ("le(1, 1)", True),
    ("ge(1, 2)", False),
    ("gt('b', 'A')", True),
    ("in('A', 'b', 'a')", True),
    ("in(1, 'x', '1.0')", True),
    ("in('1.0', 1)", False),
    ("notIn(1, '2', '1.0')", False),
    ("contains('ABC', 'bc')", True),
    ("contains(true, 'ru')", True),
    ("contains('', '')", True),
    ("startsWith(123, 12)", True),
    ("endsWith('ABC', 'bc')", True),
    ("containsValue(o.list, 'TRUE')", True),
    ("containsValue(o.list, 3)", True),
    ("containsValue(o.map, 'V')", True),
    ("containsValue(o.map, 'Key')", False),
    ("containsValue('text', 't')", False),
    ("coalesce('', o.none, variables.absent, 'x', 'y')", "x"),
    ("coalesce('', '')", ""),
    ("coalesce(o.none, 0)", 0),
    ("format('{1}{0}{1}', 'a', 2)", "2a2"),
    ("format('{{{0}}}', true)", "{True}"),
    ("format('no holes', 1)", "no holes"),
    ("format('{0}', o.none)", ""),
    ("format('{0:yyyyMMdd}', pipeline.startTime)", "20260304"),
    (r"format('{0:yy\-M\-d H:m:s fff zzz K}', pipeline.startTime)", None),
    (r"format('{0:yy\-M\-d H\:m\:s fff zzz}', pipeline.startTime)", "26-3-4 5:6:7 000 +00:00"),
    ("join(';', o.list)", "a;True;3;;"),
    ("join(';', 'one')", "one"),
    ("join(';', o.map)", None),
    ("split('a,b,,c', ',')", ["a", "b", "", "c"]),
    ("split('a,b;c', ';,')", ["a", "b", "c"]),
    ("split('abc', '')", ["abc"]),
    ("replace('aBab', 'AB', 'x')", "xx"),
    (r"replace('a.b', '.', '\1')", r"a\1b"),
    ("replace(true, 'T', 't')", "true"),
    ("lower('ÀB')", "àb"),
    ("upper(true)", "TRUE"),
    ("trim('\t x \n')", "x"),
    ("length(o.list)", 5),
    ("length(o.map)", 2),
    ("length('abc')", 3),
    ("length(12.50)", 4),
    ("length(o.none)", 0),
    ("iif('False', 1, 2)", 1),
    ("iif(false, 1, o.map)", {"Key": "v", "n": 3}),
    ("convertToJson(o.map)", '{\n  "Key": "v",\n  "n": 3\n}'),
    ("convertToJson(o.list)", '[\n  "a",\n  true,\n  3,\n  null,\n  {\n    "k": "v"\n  }\n]'),
    ("convertToJson('a')", '"a"'),
    ("convertToJson(o.none)", "null"),
    ("substring('abcdef', 2, 3)", "cde"),
    ("substring('abcdef', '4')", "ef"),
]

# Not readable at all, wherever they stand.
UNREADABLE = [
    "o.a-b",
    "a-b",
    "(true)",
    '"x"',
    "1 == 1",
    "!true",
    "a && b",
    "true and false",
    "o.",
    "eq(1,2",
    "'x",
    "1.2.3.4.5",
    "1.2.x.4",
]
# Readable, and wrong when they are evaluated.
WRONG = [
    "null",
    "nosuch.x",
    "nosuch(1)",
    "eq(1)",
    "and(true)",
    "not(1, 2)",
    "iif(true, 1)",
    "counter('x', 1)",
    "format('{1}', 'a')",
    "format('{x}', 'a')",
    "format('}', 'a')",
    "format('{0:yyyy}', '2026-03-04')",
    "format('{0:QQ}', pipeline.startTime)",
    "format('{0}', o.list)",
    "contains(o.list, 'a')",
    "lower(o.map)",
    "replace(o.map, 'a', 'b')",
    "iif(true, 1, nosuch.x)",
]


@pytest.mark.parametrize(("expression", "expected"), LITERALS)
def test_a_literal_or_member(expression: str, expected: object) -> None:
    assert value(expression) == expected
    assert type(value(expression)) is type(expected)


@pytest.mark.parametrize(("expression", "expected"), TRUTH)
def test_a_kind_as_a_boolean(expression: str, expected: bool) -> None:
    assert value(f"not(not({expression}))") is expected


@pytest.mark.parametrize(("expression", "expected"), TEXT)
def test_a_kind_as_a_text(expression: str, expected: str) -> None:
    assert value(f"format('{{0}}', {expression})") == expected


@pytest.mark.parametrize(("left", "right", "expected"), EQUAL)
def test_the_left_operand_decides_what_is_equal(left: str, right: str, expected: bool) -> None:
    assert value(f"eq({left}, {right})") is expected
    assert value(f"ne({left}, {right})") is not expected
    assert value(f"in({left}, {right})") is expected


@pytest.mark.parametrize(("left", "right", "expected"), ORDER)
def test_the_left_operand_decides_the_order(left: str, right: str, expected: bool | None) -> None:
    for function in ("lt", "le", "gt", "ge"):
        if expected is None:
            with pytest.raises(ExpressionError, match="cannot be compared"):
                WORLD.evaluate(f"{function}({left}, {right})")
    if expected is not None:
        assert value(f"lt({left}, {right})") is expected
        assert value(f"ge({left}, {right})") is not expected


@pytest.mark.parametrize(("expression", "expected"), FUNCTIONS)
def test_a_function(expression: str, expected: object) -> None:
    if expected is None:
        with pytest.raises(ExpressionError):
            WORLD.evaluate(expression)
    else:
        assert value(expression) == expected


@pytest.mark.parametrize("expression", UNREADABLE)
def test_an_unreadable_expression_is_wrong_even_where_it_is_not_evaluated(expression: str) -> None:
    with pytest.raises(ExpressionError, match="Unexpected"):
        WORLD.evaluate(f"or(true, {expression})")


@pytest.mark.parametrize("expression", WRONG)
def test_a_wrong_name_or_argument_matters_only_where_it_is_evaluated(expression: str) -> None:
    with pytest.raises(ExpressionError):
        WORLD.evaluate(expression)
    assert value(f"or(true, {expression})") is True
    assert value(f"and(false, {expression})") is False
    assert value(f"coalesce('x', {expression})") == "x"
    assert value(f"in(1, 1, {expression})") is True


def test_every_function_has_a_rule_here() -> None:
    tried = " ".join(expression for expression, _ in FUNCTIONS).casefold()
    names = set(COMPILE_TIME) - {"eq", "lt"}
    assert {name for name in names if f"{name}(" not in tried} == set()


def test_split_is_known_at_compile_time_only() -> None:
    assert set(COMPILE_TIME) - set(GENERAL) == {"split"}
