"""The account as a procedure sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from snowflake.snowpark import Row, Session

from mlops.marks import RUN_TAG
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
        origin = Origin(*rows[0]) if rows else Origin()
        run = self._run_that_calls()
        return replace(origin, run=run) if run else origin

    def _run_that_calls(self) -> str | None:
        rows = self.run("SHOW PARAMETERS LIKE 'QUERY_TAG' IN SESSION")
        tag = next((row["value"] for row in rows if row["key"] == "QUERY_TAG"), "")
        return tag.removeprefix(RUN_TAG) if tag.startswith(RUN_TAG) else None


def find_place(session: Session) -> Place:
    database, schema, warehouse = session.sql("SELECT CURRENT_DATABASE(), CURRENT_SCHEMA(), CURRENT_WAREHOUSE()").collect()[0]
    return Place(session, Schema(database, schema), Schema(database, "FEATURE_STORE"), warehouse)
