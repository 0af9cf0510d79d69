"""What a column gets when a statement names no value for it. https://docs.snowflake.com/en/sql-reference/sql/create-table"""

from __future__ import annotations

from sqlglot import exp

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import invalid_identifier, unsupported
from mlops_local.account.sql.casts import cast
from mlops_local.account.sql.context import Context
from mlops_local.account.sql.generator import generate
from mlops_local.account.sql.query import scalar_tree
from mlops_local.account.sql.typed import null, template
from mlops_local.account.syntax.types import INTEGER, Column


def default_of(entry: Entry, column: Column, context: Context) -> exp.Expr:
    """The default as a DuckDB expression of the column's type; NULL without one."""
    if column.default is None:
        return cast(null(), column.type)
    sequence = entry.properties.get("SEQUENCES", {}).get(column.name)
    if sequence is not None:
        return cast(template(f"nextval('main.{sequence}')", type_=INTEGER), column.type)
    return cast(scalar_tree(column.default, context.inside(entry)), column.type)


def check_default(text: str, context: Context) -> None:
    """Refuses, when the column is made, what could not be computed when a row comes."""
    tree = scalar_tree(text, context)
    for node in tree.find_all(exp.Column, exp.Query):
        raise unsupported(f"DEFAULT of a query: {text}") if isinstance(node, exp.Query) else invalid_identifier(node.name)
    generate(tree)


def is_default(node: exp.Expr) -> bool:
    """The bare word DEFAULT in a list of values."""
    return isinstance(node, exp.Column | exp.Var) and node.name.upper() == "DEFAULT" and not node.args.get("table")
