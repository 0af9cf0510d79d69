"""TRANSFORM, FILTER and REDUCE: functions of an array and a lambda.

https://docs.snowflake.com/en/sql-reference/functions-semistructured#higher-order-functions
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from mlops_local.account.errors import compilation_error
from mlops_local.account.sql.casts import cast
from mlops_local.account.sql.generator import generate, raw
from mlops_local.account.sql.scope import Scope
from mlops_local.account.sql.semistructured import as_json
from mlops_local.account.sql.typed import template, type_of, typed
from mlops_local.account.syntax.types import ARRAY, BOOLEAN, VARIANT

Translate = Callable[[exp.Expr, Scope], exp.Expr]

_SHAPES = {"TRANSFORM": (2, 1), "FILTER": (2, 1), "REDUCE": (3, 2)}


def is_higher_order(name: str) -> bool:
    return name in _SHAPES


def higher_order(name: str, arguments: list[exp.Expr], scope: Scope, translate: Translate) -> exp.Expr:
    """The arguments come untranslated: what the names inside a lambda are, only the function knows."""
    count, width = _SHAPES[name]
    function = arguments[-1] if len(arguments) == count else None
    if not isinstance(function, exp.Lambda) or len(function.expressions) != width:
        raise compilation_error(1044, "42P13", f"error line 1 at position 0\nInvalid argument types for function '{name}'")
    elements = template("CAST({0} AS JSON[])", as_json(translate(arguments[0], scope)))
    if name == "REDUCE":
        return _reduce(elements, translate(arguments[1], scope), function, scope, translate)
    body = _body(function, {}, scope, translate)
    if name == "FILTER":
        made = template(f"list_filter({{0}}, lambda {_names(function)}: {{1}})", elements, cast(body, BOOLEAN))
    else:
        made = template(f"list_transform({{0}}, lambda {_names(function)}: {{1}})", elements, as_json(body))
    return template("to_json({0})", made, type_=ARRAY)


def _reduce(elements: exp.Expr, start: exp.Expr, function: exp.Lambda, scope: Scope, translate: Translate) -> exp.Expr:
    """The accumulator has the type of the value that it starts with."""
    type_ = type_of(start) or VARIANT
    accumulator = function.expressions[0].name
    value = typed(raw(f"({generate(cast(typed(raw(_parameter(accumulator)), VARIANT), type_))})"), type_)
    body = cast(_body(function, {accumulator: value}, scope, translate), type_)
    folded = template(
        f"CASE WHEN {{0}} IS NOT NULL THEN list_reduce({{0}}, lambda {_names(function)}: {{1}}, {{2}}) END",
        elements,
        as_json(body),
        as_json(start),
        type_=VARIANT,
    )
    return cast(folded, type_)


def _body(function: exp.Lambda, known: dict[str, exp.Expr], scope: Scope, translate: Translate) -> exp.Expr:
    """The translated body; a parameter is a VARIANT unless its value is given."""
    names = {parameter.name for parameter in function.expressions}
    holder = exp.Paren(this=function.this.copy())
    for node in list(holder.find_all(exp.Identifier)):
        column = node.parent if isinstance(node.parent, exp.Column) else node
        if node.name in names and (column is node or not column.table):
            column.replace((known.get(node.name) or typed(raw(_parameter(node.name)), VARIANT)).copy())
    return translate(holder.this, scope)


def _names(function: exp.Lambda) -> str:
    return ", ".join(_parameter(parameter.name) for parameter in function.expressions)


def _parameter(name: str) -> str:
    return generate(exp.Identifier(this=f"~{name}", quoted=True))
