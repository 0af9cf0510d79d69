"""Names: folded as Snowflake does, then spelt so that DuckDB keeps names apart that differ by case only.

https://docs.snowflake.com/en/sql-reference/identifiers-syntax
"""

from __future__ import annotations

from sqlglot import exp

from mlops_local.account.sql.context import Context
from mlops_local.account.sql.parser import TEXT
from mlops_local.account.syntax.names import fold, logical, physical
from mlops_local.account.syntax.reader import Reader


def result_names(tree: exp.Expr, context: Context) -> exp.Expr:
    """An item without an alias is named by its text in upper case: ``count(*)`` is ``COUNT(*)``, ``1`` is ``1``.

    DuckDB names it by what it makes of the expression.
    """
    for select in tree.find_all(exp.Select):
        select.set("expressions", [_named(item) for item in select.expressions])
    return tree


def _named(item: exp.Expr) -> exp.Expr:
    if isinstance(item, exp.Alias) or item.is_star or (isinstance(item, exp.Column) and isinstance(item.this, exp.Identifier)):
        return item
    text = item.meta.get(TEXT) or item.sql(dialect="snowflake")
    return exp.Alias(this=item, alias=exp.Identifier(this=text.upper(), quoted=True))


def dynamic_identifiers(tree: exp.Expr, context: Context) -> exp.Expr:
    """``IDENTIFIER('D.S.T')`` and ``IDENTIFIER($v)`` are the name that the text spells.

    https://docs.snowflake.com/en/sql-reference/identifier-literal
    """
    for node in list(tree.find_all(exp.DynamicIdentifier)):
        _spell(node, node.this)
    for node in list(tree.find_all(exp.Anonymous)):
        if str(node.this).upper() == "IDENTIFIER" and len(node.expressions) == 1:
            _spell(node, node.expressions[0])
    return tree


def _spell(node: exp.Expr, text: exp.Expr) -> None:
    reader = Reader(text.name)
    parts = [exp.Identifier(this=part, quoted=True) for part in reader.path()]
    reader.end()
    table = node.find_ancestor(exp.Table)
    if table is not None and table.this is node:
        for key, part in zip(("this", "db", "catalog"), reversed(parts), strict=False):
            table.set(key, part)
    elif isinstance(node.parent, exp.Column):
        node.replace(parts[-1])
    else:
        node.replace(exp.column(*reversed(parts)))


def object_keys(tree: exp.Expr, context: Context) -> exp.Expr:
    """The keys of ``{'a': 1}`` are texts, no names."""
    for node in tree.find_all(exp.Struct):
        for pair in node.expressions:
            if isinstance(pair, exp.PropertyEQ) and isinstance(pair.this, exp.Identifier):
                pair.set("this", exp.Literal.string(pair.this.this))
    return tree


def order_by_all(tree: exp.Expr, context: Context) -> exp.Expr:
    """``ORDER BY ALL`` is no column of that name. https://docs.snowflake.com/en/sql-reference/constructs/order-by"""
    for node in list(tree.find_all(exp.Ordered)):
        column = node.this
        if (
            isinstance(column, exp.Column)
            and not column.table
            and not column.this.args.get("quoted")
            and column.name.upper() == "ALL"
        ):
            column.replace(exp.Var(this="ALL"))
    return tree


def physical_names(tree: exp.Expr, context: Context) -> exp.Expr:
    """Every name as DuckDB shall see it, always in quotes."""
    for node in tree.find_all(exp.Identifier):
        node.set("this", physical(fold(node.this, quoted=bool(node.args.get("quoted")))))
        node.set("quoted", True)
    return tree


def logical_parts(table: exp.Table) -> tuple[str, ...]:
    """The path of a table reference, in Snowflake's spelling."""
    return tuple(logical(part.name) for part in table.parts)
