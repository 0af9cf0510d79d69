"""Arithmetic and comparison. https://docs.snowflake.com/en/sql-reference/operators-arithmetic

Numbers with a decimal point are exact in Snowflake: 1/3 is NUMBER 0.333333, not a float.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from mlops_local.account.sql.casts import as_number, as_text, cast
from mlops_local.account.sql.run_errors import DIVISION_BY_ZERO
from mlops_local.account.sql.typed import (
    common,
    fixed,
    is_fixed,
    is_number,
    is_semi,
    is_temporal,
    is_text,
    is_timestamp,
    template,
    type_of,
    typed,
)
from mlops_local.account.syntax.types import BOOLEAN, DATE, INTEGER, REAL, TEXT, TIMESTAMP_LTZ, VARIANT, SqlType

if TYPE_CHECKING:
    from mlops_local.account.sql.scope import Scope

Handler = Callable[[exp.Expr, "Scope"], exp.Expr]

_DAYS = {"DAY", "DAYS", "D", "WEEK", "WEEKS", "MONTH", "MONTHS", "QUARTER", "YEAR", "YEARS", "Y"}


def unified(nodes: Sequence[exp.Expr]) -> tuple[list[exp.Expr], SqlType | None]:
    """Alternatives (of CASE, COALESCE ..) brought to one type."""
    target = common(type_of(node) for node in nodes if not isinstance(node, exp.Null))
    if target is None:
        return list(nodes), None
    same = len({type_of(node) for node in nodes if not isinstance(node, exp.Null)}) == 1
    if same and target.name != "FIXED":
        return list(nodes), target
    return [node if isinstance(node, exp.Null) else _widened(node, target) for node in nodes], target


def _widened(node: exp.Expr, target: SqlType) -> exp.Expr:
    """DuckDB mixes numbers by itself; everything else is converted."""
    source = type_of(node)
    if is_number(source) and target.name == "FIXED":
        return (
            template("CAST({0} AS BIGINT)", node, type_=INTEGER) if isinstance(node, exp.Literal) and target == INTEGER else node
        )
    if is_number(source) and target == REAL:
        return cast(node, REAL)
    return node if is_text(source) and is_text(target) else cast(node, target)


def harmonized(left: exp.Expr, right: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    """Two sides of a comparison in types that DuckDB compares as Snowflake does."""
    one, other = type_of(left), type_of(right)
    if one is None or other is None or one.name == other.name:
        return left, right
    if is_semi(one):
        return (left, right) if is_semi(other) else (cast(left, other), right)
    if is_semi(other):
        return left, cast(right, one)
    if is_timestamp(one) and is_timestamp(other):
        return cast(left, TIMESTAMP_LTZ), cast(right, TIMESTAMP_LTZ)
    if is_text(one):
        return cast(left, _against(left, other)), right
    if is_text(other):
        return left, cast(right, _against(right, one))
    if {one.name, other.name} == {"DATE", "TIMESTAMP_LTZ"} or {one.name, other.name} == {"DATE", "TIMESTAMP_TZ"}:
        return cast(left, TIMESTAMP_LTZ), cast(right, TIMESTAMP_LTZ)
    return left, right


def _against(text: exp.Expr, other: SqlType) -> SqlType:
    """The type that a text takes to be compared with the other: a number keeps the digits that it is written with."""
    if other.name == "FIXED":
        scale = other.scale or 0
        if isinstance(text, exp.Literal):
            scale = max(scale, len(text.name.partition(".")[2]))
        return fixed(max(scale, 0) if isinstance(text, exp.Literal) else max(scale, 6))
    return TEXT if other.name == "BINARY" else other


def _compare(node: exp.Expr, scope: Scope) -> exp.Expr:
    left, right = harmonized(node.this, node.expression)
    node.set("this", left)
    node.set("expression", right)
    return typed(node, BOOLEAN)


def _between(node: exp.Expr, scope: Scope) -> exp.Expr:
    for key in ("low", "high"):
        node.set(key, harmonized(node.this, node.args[key])[1])
    if is_semi(type_of(node.this)) or is_text(type_of(node.this)):
        node.set("this", harmonized(node.this, node.args["low"])[0])
    return typed(node, BOOLEAN)


def _in(node: exp.Expr, scope: Scope) -> exp.Expr:
    items = node.expressions
    if items and not isinstance(node.this, exp.Tuple):
        node.set("expressions", [harmonized(node.this, item)[1] for item in items])
        node.set("this", harmonized(node.this, items[0])[0])
    return typed(node, BOOLEAN)


def _concatenate(node: exp.Expr, scope: Scope) -> exp.Expr:
    return template("{0} || {1}", as_text(node.this), as_text(node.expression), type_=TEXT)


def _numbers(node: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    """Both operands as numbers; two constants are made 64 bits wide first."""
    left, right = as_number(node.this), as_number(node.expression)
    if isinstance(left, exp.Literal) and type_of(left) == INTEGER and type_of(right) == INTEGER:
        left = template("CAST({0} AS BIGINT)", left, type_=INTEGER)
    return left, right


def _result(left: SqlType | None, right: SqlType | None, scale: Callable[[int, int], int]) -> SqlType | None:
    if left is None or right is None:
        return None
    if REAL in {left, right}:
        return REAL
    return fixed(scale(left.scale or 0, right.scale or 0)) if is_fixed(left) and is_fixed(right) else None


def _add(node: exp.Expr, scope: Scope) -> exp.Expr:
    one, other = type_of(node.this), type_of(node.expression)
    if isinstance(node.expression, exp.Interval) or isinstance(node.this, exp.Interval):
        return _shift(node, one, other)
    if is_temporal(one) or is_temporal(other):
        return _days(node, one, other)
    left, right = _numbers(node)
    node.set("this", left)
    node.set("expression", right)
    return typed(node, _result(type_of(left), type_of(right), max))


def _days(node: exp.Expr, one: SqlType | None, other: SqlType | None) -> exp.Expr:
    """DATE and whole days: ``d + 1``, ``d1 - d2``."""
    if one == DATE and other == DATE:
        return typed(node, INTEGER)
    if is_number(other) and one == DATE:
        node.set("expression", template("CAST({0} AS INTEGER)", node.expression))
        return typed(node, DATE)
    return typed(node, one if is_temporal(one) else other)


def _shift(node: exp.Expr, one: SqlType | None, other: SqlType | None) -> exp.Expr:
    """A date or time and an interval: a date stays a date for whole days, a TIMESTAMP_NTZ keeps its nanoseconds."""
    interval, moment = (node.expression, node.this) if isinstance(node.expression, exp.Interval) else (node.this, node.expression)
    type_ = one if moment is node.this else other
    sign = "-" if isinstance(node, exp.Sub) else "+"
    if type_ == DATE and interval.unit is not None and interval.unit.name.upper() in _DAYS:
        return template(f"CAST({{0}} {sign} {{1}} AS DATE)", moment, interval, type_=DATE)
    if type_ is not None and type_.name == "TIMESTAMP_NTZ":
        return template(
            f"make_timestamp_ns(epoch_ns(CAST(make_timestamp(epoch_ns({{0}}) // 1000) {sign} {{1}} AS TIMESTAMP_NS)) "
            "+ epoch_ns({0}) % 1000)",
            moment,
            interval,
            type_=type_,
        )
    if type_ == DATE:
        return template(f"CAST({{0}} {sign} {{1}} AS TIMESTAMP_NS)", moment, interval, type_=SqlType("TIMESTAMP_NTZ", scale=9))
    return typed(node, type_)


def _multiply(node: exp.Expr, scope: Scope) -> exp.Expr:
    left, right = _numbers(node)
    node.set("this", left)
    node.set("expression", right)
    return typed(node, _result(type_of(left), type_of(right), lambda a, b: a + b))


def divide(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """The quotient of two numbers; exact to at least six digits for exact ones, and an error by zero.

    https://docs.snowflake.com/en/sql-reference/operators-arithmetic#division
    """
    left, right = as_number(left), as_number(right)
    one, other = type_of(left), type_of(right)
    if not (is_fixed(one) and is_fixed(other)) or one is None or other is None:
        return template("{0} / " + _NOT_ZERO.format(type="DOUBLE"), left, right, type_=REAL if one and other else None)
    numerator, denominator = one.scale or 0, other.scale or 0
    scale = max(numerator, min(numerator + 6, 12))
    return typed(_exact(left, right, numerator, denominator, scale), fixed(scale))


_NOT_ZERO = f"CASE WHEN {{{{1}}}} = 0 THEN CAST(error('{DIVISION_BY_ZERO}') AS {{type}}) ELSE {{{{1}}}} END"


def _exact(left: exp.Expr, right: exp.Expr, numerator: int, denominator: int, scale: int) -> exp.Expr:
    """Whole-number division of the unscaled values, rounded half away from zero."""
    top = _unscaled(left, numerator, scale + denominator)
    bottom = _unscaled(right, denominator, denominator)
    whole = template(
        "sign({0}) * sign({1}) * ((2 * abs({0}) + abs({1})) // CASE WHEN {1} = 0 THEN "
        f"CAST(error('{DIVISION_BY_ZERO}') AS HUGEINT) ELSE 2 * abs({{1}}) END)",
        top,
        bottom,
    )
    unit = f"CAST('0.{'1'.zfill(scale)}' AS DECIMAL({scale},{scale}))"
    return template(f"CAST(CAST({{0}} AS DECIMAL(38,0)) * {unit} AS DECIMAL(38,{scale}))", whole)


def _unscaled(node: exp.Expr, scale: int, wanted: int) -> exp.Expr:
    """The number times a power of ten, as a whole number."""
    if scale == 0:
        return template(f"CAST({{0}} AS HUGEINT) * {10**wanted}", node)
    return template(f"CAST(CAST({{0}} AS DECIMAL(38,{scale})) * {10**scale} AS HUGEINT) * {10 ** (wanted - scale)}", node)


def _divide(node: exp.Expr, scope: Scope) -> exp.Expr:
    return divide(node.this, node.expression)


def modulo(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    left, right = as_number(left), as_number(right)
    type_ = _result(type_of(left), type_of(right), max)
    if isinstance(right, exp.Literal) and right.name.strip("0.") != "":
        return template("{0} % {1}", left, right, type_=type_)
    kind = "BIGINT" if type_ == INTEGER else "DOUBLE"
    return template("{0} % " + _NOT_ZERO.format(type=kind), left, right, type_=type_)


def _modulo(node: exp.Expr, scope: Scope) -> exp.Expr:
    return modulo(node.this, node.expression)


def _negate(node: exp.Expr, scope: Scope) -> exp.Expr:
    inner = as_number(node.this)
    node.set("this", inner)
    return typed(node, type_of(inner))


HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.EQ: _compare,
    exp.NEQ: _compare,
    exp.GT: _compare,
    exp.GTE: _compare,
    exp.LT: _compare,
    exp.LTE: _compare,
    exp.NullSafeEQ: _compare,
    exp.NullSafeNEQ: _compare,
    exp.Between: _between,
    exp.In: _in,
    exp.DPipe: _concatenate,
    exp.Add: _add,
    exp.Sub: _add,
    exp.Mul: _multiply,
    exp.Div: _divide,
    exp.Mod: _modulo,
    exp.Neg: _negate,
}

__all__ = ["HANDLERS", "VARIANT", "divide", "harmonized", "modulo", "unified"]
