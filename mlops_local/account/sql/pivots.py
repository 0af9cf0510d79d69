"""PIVOT: a group for each row that is left, an aggregate for each value. https://docs.snowflake.com/en/sql-reference/constructs/pivot

The values of ``ANY`` and of a query are data: they are read when the statement is compiled, as Snowflake does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from mlops_local.account.errors import invalid_identifier, unsupported
from mlops_local.account.sql.expressions import translate
from mlops_local.account.sql.generator import generate, raw
from mlops_local.account.sql.scope import Field, Fields, Scope
from mlops_local.account.sql.typed import type_of, typed
from mlops_local.account.syntax.names import literal, logical, physical, quote_if_needed
from mlops_local.account.syntax.types import SqlType, from_duckdb

_SOURCE = "~pivoted"
_SHOWN_BARE = {"FIXED", "REAL", "BOOLEAN"}


@dataclass(frozen=True)
class _Value:
    """One value of the column that is pivoted, translated, and the name of the column that it makes."""

    node: exp.Expr
    name: str


def is_pivot(node: exp.Expr) -> bool:
    pivots = node.args.get("pivots") or []
    return bool(pivots) and not pivots[0].args.get("unpivot")


def pivoted(node: exp.Expr, fields: Fields | None, scope: Scope) -> tuple[exp.Subquery, Fields]:
    """The translated source without its PIVOT, inside a query that does it; its columns are ``fields`` where they are known."""
    pivot, *others = node.args["pivots"]
    if others or len(pivot.args["fields"]) != 1:
        raise unsupported("PIVOT of several columns")
    rows = _rows(node)
    prefix = _ctes(node)
    known = fields if fields is not None else _described(f"{prefix}{rows}", scope)
    inside = scope.sibling()
    inside.sources[_SOURCE] = known
    listed = pivot.args["fields"][0]
    column = _known(listed.this, known)
    values = list(_values(listed, column, prefix, rows, inside))
    used = {column.name} | {found.name for aggregate in pivot.expressions for found in aggregate.find_all(exp.Column)}
    kept = [field for field in known if field.name not in used]
    items = [_item(field) for field in kept]
    made = [_aggregated(aggregate, listed.this, value, pivot, inside) for value in values for aggregate in pivot.expressions]
    return _query(node, pivot, rows, items, made), (*kept, *(Field(item.alias, type_of(item.this)) for item in made))


def _rows(node: exp.Expr) -> str:
    """The source's own rows as a DuckDB query."""
    bare = node.copy()
    for key in ("pivots", "joins", "laterals"):
        bare.set(key, None)
    return generate(exp.Select(expressions=[exp.Star()], from_=exp.From(this=bare)))


def _ctes(node: exp.Expr) -> str:
    """The common table expressions that the source can see, for a query of its own."""
    found: list[exp.With] = []
    parent = node.parent
    while parent is not None:
        clause = parent.args.get("with_")
        if clause is not None:
            found.insert(0, clause)
        parent = parent.parent
    ctes = [generate(cte) for clause in found for cte in clause.expressions if not _contains(cte, node)]
    recursive = "RECURSIVE " if any(clause.recursive for clause in found) else ""
    return f"WITH {recursive}{', '.join(ctes)} " if ctes else ""


def _contains(tree: exp.Expr, node: exp.Expr) -> bool:
    return any(found is node for found in tree.walk())


def _described(sql: str, scope: Scope) -> Fields:
    names, types = scope.context.session.connection.shape(sql)
    return tuple(Field(name, from_duckdb(type_)) for name, type_ in zip(names, types, strict=True))


def _known(column: exp.Expr, fields: Fields) -> Field:
    for field in fields:
        if field.name == column.name:
            return field
    raise invalid_identifier(quote_if_needed(logical(column.name)))


def _values(listed: exp.Expr, column: Field, prefix: str, rows: str, scope: Scope) -> Iterator[_Value]:
    for item in [*listed.expressions, *([listed.args["query"]] if listed.args.get("query") else [])]:
        if isinstance(item, exp.PivotAny):
            sql = f"{prefix}SELECT DISTINCT {_quoted(column.name)} FROM ({rows}) AS x"
            yield from _read(sql, column.type, _order(item, scope), scope)
        elif isinstance(item, exp.Query):
            yield from _queried(item, prefix, scope)
        else:
            yield _listed(item, scope)


