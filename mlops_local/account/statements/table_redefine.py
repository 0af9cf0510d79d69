"""CREATE OR ALTER TABLE over a table that is there: it becomes what the statement says, and keeps its rows, tags and grants.

Columns are known by their names: new ones come at the end, those that are not said any more go with what they held.
https://docs.snowflake.com/en/sql-reference/sql/create-table#create-or-alter-table
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import compilation_error, unsupported
from mlops_local.account.session.session import Session
from mlops_local.account.sql.context import Context
from mlops_local.account.sql.defaults import check_default, default_of
from mlops_local.account.sql.generator import generate
from mlops_local.account.statements.column_definition import Reference
from mlops_local.account.statements.foreign_key import add_references
from mlops_local.account.statements.tagging import forget_tagged_column
from mlops_local.account.syntax.names import column as quoted
from mlops_local.account.syntax.types import Column
from mlops_local.account.tables.change_capture import create_log, drop_log
from mlops_local.account.tables.column_change import retyped, rewrite


def redefine(
    session: Session,
    entry: Entry,
    columns: list[Column],
    comment: str,
    properties: dict[str, Any],
    references: Sequence[Reference],
) -> None:
    """The columns, keys and options of the statement in place of those that the table has."""
    present = {column.name: column for column in session.catalogue.columns(entry)}
    _check_order(list(present), [column.name for column in columns])
    _check_counters(entry, columns)
    for name in set(present) - {column.name for column in columns}:
        forget_tagged_column(session, entry, name)
    if columns != list(present.values()):
        rewrite(session, entry, columns, [_value(session, entry, present.get(column.name), column) for column in columns])
    add_references(session, _set_properties(session, entry, comment, properties), references)


def _check_order(present: list[str], wanted: list[str]) -> None:
    kept = [name for name in present if name in wanted]
    if wanted[: len(kept)] != kept:
        raise unsupported("CREATE OR ALTER TABLE that moves columns, or adds one before the end")


def _check_counters(entry: Entry, columns: list[Column]) -> None:
    numbered = {column.name for column in columns if (column.default or "").startswith("IDENTITY")}
    if numbered != set(entry.properties.get("SEQUENCES", {})):
        raise unsupported("CREATE OR ALTER TABLE that adds or removes AUTOINCREMENT")


def _value(session: Session, entry: Entry, old: Column | None, new: Column) -> str:
    """What fills the column: what it held, in its new type, or the default of a new one."""
    if old is not None:
        return quoted(old.name) if old.type == new.type else retyped(old, new)
    if new.default is not None:
        check_default(new.default, Context.of(session))
    elif not new.nullable and session.catalogue.count_rows(entry):
        raise compilation_error(
            2111, "22000", f"Non-nullable column '{new.name}' cannot be added to non-empty table without a default."
        )
    return generate(default_of(entry, new, Context.of(session)))


def _set_properties(session: Session, entry: Entry, comment: str, properties: dict[str, Any]) -> Entry:
    """What is not said goes back to its default; the counters of columns stay."""
    cleared = {key: None for key in entry.properties if key not in {"SEQUENCES", "TRANSIENT"}}
    tracked, tracks = bool(entry.properties.get("CHANGE_TRACKING")), bool(properties.get("CHANGE_TRACKING"))
    entry = session.catalogue.update(entry, comment=comment, **{**cleared, **properties})
    if tracks and not tracked:
        create_log(session, entry)
    elif tracked and not tracks:
        drop_log(session, entry)
    return entry
