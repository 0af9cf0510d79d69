"""Session variables: ``$v`` is the value that SET gave it. https://docs.snowflake.com/en/sql-reference/session-variables

They are replaced on the tree, so that a ``$v`` inside a text, a name or ``$$ .. $$`` stays what it is.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp

from mlops_local.account.errors import compilation_error
from mlops_local.account.sql.context import Context


def variables(tree: exp.Expr, context: Context) -> exp.Expr:
    """The rule: every ``$name`` becomes a constant; ``$1`` is a column and stays."""
    for node in list(tree.find_all(exp.Parameter)):
        if isinstance(node.this, exp.Var):
            made = _constant(_value(node.name, context))
            if node is tree:
                return made
            node.replace(made)
    return tree


def _value(name: str, context: Context) -> Any:
    known = context.session.variables
    if name.upper() not in known:
        raise compilation_error(2211, "02000", f"error line 1 at position 0\nSession variable '${name.upper()}' does not exist")
    return known[name.upper()]


def _constant(value: Any) -> exp.Expr:
    if value is None:
        return exp.Null()
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, int | float | Decimal):
        number = exp.Literal.number(str(abs(value)))
        return exp.Paren(this=exp.Neg(this=number)) if value < 0 else number
    text = exp.Literal.string(value.isoformat(sep=" ") if isinstance(value, datetime) else str(value))
    if isinstance(value, date):
        kind = "DATE" if not isinstance(value, datetime) else "TIMESTAMP_NTZ" if value.tzinfo is None else "TIMESTAMP_LTZ"
        return exp.Cast(this=text, to=exp.DataType.build(kind, dialect="snowflake"))
    return text
