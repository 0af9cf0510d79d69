"""Which run of a pipeline changed something here: what Azure Pipelines tells its jobs, kept where later questions are asked."""

from __future__ import annotations

from dataclasses import dataclass, fields

from mlops.marks import MANUAL
from mlops.names import Schema, literal
from mlops.outputs import PIPELINE_RUNS

BY_HAND = "by hand"
UNKNOWN = ("", "unknown")


@dataclass(frozen=True)
class PipelineRun:
    """An empty text, or `unknown`, is what nobody told."""

    run_id: str = "unknown"
    commit_id: str = "unknown"
    repository: str = "unknown"
    branch: str = ""
    url: str = ""
    requested_by: str = ""
    environment: str = ""
    approved_by: str = ""

    def told(self, value: str) -> str:
        """Without a pipeline nobody tells; in a run of one, what is missing stays missing."""
        return BY_HAND if self.run_id == MANUAL and value in UNKNOWN else value


def insert_run(home: Schema, run: PipelineRun) -> str:
    """Once for each stage of a run, however many of its commands say it: when it is what was said last, no row is added."""
    table = (home / PIPELINE_RUNS.name).sql
    values = ", ".join(literal(getattr(run, one.name)) for one in fields(run))
    return (
        f"INSERT INTO {table} SELECT {values}, SYSDATE() FROM (SELECT 1 AS ONE) WHERE NOT EXISTS ("
        f"SELECT 1 FROM (SELECT ENVIRONMENT, APPROVED_BY FROM {table} WHERE RUN_ID = {literal(run.run_id)} "
        "QUALIFY ROW_NUMBER() OVER (ORDER BY RECORDED_AT DESC) = 1) "
        f"WHERE ENVIRONMENT = {literal(run.environment)} AND APPROVED_BY = {literal(run.approved_by)})"
    )


def select_runs(home: Schema, marks: int) -> str:
    """The last row of each of so many runs."""
    columns = ", ".join(one.name.upper() for one in fields(PipelineRun))
    return (
        f"SELECT {columns} FROM {(home / PIPELINE_RUNS.name).sql} WHERE RUN_ID IN ({', '.join('?' * marks)}) "
        "QUALIFY ROW_NUMBER() OVER (PARTITION BY RUN_ID ORDER BY RECORDED_AT DESC) = 1"
    )
