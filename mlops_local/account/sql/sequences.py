"""``sequence.NEXTVAL``. https://docs.snowflake.com/en/user-guide/querying-sequences"""

from __future__ import annotations

from sqlglot import exp

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.sql.context import Context
from mlops_local.account.sql.scope import Scope
from mlops_local.account.sql.typed import template
from mlops_local.account.syntax.names import logical
from mlops_local.account.syntax.types import INTEGER

NEXTVAL = "NEXTVAL"


def counter(entry: Entry) -> str:
    """The DuckDB sequence that counts for it."""
    return f"main.{entry.properties['SEQUENCES'][NEXTVAL]}"


def next_value(node: exp.Column, scope: Scope) -> exp.Expr | None:
    """The next number where a column of that name is the value of a sequence; None when it is a column."""
    if node.name != NEXTVAL or not node.table or _is_source(node.table, scope):
        return None
    parts = tuple(logical(node.text(part)) for part in ("catalog", "db", "table") if node.text(part))
    entry = _find(parts, scope.context)
    if entry is None:
        return None
    scope.context.session.access.demand("USAGE", entry)
    return template(f"nextval('{counter(entry)}')", type_=INTEGER)


def _is_source(name: str, scope: Scope | None) -> bool:
    while scope is not None:
        if name in scope.sources:
            return True
        scope = scope.parent
    return False


def _find(parts: tuple[str, ...], context: Context) -> Entry | None:
    name = context.complete(parts)
    return context.session.catalogue.find("SEQUENCE", name.database, name.schema, name.name)
