"""Numbers. https://docs.snowflake.com/en/sql-reference/functions-numeric"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from mlops_local.account.sql.functions.registry import Arguments, define, first, function, take
from mlops_local.account.sql.operators import divide, modulo
from mlops_local.account.sql.typed import fixed, is_fixed, number, template, type_of
from mlops_local.account.syntax.types import INTEGER, REAL, SqlType


def _whole(types: Sequence[SqlType | None]) -> SqlType | None:
    """An exact number without its fraction, or a float."""
    return INTEGER if is_fixed(types[0]) else types[0]


define("ABS", "n", first, "abs({0})")
define("SIGN", "n", INTEGER, "CAST(sign({0}) AS BIGINT)")
define("SQRT", "f", REAL, "sqrt({0})")
define("CBRT", "f", REAL, "cbrt({0})")
define("SQUARE", "f", REAL, "{0} * {0}")
define("EXP", "f", REAL, "exp({0})")
define("LN", "f", REAL, "ln({0})")
define("LOG", "ff", REAL, "ln({1}) / ln({0})")
define("POWER POW", "ff", REAL, "pow({0}, {1})")
define("FACTORIAL", "i", INTEGER, "factorial(CAST({0} AS INTEGER))")
for _name in (
    "SIN",
    "COS",
    "TAN",
    "COT",
    "ASIN",
    "ACOS",
    "ATAN",
    "SINH",
    "COSH",
    "TANH",
    "ASINH",
    "ACOSH",
    "ATANH",
    "RADIANS",
    "DEGREES",
):
    define(_name, "f", REAL, f"{_name.lower()}({{0}})")
define("ATAN2", "ff", REAL, "atan2({0}, {1})")
define("PI", "", REAL, "pi()")
define("BITAND BIT_AND", "ii", INTEGER, "CAST({0} AS BIGINT) & CAST({1} AS BIGINT)")
define("BITOR BIT_OR", "ii", INTEGER, "CAST({0} AS BIGINT) | CAST({1} AS BIGINT)")
define("BITXOR BIT_XOR", "ii", INTEGER, "xor(CAST({0} AS BIGINT), CAST({1} AS BIGINT))")
define("BITNOT BIT_NOT", "i", INTEGER, "~CAST({0} AS BIGINT)")
define("BITSHIFTLEFT", "ii", INTEGER, "CAST({0} AS BIGINT) * CAST(pow(2, {1}) AS BIGINT)")
define("BITSHIFTRIGHT", "ii", INTEGER, "CAST({0} AS BIGINT) >> CAST({1} AS BIGINT)")
define(
    "WIDTH_BUCKET",
    "fffi",
    INTEGER,
    "CASE WHEN {0} < {1} THEN CAST(0 AS BIGINT) WHEN {0} >= {2} THEN CAST({3} AS BIGINT) + 1 "
    "ELSE CAST(floor(({0} - {1}) / (({2} - {1}) / {3})) AS BIGINT) + 1 END",
)
define(
    "HAVERSINE",
    "ffff",
    REAL,
    "2 * 6371 * asin(sqrt(pow(sin(radians({2} - {0}) / 2), 2) + cos(radians({0})) * cos(radians({2})) * "
    "pow(sin(radians({3} - {1}) / 2), 2)))",
)


@function("CEIL", "CEILING", least=1, most=2)
def ceil(arguments: Arguments) -> exp.Expr:
    return _to_places(arguments, "ceil")


@function("FLOOR", least=1, most=2)
def floor(arguments: Arguments) -> exp.Expr:
    return _to_places(arguments, "floor")


@function("TRUNC", "TRUNCATE", least=1, most=2)
def truncate(arguments: Arguments) -> exp.Expr:
    return _to_places(arguments, "trunc")


def _to_places(arguments: Arguments, name: str) -> exp.Expr:
    """Up, down or towards zero, to whole numbers or to a number of places."""
    value = take(arguments[0], "n")
    type_ = type_of(value)
    if len(arguments) == 1:
        text = f"CAST({name}({{0}}) AS BIGINT)" if is_fixed(type_) else f"{name}({{0}})"
        return template(text, value, type_=_whole([type_]))
    places = take(arguments[1], "i")
    if is_fixed(type_) and isinstance(places, exp.Literal):
        scale = max(min(type_.scale or 0, int(places.name)), 0) if type_ else 0
        factor = f"CAST('1e{places.name}' AS DECIMAL(38,0))"
        return template(f"CAST({name}({{0}} * {factor}) / {factor} AS DECIMAL(38,{scale}))", value, type_=fixed(scale))
    return template(f"{name}({{0}} * pow(10, {{1}})) / pow(10, {{1}})", value, places, type_=REAL)


@function("ROUND", least=1, most=3)
def round_half_away(arguments: Arguments) -> exp.Expr:
    """https://docs.snowflake.com/en/sql-reference/functions/round"""
    value = take(arguments[0], "n")
    type_ = type_of(value)
    places = take(arguments[1], "i") if len(arguments) > 1 else number(0)
    if len(arguments) == 3:
        return _to_even(value, places, type_)
    if is_fixed(type_) and type_ is not None and isinstance(places, exp.Literal):
        scale = min(type_.scale or 0, int(places.name))
        if scale == 0:
            return template("CAST(round({0}) AS BIGINT)", value, type_=INTEGER)
        return template(f"CAST(round({{0}}, {scale}) AS DECIMAL(38,{scale}))", value, type_=fixed(scale))
    return template("round({0}, CAST({1} AS INTEGER))", value, places, type_=type_)


def _to_even(value: exp.Expr, places: exp.Expr, type_: SqlType | None) -> exp.Expr:
    return template("round_even({0}, CAST({1} AS INTEGER))", value, places, type_=REAL if type_ is None else type_)


@function("MOD", least=2)
def mod(arguments: Arguments) -> exp.Expr:
    return modulo(arguments[0], arguments[1])


@function("DIV0", least=2)
def div0(arguments: Arguments) -> exp.Expr:
    """https://docs.snowflake.com/en/sql-reference/functions/div0"""
    divisor = take(arguments[1], "n")
    safe = template("CASE WHEN {0} = 0 THEN NULL ELSE {0} END", divisor, type_=type_of(divisor))
    quotient = divide(arguments[0], safe)
    return template(
        "CASE WHEN {1} = 0 AND {2} IS NOT NULL THEN 0 ELSE {0} END", quotient, divisor, arguments[0], type_=type_of(quotient)
    )


@function("DIV0NULL", least=2)
def div0null(arguments: Arguments) -> exp.Expr:
    divisor = take(arguments[1], "n")
    safe = template("CASE WHEN {0} = 0 THEN NULL ELSE {0} END", divisor, type_=type_of(divisor))
    quotient = divide(arguments[0], safe)
    return template(
        "CASE WHEN {2} IS NULL THEN NULL WHEN {1} IS NULL OR {1} = 0 THEN 0 ELSE {0} END",
        quotient,
        divisor,
        arguments[0],
        type_=type_of(quotient),
    )
