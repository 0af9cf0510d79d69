"""ASOF JOIN. https://docs.snowflake.com/en/sql-reference/constructs/asof-join"""

from __future__ import annotations

from sqlglot import exp

from mlops_local.account.errors import syntax_error
from mlops_local.account.sql.context import Context

_COMPARISONS = (exp.GTE, exp.GT, exp.LTE, exp.LT)


def asof_joins(tree: exp.Expr, context: Context | None = None) -> exp.Expr:
    """``MATCH_CONDITION`` becomes the inequality of DuckDB's ``ON``; rows of the left side without a match stay, as LEFT does."""
    for join in tree.find_all(exp.Join):
        if (join.args.get("method") or "").upper() == "ASOF":
            _rewrite(join)
    return tree


def _rewrite(join: exp.Join) -> None:
    match = join.args.get("match_condition")
    condition = match.unnest() if match is not None else None
    if not isinstance(condition, _COMPARISONS):
        raise syntax_error("ASOF JOIN needs MATCH_CONDITION ( left >= right ).")
    on = join.args.get("on")
    using = join.args.get("using") or []
    left = _left_alias(join)
    for name in using:
        equal = exp.EQ(this=exp.column(name.copy(), table=left), expression=exp.column(name.copy(), table=_alias(join.this)))
        on = exp.And(this=on, expression=equal) if on is not None else equal
    join.set("match_condition", None)
    join.set("using", None)
    join.set("side", "LEFT")
    join.set("on", exp.And(this=exp.Paren(this=on), expression=condition.copy()) if on is not None else condition.copy())


def _left_alias(join: exp.Join) -> exp.Identifier | None:
    """The source just before the join."""
    holder = join.parent
    joins = holder.args.get("joins") or [] if holder is not None else []
    at = next(i for i, one in enumerate(joins) if one is join)
    if at > 0:
        return _alias(joins[at - 1].this)
    from_ = holder.args.get("from_") if holder is not None else None
    return _alias(from_.this if from_ is not None else holder)


def _alias(source: exp.Expr) -> exp.Identifier | None:
    alias = source.args.get("alias")
    name = alias.this if alias is not None else source.this
    return name.copy() if isinstance(name, exp.Identifier) else None
