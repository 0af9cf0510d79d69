"""The account as a procedure sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from snowflake.snowpark import Row, Session

from mlops.marks import read_mark
from mlops.names import Name, Schema, literal


@dataclass(frozen=True)
class Place:
    session: Session
    home: Schema
    feature_store: Schema
    warehouse: str

    def run(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        rows: list[Row] = self.session.sql(statement, params=list(values) or None).collect()
        return rows

    def count(self, statement: str, values: Sequence[object] = ()) -> int:
        return int(self.run(statement, values)[0][0])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.run("BEGIN TRANSACTION")
        try:
            yield
        except BaseException:
            self.run("ROLLBACK")
            raise
        self.run("COMMIT")

    def table(self, name: str) -> Name:
        return self.home / name

    def commit_of(self, procedure: str) -> str:
        """The commit whose code runs here: the one that the procedure was deployed by."""
        rows = self.run(f"SHOW PROCEDURES LIKE {literal(procedure)} IN SCHEMA {self.home.sql}")
        marks = [read_mark(row["description"]) for row in rows if row["name"] == procedure]
        return next((mark.commit for mark in marks if mark), "unknown")


def find_place(session: Session) -> Place:
    database, schema, warehouse = session.sql("SELECT CURRENT_DATABASE(), CURRENT_SCHEMA(), CURRENT_WAREHOUSE()").collect()[0]
    return Place(session, Schema(database, schema), Schema(database, "FEATURE_STORE"), warehouse)
