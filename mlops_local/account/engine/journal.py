"""What an open transaction has written, so that a statement that fails can be undone alone.

Snowflake undoes the statement and leaves the transaction open; DuckDB has no savepoints and gives up the whole transaction. The
writes before the failure are therefore made again: nobody else can have written in between, since the transaction keeps its
turn (docs/adr/0005). https://docs.snowflake.com/en/sql-reference/transactions
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

_READS = ("SELECT", "WITH", "DESCRIBE", "BEGIN", "COMMIT", "ROLLBACK", "(")
_VOLATILE = re.compile(
    r"\b(?:random|gen_random_uuid|uuid|nextval|python_\w+)\s*\(|\b(?:TABLESAMPLE|USING\s+SAMPLE)\b", re.IGNORECASE
)
_KEPT = re.compile(r'CREATE TEMP TABLE ("[^"]+") AS ')


@dataclass(frozen=True)
class Write:
    """One statement as DuckDB got it, with the Arrow tables that it read."""

    sql: str
    values: tuple[Any, ...]
    rows: Mapping[str, pa.Table]


@dataclass
class Journal:
    """The writes of one transaction in their order. ``exact`` is how many of the first can be made again with the same outcome."""

    writes: list[Write] = field(default_factory=list)
    exact: int | None = None

    def note(self, cursor: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any], rows: Mapping[str, pa.Table]) -> None:
        """After the statement has succeeded."""
        if sql.lstrip().upper().startswith(_READS):
            return
        write = Write(sql, tuple(values), {name: table for name, table in rows.items() if f'"{name}"' in sql})
        if is_volatile(sql):
            write = self._settled(cursor, write)
        self.writes.append(write)

    def _settled(self, cursor: duckdb.DuckDBPyConnection, write: Write) -> Write:
        """Rows that were put by are kept as they came out; any other write of random values cannot be repeated."""
        kept = _KEPT.match(write.sql)
        if kept is None:
            if self.exact is None:
                self.exact = len(self.writes)
            return write
        relation = cursor.sql(f"SELECT * FROM temp.{kept[1]}")
        name = f"{kept[1][1:-1]}~rows"
        pairs = zip(relation.columns, relation.types, strict=True)
        items = ", ".join(f'CAST("{i}" AS {type_}) AS {_quoted(column)}' for i, (column, type_) in enumerate(pairs))
        table = relation.to_arrow_table()
        table = table.rename_columns([str(i) for i in range(table.num_columns)])
        return Write(f'{kept[0]}SELECT {items} FROM "{name}"', (), {name: table})

    def repeat(self, cursor: duckdb.DuckDBPyConnection, count: int) -> bool:
        """Makes the first writes again, in a transaction that has just begun; False when they would not come out the same."""
        if self.exact is not None and count > self.exact:
            return False
        del self.writes[count:]
        self.exact = None
        for write in self.writes:
            for name, table in write.rows.items():
                cursor.register(name, table)
            cursor.execute(write.sql, list(write.values))
            for name in write.rows:
                cursor.unregister(name)
        return True


def is_volatile(sql: str) -> bool:
    """Whether running the text twice may give two answers."""
    return _VOLATILE.search(sql) is not None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
