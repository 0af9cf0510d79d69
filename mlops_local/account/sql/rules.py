"""The rules that make DuckDB's tree of Snowflake's, in the only order that they work in.

Each is a function of (tree, context) that changes the copy it is given.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from mlops_local.account.sql import identifiers, sources
from mlops_local.account.sql.context import Context

Rule = Callable[[exp.Expr, Context], exp.Expr]

RULES: tuple[Rule, ...] = (
    identifiers.dynamic_identifiers,
    identifiers.result_names,
    identifiers.physical_names,
    sources.tables,
)


def translate_tree(tree: exp.Expr, context: Context) -> exp.Expr:
    """The tree for DuckDB; the one that was given stays as it is."""
    copy = tree.copy()
    for rule in RULES:
        copy = rule(copy, context)
    return copy
