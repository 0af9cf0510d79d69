"""https://docs.snowflake.com/en/sql-reference/sql/create-table"""

from __future__ import annotations

from mlops.apply.target import Outcome, Target
from mlops.definitions import Table
from mlops.errors import AccountError
from mlops.names import literal, quote
from mlops.plan import Desired


def apply_table(target: Target, desired: Desired, definition: Table) -> Outcome:
    name = target.at_home(definition.name)
    there = target.run(f"SHOW TABLES LIKE {literal(name.name)} IN SCHEMA {target.settings.home.sql}")
    if any(row["name"] == name.name for row in there):
        # Rows are never given up for a new shape: people decide what becomes of them.
        raise AccountError(f"The table {name} is there with another shape. Rename or drop it, then apply again.")
    columns = ", ".join(f"{quote(column.name)} {column.type}" for column in definition.columns)
    target.run(f"CREATE TABLE {name.sql} ({columns}) COMMENT = {literal(target.record(desired))}")
    return Outcome()
