"""One expression in DuckDB's terms, from its leaves up, with the types that Snowflake gives it."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from mlops_local.account.errors import unsupported
from mlops_local.account.sql import operators, semistructured, windows
from mlops_local.account.sql.casts import as_text, cast, cast_or_null
from mlops_local.account.sql.functions import call_function
from mlops_local.account.sql.functions.higher_order import higher_order, is_higher_order
from mlops_local.account.sql.generator import Raw
from mlops_local.account.sql.operators import harmonized, unified
from mlops_local.account.sql.scope import Scope
from mlops_local.account.sql.sequences import next_value
from mlops_local.account.sql.typed import call, literal_type, string, template, type_of, typed
from mlops_local.account.syntax.types import BINARY, BOOLEAN, INTEGER, TEXT, parse_type

Handler = Callable[[exp.Expr, Scope], exp.Expr]

# Parts of a tree that are no values themselves: their children are translated, they stay.
_FRAMES = (
    exp.Where,
    exp.Having,
    exp.Qualify,
    exp.Group,
    exp.Order,
    exp.Ordered,
    exp.Tuple,
    exp.Distinct,
    exp.If,
    exp.Kwarg,
    exp.Cube,
    exp.Rollup,
    exp.GroupingSets,
    exp.WindowSpec,
    exp.PropertyEQ,
    exp.Any,
    exp.All,
    exp.Escape,
)
_LEAVES = (Raw, exp.Identifier, exp.Var, exp.DataType, exp.TableAlias, exp.JSONPath, exp.Interval, exp.Lambda)


def translate(node: exp.Expr, scope: Scope) -> exp.Expr:
    """The translated expression; the node given is used up."""
    if isinstance(node, exp.Query):
        return _nested(node, scope)
    if isinstance(node, _LEAVES):
        return node
    first = _FIRST.get(type(node))
    if first is not None:
        return first(node, scope)
    handler = _HANDLERS.get(type(node))
    if handler is None and not isinstance(node, _FRAMES):
        raise unsupported(_spoken(node))
    _children(node, scope)
    return handler(node, scope) if handler is not None else node


def _spoken(node: exp.Expr) -> str:
    return f"{type(node).__name__}: {node.sql(dialect='snowflake')[:80]}"


def _children(node: exp.Expr, scope: Scope) -> None:
    for key, value in list(node.args.items()):
        if isinstance(value, list):
            node.set(key, [translate(item, scope) if isinstance(item, exp.Expr) else item for item in value])
        elif isinstance(value, exp.Expr):
            node.set(key, translate(value, scope))


def _nested(node: exp.Expr, scope: Scope) -> exp.Expr:
    fields = scope.query(node, scope.child())
    return typed(node, fields[0].type if fields and len(fields) == 1 else None)


def _exists(node: exp.Expr, scope: Scope) -> exp.Expr:
    scope.query(node.this, scope.child())
    return typed(node, BOOLEAN)


def _column(node: exp.Expr, scope: Scope) -> exp.Expr:
    if node.is_star:
        return node
    if isinstance(node.this, exp.Parameter):
        return _position(node.this, scope, table=node.table)
    number = next_value(node, scope)
    if number is not None:
        return number
    for part in ("db", "catalog"):
        node.set(part, None)
    return typed(node, scope.type_of(node.table, node.name))


def _star(node: exp.Expr, scope: Scope) -> exp.Expr:
    replaced = [exp.Alias(this=translate(item.this, scope), alias=item.args["alias"]) for item in node.args.get("replace") or ()]
    if replaced:
        node.set("replace", replaced)
    return node


def _starred_column(node: exp.Expr, scope: Scope) -> exp.Expr:
    if isinstance(node.this, exp.Star):
        node.set("this", _star(node.this, scope))
        for part in ("db", "catalog"):
            node.set(part, None)
        return node
    return _column(node, scope)


def _parameter(node: exp.Expr, scope: Scope) -> exp.Expr:
    return _position(node, scope, table="")


def _position(node: exp.Expr, scope: Scope, *, table: str) -> exp.Expr:
    """``$2`` is the second column of the source."""
    found = scope.position(table, int(node.name)) if node.name.isdigit() else None
    if found is None:
        raise unsupported(f"${node.name} here")
    alias, field = found
    qualified = None if alias.startswith("~") else exp.Identifier(this=alias, quoted=True)
    return typed(exp.Column(this=exp.Identifier(this=field.name, quoted=True), table=qualified), field.type)


def _literal(node: exp.Expr, scope: Scope) -> exp.Expr:
    return typed(node, TEXT if node.is_string else literal_type(node.name))


def _raw_string(node: exp.Expr, scope: Scope) -> exp.Expr:
    """``$$ .. $$``"""
    return string(node.name)


def _bytes(node: exp.Expr, scope: Scope) -> exp.Expr:
    """``x'0aff'``"""
    return call("unhex", exp.Literal.string(node.name), type_=BINARY)


def _alias(node: exp.Expr, scope: Scope) -> exp.Expr:
    """A bare whole number is a BIGINT: DuckDB would make 32 bits of it, and sums of it overflow."""
    if isinstance(node.this, exp.Literal) and not node.this.is_string and type_of(node.this) == INTEGER:
        node.set("this", template("CAST({0} AS BIGINT)", node.this, type_=INTEGER))
    return typed(node, type_of(node.this))


def _same(node: exp.Expr, scope: Scope) -> exp.Expr:
    return typed(node, type_of(node.this))


def _truth(node: exp.Expr, scope: Scope) -> exp.Expr:
    return typed(node, BOOLEAN)


def _cast(node: exp.Expr, scope: Scope) -> exp.Expr:
    target = parse_type(node.args["to"].sql(dialect="snowflake"))
    return (cast_or_null if isinstance(node, exp.TryCast) else cast)(node.this, target)


def _case(node: exp.Expr, scope: Scope) -> exp.Expr:
    branches = [branch.args["true"] for branch in node.args["ifs"]]
    default = node.args.get("default")
    values, type_ = unified([*branches, *([default] if default is not None else [])])
    subject = node.args.get("this")
    for branch, value in zip(node.args["ifs"], values, strict=False):
        branch.set("true", value)
        if subject is not None:
            branch.set("this", harmonized(subject, branch.this)[1])
    if default is not None:
        node.set("default", values[-1])
    return typed(node, type_)


def _like(node: exp.Expr, scope: Scope) -> exp.Expr:
    node.set("this", as_text(node.this))
    if not isinstance(node.expression, exp.Any | exp.All):
        node.set("expression", as_text(node.expression))
    return typed(node, BOOLEAN)


def _regexp_like(node: exp.Expr, scope: Scope) -> exp.Expr:
    """RLIKE matches the whole text. https://docs.snowflake.com/en/sql-reference/functions/rlike"""
    return call("regexp_full_match", as_text(node.this), as_text(node.expression), type_=BOOLEAN)


