"""OVER, WITHIN GROUP, FILTER and IGNORE NULLS around a function that is translated already.

The translation of an aggregate may wrap DuckDB's (``to_json(list(x))``); what stands behind the function in Snowflake
belongs to the call inside, which is marked. https://docs.snowflake.com/en/sql-reference/functions-window-syntax
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mlops_local.account.errors import unsupported
from mlops_local.account.sql.generator import Call
from mlops_local.account.sql.typed import template, type_of, typed

if TYPE_CHECKING:
    from mlops_local.account.sql.scope import Scope

Handler = Callable[[exp.Expr, "Scope"], exp.Expr]

_CORE = "aggregate"
_ROW_BY_ROW = "row by row"
_OF_ALL_ROWS = {"first_value", "last_value", "nth_value"}


def mark(node: exp.Expr) -> exp.Expr:
    """Notes that this call is the aggregate or window function itself."""
    node.meta[_CORE] = True
    return node


def row_by_row(node: exp.Expr) -> exp.Expr:
    """Notes that the function counts up to its own row, whatever rows tie with it."""
    node.meta[_ROW_BY_ROW] = True
    return node


def unmark(node: exp.Expr) -> exp.Expr:
    """The same, as a plain value of a window function: what is aggregated inside belongs to the groups."""
    for found in node.walk():
        found.meta.pop(_CORE, None)
    return node


def _cores(node: exp.Expr) -> list[Call]:
    """The outermost aggregates; some translations are made of several (a mean is a sum and a count)."""
    if is_aggregate(node):
        return [node]
    return [core for child in node.iter_expressions() for core in _cores(child)]


def is_aggregate(node: exp.Expr) -> bool:
    return isinstance(node, Call) and bool(node.meta.get(_CORE))


def _some_cores(node: exp.Expr) -> list[Call]:
    cores = _cores(node)
    if not cores:
        raise unsupported("OVER, WITHIN GROUP, FILTER or IGNORE NULLS behind a function that is no aggregate")
    return cores


def _window(node: exp.Expr, scope: Scope) -> exp.Expr:
    whole = node.this
    kept = type_of(whole)
    spec = {key: value for key, value in node.args.items() if key != "this" and value is not None}
    cores = _some_cores(whole)
    if cores[0].meta.get(_ROW_BY_ROW):
        spec["spec"] = _frame("CURRENT ROW", None)
    if cores[0].args["this"] in _OF_ALL_ROWS and "spec" not in spec:
        spec["spec"] = _frame("UNBOUNDED", "FOLLOWING")
    for core in cores:
        window = exp.Window(this=core.copy(), **{key: _copied(value) for key, value in spec.items()})
        if core is whole:
            return typed(window, kept)
        core.replace(window)
    return typed(whole, kept)


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value.copy() if isinstance(value, exp.Expr) else value


def _frame(end: str, side: str | None) -> exp.WindowSpec:
    """Rows from the first on. That of FIRST_VALUE and its kin, when none is given, is the whole partition."""
    return exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end=end, end_side=side)


def _within_group(node: exp.Expr, scope: Scope) -> exp.Expr:
    """``LISTAGG(x, ',') WITHIN GROUP (ORDER BY y)``; a percentile takes its value from the order."""
    core = _some_cores(node.this)[0]
    if core.meta.get("percentile"):
        value = node.expression.expressions[0]
        # DuckDB counts a negative fraction from the other end.
        fractions = [template("-{0}", node) for node in core.expressions] if value.args.get("desc") else core.expressions
        core.set("expressions", [value.this, *fractions])
        return typed(node.this, type_of(node.this) or type_of(value.this))
    core.set("order", node.expression)
    return typed(node.this, type_of(node.this))


def _filter(node: exp.Expr, scope: Scope) -> exp.Expr:
    for core in _some_cores(node.this):
        if core.args.get("where"):
            raise unsupported("FILTER behind this aggregate")
        core.set("where", node.expression.this.copy())
    return typed(node.this, type_of(node.this))


def _ignore_nulls(node: exp.Expr, scope: Scope) -> exp.Expr:
    """Behind the function, or inside its parentheses behind the argument."""
    cores = _cores(node.this)
    if not cores:
        return typed(node, type_of(node.this))
    for core in cores:
        core.set("ignore_nulls", True)
    return typed(node.this, type_of(node.this))


def _respect_nulls(node: exp.Expr, scope: Scope) -> exp.Expr:
    return typed(node.this, type_of(node.this))


HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Window: _window,
    exp.WithinGroup: _within_group,
    exp.Filter: _filter,
    exp.IgnoreNulls: _ignore_nulls,
    exp.RespectNulls: _respect_nulls,
}
