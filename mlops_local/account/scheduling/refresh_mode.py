"""Which queries a dynamic table can refresh incrementally; the Feature Store warns its user when one cannot.

https://docs.snowflake.com/en/user-guide/dynamic-tables-supported-queries
"""

from __future__ import annotations

from sqlglot import exp

_VOLATILE = {"RANDOM", "UUID_STRING", "RANDSTR", "SEQ1", "SEQ2", "SEQ4", "SEQ8", "PERCENT_RANK", "ANY_VALUE"}
_NODES: tuple[tuple[type[exp.Expr], str], ...] = (
    (exp.Except, "EXCEPT or MINUS"),
    (exp.Intersect, "INTERSECT"),
    (exp.Limit, "LIMIT"),
    (exp.Fetch, "FETCH"),
    (exp.Pivot, "PIVOT or UNPIVOT"),
    (exp.TableSample, "SAMPLE"),
    (exp.Exists, "EXISTS"),
    (exp.Rollup, "ROLLUP"),
    (exp.Cube, "CUBE"),
    (exp.GroupingSets, "GROUPING SETS"),
)


def incremental_obstacle(tree: exp.Expr) -> str | None:
    """What in the query forbids incremental refresh; None when nothing does."""
    for node, name in _NODES:
        if tree.find(node) is not None:
            return name
    if any(join.args.get("match_condition") or join.method == "ASOF" for join in tree.find_all(exp.Join)):
        return "ASOF JOIN"
    for function in tree.find_all(exp.Anonymous):
        if function.name.upper() in _VOLATILE:
            return str(function.name).upper()
    if any(_is_scalar(subquery) for subquery in tree.find_all(exp.Subquery)):
        return "scalar subquery"
    return None


def _is_scalar(subquery: exp.Subquery) -> bool:
    """A query that stands where a value is expected."""
    return not isinstance(subquery.parent, exp.From | exp.Join | exp.SetOperation | exp.Subquery | exp.Lateral | exp.CTE | None)
