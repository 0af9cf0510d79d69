"""The account as a procedure sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from snowflake.snowpark import Row, Session

from mlops.names import Name, Schema
from mlops.outputs import LEDGER
from mlops.rows import fetch


@dataclass(frozen=True)
class Origin:
    commit: str = "unknown"
    run: str = "unknown"
    repository: str = "unknown"


@dataclass(frozen=True)
class Place:
    session: Session
    home: Schema
    feature_store: Schema
    warehouse: str

    def run(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        return fetch(self.session, statement, values)

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

    def origin_of(self, procedure: str) -> Origin:
        """Where the code that runs here is from: the change that deployed the procedure."""
        rows = self.run(
            f"SELECT COMMIT_ID, RUN_ID, REPOSITORY FROM {self.table(LEDGER.name).sql} "
            "WHERE KIND = 'procedure' AND NAME = ? ORDER BY CHANGED_AT DESC LIMIT 1",
            (procedure,),
        )
        return Origin(*rows[0]) if rows else Origin()


def find_place(session: Session) -> Place:
    database, schema, warehouse = session.sql("SELECT CURRENT_DATABASE(), CURRENT_SCHEMA(), CURRENT_WAREHOUSE()").collect()[0]
    return Place(session, Schema(database, schema), Schema(database, "FEATURE_STORE"), warehouse)
