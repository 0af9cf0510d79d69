"""The columns of a table that has rows, changed by writing the rows anew; its captured changes follow.

One way for all changes: DuckDB alters only some things in place, and not several in one transaction.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from sqlglot import exp

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.session.session import Session
from mlops_local.account.sql.assignments import assigned
from mlops_local.account.sql.generator import generate
from mlops_local.account.sql.typed import typed
from mlops_local.account.syntax.names import column as quoted
from mlops_local.account.syntax.names import physical
from mlops_local.account.syntax.types import Column
from mlops_local.account.tables.change_capture import is_tracked
from mlops_local.account.tables.physical import table_sql

_numbers = itertools.count(1)


def retyped(old: Column, new: Column) -> str:
    """The values of a column in another type, as DuckDB text."""
    return generate(assigned(typed(exp.Column(this=exp.Identifier(this=physical(old.name), quoted=True)), old.type), new))


def rewrite(session: Session, entry: Entry, columns: Sequence[Column], values: Sequence[str]) -> None:
    """The table with these columns, each filled with a DuckDB expression over the old ones."""
    connection, kept = session.connection, f'"~old{next(_numbers)}"'
    connection.execute(f"CREATE TEMP TABLE {kept} AS SELECT {', '.join(values)} FROM {entry.physical}")
    connection.execute(f"DROP TABLE {entry.physical}")
    connection.execute(table_sql(entry.physical, columns))
    connection.execute(f"INSERT INTO {entry.physical} SELECT * FROM temp.{kept}")
    connection.execute(f"DROP TABLE temp.{kept}")
    session.catalogue.set_columns(entry, columns)
    if is_tracked(entry):
        _rewrite_log(session, entry, columns, values)


def _rewrite_log(session: Session, entry: Entry, columns: Sequence[Column], values: Sequence[str]) -> None:
    connection, kept, log = session.connection, f'"~old{next(_numbers)}"', f"main.c{entry.id}"
    listed = ", ".join(f"{value} AS {quoted(column.name)}" for value, column in zip(values, columns, strict=True))
    connection.execute(f'CREATE TEMP TABLE {kept} AS SELECT {listed}, "~action", "~version", "~update" FROM {log} ORDER BY rowid')
    connection.execute(f"DROP TABLE {log}")
    connection.execute(f"CREATE TABLE {log} AS SELECT * FROM temp.{kept}")
    connection.execute(f"DROP TABLE temp.{kept}")