def _position_in(node: exp.Expr, scope: Scope) -> exp.Expr:
    return call("strpos", as_text(node.this), as_text(node.args["substr"]), type_=INTEGER)


def _function(node: exp.Expr, scope: Scope) -> exp.Expr:
    if isinstance(node.this, str) and is_higher_order(node.this.upper()):
        return higher_order(node.this.upper(), node.expressions, scope, translate)
    arguments = [translate(argument, scope) for argument in node.expressions]
    name = node.this if isinstance(node.this, str) else node.this.name
    return call_function((name.upper() if isinstance(node.this, str) else name,), arguments, scope)


def _qualified_function(node: exp.Expr, scope: Scope) -> exp.Expr:
    parts = [part.name for part in node.flatten() if isinstance(part, exp.Identifier | exp.Var | exp.Column)]
    function = node.expression
    if not isinstance(function, exp.Anonymous):
        raise unsupported(_spoken(node))
    arguments = [translate(argument, scope) for argument in function.expressions]
    name = function.this.upper() if isinstance(function.this, str) else function.this.name
    return call_function((*parts, name), arguments, scope)


def _extract(node: exp.Expr, scope: Scope) -> exp.Expr:
    part = exp.Literal.string(node.this.name)
    return call_function(("DATE_PART",), [part, translate(node.expression, scope)], scope)


_FIRST: dict[type[exp.Expr], Handler] = {
    exp.Exists: _exists,
    exp.Star: _star,
    exp.Column: _starred_column,
    exp.Anonymous: _function,
    exp.Dot: _qualified_function,
    exp.Extract: _extract,
    exp.Parameter: _parameter,
}

_HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Literal: _literal,
    exp.RawString: _raw_string,
    exp.HexString: _bytes,
    exp.Boolean: _truth,
    exp.Null: lambda node, scope: node,
    exp.Paren: _same,
    exp.Alias: _alias,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Case: _case,
    exp.Like: _like,
    exp.ILike: _like,
    exp.RegexpLike: _regexp_like,
    exp.StrPosition: _position_in,
    exp.And: _truth,
    exp.Or: _truth,
    exp.Not: _truth,
    exp.Is: _truth,
    **operators.HANDLERS,
    **semistructured.HANDLERS,
    **windows.HANDLERS,
}
