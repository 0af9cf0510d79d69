from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlops.apply.step import Step
from mlops.apply.target import Outcome
from mlops.definitions import Column, Table
from mlops.errors import AccountError
from mlops.names import Name, literal, quote
from mlops.tables import create_table


def apply_table(step: Step, definition: Table) -> Outcome:
    name = step.target.at_home(definition.name)
    if step.change.existing is None:
        step.finish(create_table(name, definition, step.comment))
        return Outcome()
    added = definition.columns[len(_columns_kept(step, definition, name)) :]
    step.finish(*_add_columns(name, added), f"ALTER TABLE {name.sql} SET COMMENT = {literal(step.comment)}")
    return Outcome(f"{len(added)} columns added" if added else "")


def _columns_kept(step: Step, definition: Table, name: Name) -> list[tuple[str, str]]:
    """Rows are never given up for a new shape: columns come at the end, and for all else people decide what becomes of them."""
    existing = step.change.existing
    found = existing.properties.get("columns") if existing and existing.properties else None
    kept = (
        [(column["name"], column["type"]) for column in found if isinstance(column, Mapping)] if isinstance(found, list) else []
    )
    if not kept or [(column.name, column.type) for column in definition.columns[: len(kept)]] != kept:
        raise AccountError(f"The table {name} is there with another shape. Rename or drop it, then apply again.")
    return kept


def _add_columns(name: Name, columns: tuple[Column, ...]) -> Iterator[str]:
    """https://docs.snowflake.com/en/sql-reference/sql/alter-table"""
    for column in columns:
        yield f"ALTER TABLE {name.sql} ADD COLUMN IF NOT EXISTS {quote(column.name)} {column.type}"