def _order(item: exp.PivotAny, scope: Scope) -> str:
    order = item.this
    return generate(translate(order, scope)) if order is not None else "ORDER BY 1"


def _queried(item: exp.Expr, prefix: str, scope: Scope) -> Iterator[_Value]:
    query = item.this if isinstance(item, exp.Subquery) else item
    fields = scope.query(query, scope.sibling())
    if fields is not None and len(fields) != 1:
        raise unsupported("PIVOT over a query of several columns")
    sql = f"{prefix}SELECT DISTINCT * FROM ({generate(query)}) AS x(v)"
    yield from _read(sql, fields[0].type if fields else None, "ORDER BY 1", scope)


def _read(sql: str, type_: SqlType | None, order: str, scope: Scope) -> Iterator[_Value]:
    """The values that the column has now."""
    connection = scope.context.session.connection
    for text, kind in connection.fetch(f"SELECT CAST(#1 AS VARCHAR), typeof(#1) FROM ({sql} {order}) AS y"):
        if text is None:
            yield _Value(exp.Null(), "NULL")
        else:
            bare = type_ is not None and type_.name in _SHOWN_BARE
            yield _Value(typed(raw(f"CAST({literal(text)} AS {kind})"), type_), text if bare else literal(text))


def _listed(item: exp.Expr, scope: Scope) -> _Value:
    """``'x'`` or ``'x' AS X``; a column without alias is named as the value is written."""
    if isinstance(item, exp.Alias | exp.PivotAlias):
        return _Value(translate(item.this, scope), logical(item.args["alias"].name))
    name = literal(item.name) if isinstance(item, exp.Literal) and item.is_string else item.sql(dialect="snowflake")
    return _Value(translate(item, scope), name)


def _aggregated(aggregate: exp.Expr, column: exp.Expr, value: _Value, pivot: exp.Expr, scope: Scope) -> exp.Alias:
    """The aggregate over the rows that have the value."""
    named = isinstance(aggregate, exp.Alias)
    call = (aggregate.this if named else aggregate).copy()
    if not isinstance(call, exp.Anonymous) or len(call.expressions) != 1:
        raise unsupported(f"PIVOT with {call.sql(dialect='snowflake')[:60]}")
    argument = call.expressions[0]
    if argument.is_star:
        argument = exp.Literal.number(1)
    # The value is translated already; what compares it is DuckDB's own.
    has_it = raw(f"({_quoted(column.name)} IS NOT DISTINCT FROM {generate(value.node.copy())})")
    call.set("expressions", [exp.Case(ifs=[exp.If(this=has_it, true=argument.copy())])])
    default = pivot.args.get("default_on_null")
    whole = exp.Anonymous(this="COALESCE", expressions=[call, default.copy()]) if default else call
    name = f"{value.name}_{logical(aggregate.args['alias'].name)}" if named else value.name
    return exp.Alias(this=translate(whole, scope), alias=exp.Identifier(this=physical(name), quoted=True))


def _item(field: Field) -> exp.Column:
    return exp.Column(this=exp.Identifier(this=field.name, quoted=True))


def _query(node: exp.Expr, pivot: exp.Expr, rows: str, items: Sequence[exp.Expr], made: Sequence[exp.Expr]) -> exp.Subquery:
    source = exp.Subquery(this=raw(rows), alias=exp.TableAlias(this=exp.Identifier(this=_SOURCE, quoted=True)))
    group = exp.Group(expressions=[item.copy() for item in items]) if items else None
    select = exp.Select(expressions=[*items, *made], from_=exp.From(this=source), group=group)
    alias = pivot.args.get("alias") or (node.args.get("alias") and exp.TableAlias(this=node.args["alias"].this.copy()))
    subquery = exp.Subquery(this=select, alias=alias, joins=node.args.get("joins"), laterals=node.args.get("laterals"))
    node.replace(subquery)
    return subquery


def _quoted(name: str) -> str:
    return generate(exp.Identifier(this=name, quoted=True))
