"""The rules that make DuckDB's tree of Snowflake's, in the only order that they work in.

Each is a function of (tree, context) that changes the copy it is given.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from mlops_local.account.sql import identifiers, joins, queries, sources, variables
from mlops_local.account.sql.context import Context

Rule = Callable[[exp.Expr, Context], exp.Expr]

RULES: tuple[Rule, ...] = (
    variables.variables,
    identifiers.dynamic_identifiers,
    identifiers.result_names,
    identifiers.object_keys,
    identifiers.order_by_all,
    identifiers.physical_names,
    sources.tables,
    queries.queries,
    joins.asof_joins,
)


# Before a lone expression is translated; what follows belongs to queries.
RULES_OF_EXPRESSIONS: tuple[Rule, ...] = RULES[: RULES.index(queries.queries)]


def translate_tree(tree: exp.Expr, context: Context) -> exp.Expr:
    """The tree for DuckDB; the one that was given stays as it is."""
    copy = tree.copy()
    for rule in RULES:
        copy = rule(copy, context)
    return copy
