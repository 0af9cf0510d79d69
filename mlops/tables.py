"""CREATE TABLE, as whoever makes tables needs it."""

from __future__ import annotations

from mlops.definitions import Table
from mlops.names import Name, literal, quote


def create_table(name: Name, table: Table, comment: str, *, optional: bool = False) -> str:
    """https://docs.snowflake.com/en/sql-reference/sql/create-table"""
    columns = ", ".join(f"{quote(column.name)} {column.type}" for column in table.columns)
    condition = "IF NOT EXISTS " if optional else ""
    return f"CREATE TABLE {condition}{name.sql} ({columns}) COMMENT = {literal(comment)}"
