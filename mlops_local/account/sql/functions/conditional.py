"""Choices and NULL. https://docs.snowflake.com/en/sql-reference/expressions-conditional"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from mlops_local.account.sql.functions.registry import Arguments, define, function, take
from mlops_local.account.sql.operators import harmonized, unified
from mlops_local.account.sql.typed import is_semi, template, type_of
from mlops_local.account.syntax.types import BOOLEAN


def _chosen(text: str, conditions: Sequence[exp.Expr], values: Sequence[exp.Expr]) -> exp.Expr:
    """A template of the conditions first, then the values, brought to one type."""
    alike, type_ = unified(values)
    return template(text, *conditions, *alike, type_=type_)


@function("IFF", least=3)
def iff(arguments: Arguments) -> exp.Expr:
    return _chosen("CASE WHEN {0} THEN {1} ELSE {2} END", [take(arguments[0], "b")], arguments.nodes[1:])


@function("COALESCE", least=1, most=None)
def coalesce(arguments: Arguments) -> exp.Expr:
    return _coalesce(arguments.nodes)


@function("NVL", "IFNULL", least=2)
def nvl(arguments: Arguments) -> exp.Expr:
    return _coalesce(arguments.nodes)


def _coalesce(nodes: Sequence[exp.Expr]) -> exp.Expr:
    return _chosen(f"coalesce({', '.join(f'{{{i}}}' for i in range(len(nodes)))})", [], nodes)


@function("NVL2", least=3)
def nvl2(arguments: Arguments) -> exp.Expr:
    return _chosen("CASE WHEN {0} IS NOT NULL THEN {1} ELSE {2} END", [arguments[0]], arguments.nodes[1:])


@function("NULLIF", least=2)
def nullif(arguments: Arguments) -> exp.Expr:
    left, right = harmonized(arguments[0], arguments[1])
    return template("CASE WHEN {0} = {1} THEN NULL ELSE {2} END", left, right, arguments[0], type_=arguments.type(0))


@function("ZEROIFNULL", least=1)
def zero_if_null(arguments: Arguments) -> exp.Expr:
    value = take(arguments[0], "n")
    return template("coalesce({0}, 0)", value, type_=type_of(value))


@function("NULLIFZERO", least=1)
def null_if_zero(arguments: Arguments) -> exp.Expr:
    value = take(arguments[0], "n")
    return template("nullif({0}, 0)", value, type_=type_of(value))


define("EQUAL_NULL", "**", BOOLEAN, "{0} IS NOT DISTINCT FROM {1}")
define("BOOLAND", "bb", BOOLEAN, "{0} AND {1}")
define("BOOLOR", "bb", BOOLEAN, "{0} OR {1}")
define("BOOLNOT", "b", BOOLEAN, "NOT {0}")
define("BOOLXOR", "bb", BOOLEAN, "{0} <> {1}")
define("REGR_VALX", "ff", None, "CASE WHEN {0} IS NULL THEN NULL ELSE {1} END")
define("REGR_VALY", "ff", None, "CASE WHEN {1} IS NULL THEN NULL ELSE {0} END")


@function("DECODE", least=3, most=None)
def decode(arguments: Arguments) -> exp.Expr:
    """Pairs of search and result; NULL matches NULL. https://docs.snowflake.com/en/sql-reference/functions/decode"""
    subject, rest = arguments[0], arguments.nodes[1:]
    pairs = len(rest) // 2
    searches = [harmonized(subject, rest[2 * i])[1] for i in range(pairs)]
    results = [rest[2 * i + 1] for i in range(pairs)] + ([rest[-1]] if len(rest) % 2 else [])
    whens = "".join(f" WHEN {{0}} IS NOT DISTINCT FROM {{{i + 1}}} THEN {{{pairs + 1 + i}}}" for i in range(pairs))
    default = f" ELSE {{{2 * pairs + 1}}}" if len(rest) % 2 else ""
    return _chosen(f"CASE{whens}{default} END", [subject, *searches], results)


@function("GREATEST", "LEAST", least=1, most=None)
def extreme(arguments: Arguments) -> exp.Expr:
    """NULL when an argument is NULL, unlike DuckDB's."""
    values, type_ = unified([take(node, "n") if is_semi(type_of(node)) else node for node in arguments.nodes])
    places = [f"{{{i}}}" for i in range(len(values))]
    missing = " OR ".join(f"{place} IS NULL" for place in places)
    return template(f"CASE WHEN {missing} THEN NULL ELSE {arguments.name.lower()}({', '.join(places)}) END", *values, type_=type_)


@function("GREATEST_IGNORE_NULLS", "LEAST_IGNORE_NULLS", least=1, most=None)
def extreme_of_present(arguments: Arguments) -> exp.Expr:
    values, type_ = unified(arguments.nodes)
    places = ", ".join(f"{{{i}}}" for i in range(len(values)))
    return template(f"{arguments.name.split('_')[0].lower()}({places})", *values, type_=type_)


@function("IS_NULL_VALUE", least=1)
def is_null_value(arguments: Arguments) -> exp.Expr:
    """Whether a VARIANT is JSON null. https://docs.snowflake.com/en/sql-reference/functions/is_null_value"""
    return template("json_type({0}) = 'NULL'", take(arguments[0], "j"), type_=BOOLEAN)
