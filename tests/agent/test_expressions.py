"""The expression language in general: limits, errors with their place, and any text at all. Its rules: test_rules_expressions.py."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_local.agent.evaluation import World
from mlops_local.agent.expressions import MAX_DEPTH, MAX_LENGTH, parse
from mlops_local.agent.scalars import render_number
from mlops_local.agent.values import ExpressionError, Table, plain

WORLD = World({"variables": Table([("Build.Reason", "Manual"), ("text", "abc")])})


def value(expression: str) -> object:
    return plain(WORLD.evaluate(expression))


def test_the_error_names_the_symbol_and_its_place() -> None:
    with pytest.raises(ExpressionError) as caught:
        WORLD.evaluate("eq(1, 1) && true")
    assert str(caught.value) == "Unexpected symbol: '&&'. Located at position 10 within expression: eq(1, 1) && true"


@pytest.mark.parametrize("extra", [0, 1])
@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        (lambda extra: "'" + "x" * (MAX_LENGTH - 2 + extra) + "'", "at most 21000 characters"),
        (lambda extra: "not(" * (MAX_DEPTH - 1 + extra) + "true" + ")" * (MAX_DEPTH - 1 + extra), "at most 50 levels deep"),
        (lambda extra: "a[" * (MAX_DEPTH - 1 + extra) + "1" + "]" * (MAX_DEPTH - 1 + extra), "at most 50 levels deep"),
    ],
    ids=["length", "calls", "members"],
)
def test_limits_of_length_and_depth(expression: Callable[[int], str], sentence: str, extra: int) -> None:
    if not extra:
        parse(expression(extra))
        return
    with pytest.raises(ExpressionError, match=sentence):
        parse(expression(extra))


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
