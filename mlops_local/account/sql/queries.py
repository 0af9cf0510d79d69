"""Walks a query from the inside out: what each SELECT reads and answers, its expressions translated with their types known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlglot import exp

from mlops_local.account.errors import unsupported
from mlops_local.account.sql import pivots, table_functions
from mlops_local.account.sql.batches import part_calls
from mlops_local.account.sql.context import Context
from mlops_local.account.sql.expressions import translate
from mlops_local.account.sql.nullability import can_be_null, has_subtotals
from mlops_local.account.sql.scope import Field, Fields, Scope, fields_of, renamed
from mlops_local.account.sql.sources import COLUMNS
from mlops_local.account.sql.typed import common, type_of
from mlops_local.account.syntax.names import physical

FIELDS = "fields"


def queries(tree: exp.Expr, context: Context) -> exp.Expr:
    """The rule: every expression of the tree in DuckDB's terms; the answer's fields are noted on the tree."""
    tree.meta[FIELDS] = outputs(tree, Scope(context, outputs))
    return tree


def outputs(node: exp.Expr, scope: Scope) -> Fields | None:
    """Translates a query in place; ``scope`` is fresh for it. Its columns, None when only DuckDB knows them."""
    _read_ctes(node, scope)
    if isinstance(node, exp.Select):
        return _select(node, scope)
    if isinstance(node, exp.SetOperation):
        return _set_operation(node, scope)
    if isinstance(node, exp.Values):
        return _values(node, scope)
    if isinstance(node, exp.Subquery):
        return _subquery(node, scope)
    raise unsupported(f"query of the form {type(node).__name__}")


def _read_ctes(node: exp.Expr, scope: Scope) -> None:
    clause = node.args.get("with_")
    for cte in clause.expressions if clause else ():
        names = [column.name for column in cte.args["alias"].columns]
        if clause.recursive:
            scope.ctes[cte.alias] = tuple(Field(name) for name in names) if names else None
        scope.ctes[cte.alias] = renamed(outputs(cte.this, scope.sibling()), names)


def _set_operation(node: exp.SetOperation, scope: Scope) -> Fields | None:
    left = outputs(node.this, scope.sibling())
    right = outputs(node.expression, scope.sibling())
    if left is not None:
        scope.sources[""] = left
    _order(node, scope)
    if left is None or right is None or len(left) != len(right):
        return left
    return tuple(
        Field(one.name, common([one.type, other.type]), one.nullable or other.nullable)
        for one, other in zip(left, right, strict=True)
    )


def _values(node: exp.Values, scope: Scope) -> Fields:
    rows = node.expressions
    empty = [[can_be_null(item, scope) for item in row.expressions] for row in rows]
    for row in rows:
        row.set("expressions", [translate(item, scope) for item in row.expressions])
    width = len(rows[0].expressions) if rows else 0
    names = [column.name for column in node.args["alias"].columns] if node.args.get("alias") else []
    names += [f"COLUMN{i + 1}" for i in range(len(names), width)]
    return tuple(
        Field(
            names[i],
            common([type_of(row.expressions[i]) for row in rows if not isinstance(row.expressions[i], exp.Null)]),
            any(nulls[i] for nulls in empty),
        )
        for i in range(width)
    )


def _subquery(node: exp.Subquery, scope: Scope) -> Fields | None:
    """A query in parentheses, with whatever stands behind them."""
    inner: Fields | None
    if COLUMNS in node.meta:
        inner = fields_of(node.meta[COLUMNS])
    elif isinstance(node.this, exp.Table) or (isinstance(node.this, exp.Subquery) and node.this.args.get("joins")):
        inside = scope.sibling()
        add_source(node.this, inside)
        inner = inside.star("")
    else:
        inner = outputs(node.this, scope.sibling())
    if inner is not None:
        scope.sources[""] = inner
    _order(node, scope)
    return inner


def _select(node: exp.Select, scope: Scope) -> Fields | None:
    from_ = node.args.get("from_")
    if from_ is not None:
        add_source(from_.this, scope)
    for join in list(node.args.get("joins") or ()):
        _join(join, scope)
    for lateral in node.args.get("laterals") or ():
        add_source(lateral, scope)
    items, nulls = [], []
    grouped_twice = has_subtotals(node)
    for item in node.expressions:
        nulls.append(grouped_twice or can_be_null(item, scope))
        made = translate(item, scope)
        if isinstance(item, exp.Column) and not isinstance(made, exp.Column):
            made = exp.Alias(this=made, alias=exp.Identifier(this=item.name, quoted=True))
        if isinstance(made, exp.Alias):
            scope.aliases[made.alias] = Field(made.alias, type_of(made.this), nulls[-1])
        items.append(made)
    node.set("expressions", items)
    for key in ("where", "group", "having", "qualify", "distinct", "windows", "connect", "match"):
        if node.args.get(key) is not None:
            _clause(node, key, scope)
    _order(node, scope)
    fields = _answer(zip(items, nulls, strict=True), scope)
    part_calls(node, fields, scope)
    return fields


def _clause(node: exp.Expr, key: str, scope: Scope) -> None:
    if key in {"connect", "match"}:
        raise unsupported({"connect": "CONNECT BY", "match": "MATCH_RECOGNIZE"}[key])
    value = node.args[key]
    node.set(key, [translate(item, scope) for item in value] if isinstance(value, list) else translate(value, scope))


def _order(node: exp.Expr, scope: Scope) -> None:
    if node.args.get("order") is not None:
        node.set("order", translate(node.args["order"], scope))


def _answer(items: Iterable[tuple[exp.Expr, bool]], scope: Scope) -> Fields | None:
    found: list[Field] = []
    for item, nullable in items:
        if item.is_star:
            star = _star(item, scope)
            if star is None:
                return None
            found += star
        elif isinstance(item, exp.Alias):
            found.append(Field(item.alias, type_of(item.this), nullable))
        else:
            found.append(Field(item.name, type_of(item), nullable))
    return tuple(found)


def _star(item: exp.Expr, scope: Scope) -> Fields | None:
    """``*`` or ``t.*``, without what EXCLUDE takes out, under the names that RENAME gives."""
    star = item.this if isinstance(item, exp.Column) else item
    fields = scope.star(item.table if isinstance(item, exp.Column) else "")
    if fields is None:
        return None
    excluded = {column.name for column in star.args.get("except_") or ()}
    new_names = {alias.this.name: alias.alias for alias in star.args.get("rename") or ()}
    replaced = {alias.alias: Field(alias.alias, type_of(alias.this)) for alias in star.args.get("replace") or ()}
    return tuple(
        replace(replaced.get(field.name, field), name=new_names.get(field.name, field.name))
        for field in fields
        if field.name not in excluded
    )


def _join(join: exp.Join, scope: Scope) -> None:
    if join.args.get("kind") == "INNER" and not (join.method or join.args.get("on") or join.args.get("using")):
        join.set("kind", "CROSS")
    before = list(scope.sources)
    add_source(join.this, scope)
    side = "LEFT" if (join.method or "").upper() == "ASOF" else (join.side or "").upper()
    if side in {"LEFT", "FULL"}:
        scope.weaken(alias for alias in scope.sources if alias not in before)
    if side in {"RIGHT", "FULL"}:
        scope.weaken(before)
    for key in ("on", "match_condition"):
        if join.args.get(key) is not None:
            join.set(key, translate(join.args[key], scope))
    if join.args.get("using"):
        scope.merged |= {column.name for column in join.args["using"]}
    if (join.method or "").upper() == "NATURAL":
        scope.merged |= {field.name for fields in scope.sources.values() for field in fields or ()}


def add_source(node: exp.Expr, scope: Scope) -> None:
    """A thing behind FROM or JOIN, and the joins that hang on it."""
    joins = node.args.get("joins") or ()
    fields = source(node, scope)
    if pivots.is_pivot(node):
        node, made = pivots.pivoted(node, fields, scope)
        alias_list = node.args.get("alias")
        fields = renamed(made, [column.name for column in alias_list.columns] if alias_list else [])
    alias = _alias_of(node) or f"~{len(scope.sources)}"
    scope.sources[alias] = fields
    for join in joins:
        _join(join, scope)


def _alias_of(node: exp.Expr) -> str:
    named = isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier)
    return str(node.alias_or_name if named else node.alias)


def source(node: exp.Expr, scope: Scope) -> Fields | None:
    """The columns of one source, translated in place."""
    if isinstance(node, exp.Table):
        return _table(node, scope)
    if isinstance(node, exp.Lateral):
        return table_functions.lateral(node, scope)
    if isinstance(node, exp.Values):
        return _values_source(node, scope)
    if isinstance(node, exp.Subquery):
        fields = _subquery(node, scope.child())
        alias = node.args.get("alias")
        return _behind_pivots(node, renamed(fields, [column.name for column in alias.columns] if alias else []))
    raise unsupported(f"source of the form {type(node).__name__}")


def _table(node: exp.Table, scope: Scope) -> Fields | None:
    if not isinstance(node.this, exp.Identifier):
        return table_functions.table(node, scope)
    fields = fields_of(node.meta[COLUMNS]) if COLUMNS in node.meta else scope.ctes.get(node.name)
    alias = node.args.get("alias")
    return _behind_pivots(node, renamed(fields, [column.name for column in alias.columns] if alias else []))


def _behind_pivots(node: exp.Expr, fields: Fields | None) -> Fields | None:
    """UNPIVOT leaves columns that only DuckDB knows."""
    return None if node.args.get("pivots") and not pivots.is_pivot(node) else fields


def _values_source(node: exp.Values, scope: Scope) -> Fields:
    """DuckDB names the columns of VALUES col0, col1; Snowflake COLUMN1, COLUMN2."""
    fields = _values(node, scope)
    alias = node.args.get("alias") or exp.TableAlias(this=exp.Identifier(this="~values", quoted=True))
    alias.set("columns", [exp.Identifier(this=physical(field.name), quoted=True) for field in fields])
    node.set("alias", alias)
    return fields
