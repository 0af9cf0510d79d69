"""The account as a procedure sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from snowflake.snowpark import Row, Session

from mlops.marks import RUN_TAG
from mlops.names import Name, Schema
from mlops.outputs import LEDGER
from mlops.rows import fetch
from mlops.runs import PipelineRun, select_runs


@dataclass(frozen=True)
class Origin:
    """Commit, repository and branch of the code; the rest is of the run that called it, or else of the one that deployed it."""

    commit: str
    run: str
    repository: str
    branch: str
    url: str
    requested_by: str
    approved_by: str


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
        """Where the code that runs here is from, the change that deployed the procedure, and which run asks for it now."""
        caller = self._run_that_calls()
        deployed = self._deployed(procedure)
        known = self._runs(deployed.run_id, caller or deployed.run_id)
        code, run = (known.get(one.run_id, one) for one in (deployed, PipelineRun(caller) if caller else deployed))
        return Origin(
            commit=deployed.told(deployed.commit_id),
            run=run.run_id,
            repository=deployed.told(deployed.repository),
            branch=deployed.told(code.branch),
            url=run.told(run.url),
            requested_by=run.told(run.requested_by)
            if caller
            else f"nobody: the account itself, by what run {run.run_id} deployed",
            approved_by=run.told(run.approved_by),
        )

    def _deployed(self, procedure: str) -> PipelineRun:
        rows = self.run(
            f"SELECT RUN_ID, COMMIT_ID, REPOSITORY FROM {self.table(LEDGER.name).sql} "
            "WHERE KIND = 'procedure' AND NAME = ? ORDER BY CHANGED_AT DESC LIMIT 1",
            (procedure,),
        )
        return PipelineRun(*rows[0]) if rows else PipelineRun()

    def _runs(self, *runs: str) -> dict[str, PipelineRun]:
        return {row[0]: PipelineRun(*row) for row in self.run(select_runs(self.home, len(runs)), runs)}

    def _run_that_calls(self) -> str | None:
        rows = self.run("SHOW PARAMETERS LIKE 'QUERY_TAG' IN SESSION")
        tag = next((row["value"] for row in rows if row["key"] == "QUERY_TAG"), "")
        return tag.removeprefix(RUN_TAG) if tag.startswith(RUN_TAG) else None


def find_place(session: Session) -> Place:
    database, schema, warehouse = session.sql("SELECT CURRENT_DATABASE(), CURRENT_SCHEMA(), CURRENT_WAREHOUSE()").collect()[0]
    return Place(session, Schema(database, schema), Schema(database, "FEATURE_STORE"), warehouse)
