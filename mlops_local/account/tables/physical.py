"""The DuckDB tables and sequences in which the rows of an entry lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import compilation_error
from mlops_local.account.session.session import Session
from mlops_local.account.syntax.names import column as quoted
from mlops_local.account.syntax.types import Column


@dataclass(frozen=True)
class AutoIncrement:
    """The start and step of a column that numbers its rows."""

    start: int = 1
    step: int = 1

    @property
    def text(self) -> str:
        """As DESCRIBE TABLE prints the default."""
        return f"IDENTITY START {self.start} INCREMENT {self.step} NOORDER"


def build(session: Session, entry: Entry, columns: Sequence[Column], counters: dict[str, AutoIncrement] | None = None) -> None:
    """The DuckDB table for an entry with its sequences, and its columns in the catalogue."""
    names = [column.name for column in columns]
    if len(set(names)) != len(names):
        raise compilation_error(2025, "42S21", f"duplicate column name '{next(name for name in names if names.count(name) > 1)}'")
    session.catalogue.set_columns(entry, columns)
    session.connection.execute(table_sql(entry.physical, columns))
    sequences = {}
    for column, counter in (counters or {}).items():
        sequences[column] = f"s{entry.id}_{names.index(column)}"
        session.connection.execute(sequence_sql(sequences[column], counter.start, counter.step))
    if sequences:
        entry.properties.update(session.catalogue.update(entry, SEQUENCES=sequences).properties)


def table_sql(name: str, columns: Sequence[Column]) -> str:
    """The CREATE TABLE of DuckDB for these columns."""
    listed = ", ".join(f"{quoted(c.name)} {c.type.duckdb}{'' if c.nullable else ' NOT NULL'}" for c in columns)
    return f"CREATE TABLE {name} ({listed})"


def copy_rows(session: Session, source: Entry, entry: Entry, *, rows: bool = True) -> None:
    """The DuckDB table of a copy whose columns are in the catalogue; with the rows, and numbering on from where they stand."""
    session.connection.execute(table_sql(entry.physical, session.catalogue.columns(entry)))
    if rows:
        session.connection.execute(f"INSERT INTO {entry.physical} SELECT * FROM {source.physical}")
    copy_counters(session, source, entry, goes_on=rows)


def copy_counters(session: Session, source: Entry, entry: Entry, *, goes_on: bool = True) -> None:
    """The sequences of a copy, numbering on from where those of its source stand."""
    sequences = {}
    for column, old in source.properties.get("SEQUENCES", {}).items():
        sequences[column] = f"s{entry.id}_{old.partition('_')[2]}"
        _copy_sequence(session, old, sequences[column], goes_on=goes_on)
    if sequences:
        entry.properties.update(session.catalogue.update(entry, SEQUENCES=sequences).properties)


def _copy_sequence(session: Session, old: str, new: str, *, goes_on: bool) -> None:
    start, step, last = session.connection.fetch(
        "SELECT start_value, increment_by, last_value FROM duckdb_sequences() WHERE sequence_name = ?", [old]
    )[0]
    first = last + step if goes_on and last is not None else start
    session.connection.execute(sequence_sql(new, first, step))


def sequence_sql(name: str, start: int, step: int) -> str:
    """With both bounds, because DuckDB's own end at -1 when it counts down, and begin at 1 when it counts up."""
    limit = 9223372036854775807
    return f"CREATE SEQUENCE main.{name} START WITH {start} INCREMENT BY {step} MINVALUE {-limit} MAXVALUE {limit}"
