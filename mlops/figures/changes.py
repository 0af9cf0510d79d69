from __future__ import annotations

from dataclasses import dataclass

from snowflake.snowpark import Session

from mlops.figures.documents import fetch_documents
from mlops.names import Schema
from mlops.outputs import LEDGER

_SHOWN = 100


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


def read_changes(session: Session, home: Schema) -> tuple[Recorded, ...]:
    """The last ones, from the newest on."""
    rows = fetch_documents(
        session,
        "SELECT ACTION, KIND, NAME, COMMIT_ID, RUN_ID, REASON, CHANGED_BY, STATEMENTS, SECONDS, "
        "TO_VARCHAR(CHANGED_AT, 'YYYY-MM-DD HH24:MI:SS.FF3') AS CHANGED "
        f"FROM {(home / LEDGER.name).sql} QUALIFY ROW_NUMBER() OVER (ORDER BY CHANGED_AT DESC) <= {_SHOWN}",
    )
    rows.sort(key=lambda row: (row["CHANGED"], row["KIND"], row["NAME"]), reverse=True)
    return tuple(
        Recorded(
            *(row["ACTION"], row["KIND"], row["NAME"], row["COMMIT_ID"], row["RUN_ID"], row["REASON"], row["CHANGED_BY"]),
            *(int(row["STATEMENTS"] or 0), float(row["SECONDS"] or 0), row["CHANGED"].partition(".")[0]),
        )
        for row in rows
    )
