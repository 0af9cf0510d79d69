from __future__ import annotations

from dataclasses import dataclass

from snowflake.snowpark import Session

from mlops.figures.documents import fetch_documents
from mlops.names import Schema
from mlops.outputs import LEDGER, PIPELINE_RUNS
from mlops.rows import fetch

# So many of the last rows, and no more.
SHOWN = 100


@dataclass(frozen=True)
class Recorded:
    """A row of the ledger."""

    action: str
    kind: str
    name: str
    commit: str
    run: str
    reason: str
    by: str
    statements: int
    seconds: float
    at: str
    from_version: str | None = None
    to_version: str | None = None

    @property
    def moves(self) -> bool:
        """Whether another version of a model came into use."""
        return self.to_version is not None and self.from_version != self.to_version


def read_approver(session: Session, home: Schema, run: str) -> str:
    """Who approved the run; empty where no change of it is known."""
    ((told,),) = fetch(
        session, f"SELECT MAX_BY(APPROVED_BY, RECORDED_AT) FROM {(home / PIPELINE_RUNS.name).sql} WHERE RUN_ID = ?", (run,)
    )
    return told or ""


def read_changes(session: Session, home: Schema) -> tuple[Recorded, ...]:
    """The last ones, from the newest on."""
    rows = fetch_documents(
        session,
        "SELECT ACTION, KIND, NAME, COMMIT_ID, RUN_ID, REASON, CHANGED_BY, STATEMENTS, SECONDS, FROM_VERSION, TO_VERSION, "
        "TO_VARCHAR(CHANGED_AT, 'YYYY-MM-DD HH24:MI:SS.FF3') AS CHANGED "
        f"FROM {(home / LEDGER.name).sql} QUALIFY ROW_NUMBER() OVER (ORDER BY CHANGED_AT DESC) <= {SHOWN}",
    )
    rows.sort(key=lambda row: (row["CHANGED"], row["KIND"], row["NAME"]), reverse=True)
    return tuple(
        Recorded(
            *(row["ACTION"], row["KIND"], row["NAME"], row["COMMIT_ID"], row["RUN_ID"], row["REASON"], row["CHANGED_BY"]),
            *(int(row["STATEMENTS"] or 0), float(row["SECONDS"] or 0), row["CHANGED"].partition(".")[0]),
            *(row["FROM_VERSION"], row["TO_VERSION"]),
        )
        for row in rows
    )
