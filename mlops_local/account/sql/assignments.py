"""Values on their way into a column: converted as an assignment converts, refused where a cast would cut.

https://docs.snowflake.com/en/sql-reference/data-types-text: a text that is too long is an error on INSERT.
"""

from __future__ import annotations

from sqlglot import exp

from mlops_local.account.sql.casts import cast
from mlops_local.account.sql.typed import template, type_of
from mlops_local.account.syntax.types import MAX_TEXT, TEXT, Column

_TOO_LONG = (
    "CASE WHEN length({{0}}) > {length} THEN CAST(error('[100078 22000] String ''' || left({{0}}, 100) || ''' is too long and would be truncated') "
    "AS VARCHAR) ELSE {{0}} END"
)


def assigned(node: exp.Expr, column: Column) -> exp.Expr:
    """The value as the column keeps it."""
    type_ = column.type
    if type_.name != "TEXT" or type_.length is None or type_.length >= MAX_TEXT:
        return cast(node, type_)
    source = type_of(node)
    text = node if isinstance(node, exp.Null) else cast(node, TEXT)
    if source is not None and source.name == "TEXT" and source.length is not None and source.length <= type_.length:
        return text
    return template(_TOO_LONG.format(length=type_.length), text, type_=type_)
