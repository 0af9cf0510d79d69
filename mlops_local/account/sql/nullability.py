"""Which columns of an answer can be NULL, as clients read it from the description of a result.

As Snowflake does it: a column that is NOT NULL stays so where it is read, constants are NOT NULL, and so are arithmetic and casts of
what is; everything else may be NULL, comparisons and BOOLEAN constants included, whatever they are made of.
"""

from __future__ import annotations

from sqlglot import exp

from mlops_local.account.sql.scope import Field, Scope
from mlops_local.account.syntax.types import parse_type

_CONSTANTS = (exp.Literal, exp.RawString, exp.HexString)
_OF_ITS_VALUE = (exp.Alias, exp.Paren, exp.Neg, exp.Window)
_OF_BOTH = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
_NEVER_NULL = {"COUNT", "ROW_NUMBER"}


def can_be_null(node: exp.Expr, scope: Scope) -> bool:
    """Of an expression that is not translated yet."""
    if isinstance(node, _CONSTANTS):
        return False
    if isinstance(node, _OF_ITS_VALUE):
        return can_be_null(node.this, scope)
    if isinstance(node, _OF_BOTH):
        return can_be_null(node.this, scope) or can_be_null(node.expression, scope)
    if isinstance(node, exp.Column | exp.Parameter):
        found = _field(node, scope)
        return found is None or found.nullable
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        return _may_make_null(node) or can_be_null(node.this, scope)
    return not (isinstance(node, exp.Anonymous) and str(node.this).upper() in _NEVER_NULL)


def _field(node: exp.Expr, scope: Scope) -> Field | None:
    """The column that is read, by name or by ``$n``."""
    position = node.this if isinstance(node, exp.Column) and isinstance(node.this, exp.Parameter) else node
    table = node.table if isinstance(node, exp.Column) else ""
    if isinstance(position, exp.Parameter):
        found = scope.position(table, int(position.name)) if position.name.isdigit() else None
        return found[1] if found is not None else None
    return scope.field_of(table, node.name)


def _may_make_null(node: exp.Cast) -> bool:
    type_ = parse_type(node.args["to"].sql(dialect="snowflake"))
    return type_.name == "BOOLEAN" or type_.is_semistructured


def has_subtotals(select: exp.Select) -> bool:
    """Whether the groups of a SELECT leave columns out: ROLLUP, CUBE and GROUPING SETS."""
    group = select.args.get("group")
    return group is not None and group.find(exp.Rollup, exp.Cube, exp.GroupingSets) is not None
