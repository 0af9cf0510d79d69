"""From what is asked about to the run that made it: joined where the rows are, so that only what is told leaves the account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from snowflake.snowpark import Session

from mlops.cards import Card, read_card
from mlops.errors import AccountError
from mlops.lineage.question import Question, Scored
from mlops.names import Schema, quote
from mlops.outputs import LEDGER, MODEL_CARDS, PIPELINE_RUNS, TRAINING_RUNS
from mlops.rows import fetch

# Of rows that have the same keys, such as those of several days, so many are shown.
_SHOWN = 20


@dataclass(frozen=True)
class Score:
    prediction: int
    match: float


@dataclass(frozen=True)
class Training:
    """The run that made a version, and held rows out of it to predict them. `dataset` has dots when the version was brought from elsewhere."""

    run: str
    model: str
    version: str
    dataset: str
    finished: datetime
    passed: bool
    card: Card | None

    @property
    def elsewhere(self) -> str | None:
        """The database, with its account, that the version was trained in when it was not this one."""
        return self.dataset.rpartition(".")[0] or None


@dataclass(frozen=True)
class Move:
    """When a version became the default one, by what, and by whom."""

    action: str
    at: datetime
    run: str
    by: str
    reason: str
    url: str
    environment: str
    approved_by: str


def read_scores(session: Session, home: Schema, question: Question, place: Scored) -> tuple[list[Score], Training]:
    """What the version that is asked about, or else the newest one that has the row, said of it."""
    keys = " AND ".join(f"P.{quote(key)}::VARCHAR = ?" for key in place.keys)
    given = [question.row[key] for key in place.keys]
    version, named = (" AND R.MODEL_VERSION = ?", [question.version]) if question.version else ("", [])
    rows = fetch(
        session,
        f"SELECT {_TRAINING}, P.PREDICTION, P.MATCH_PERCENTAGE FROM {(home / place.table).sql} P "
        f"JOIN {_runs(home)} ON R.RUN_ID = P.RUN_ID WHERE {keys} AND R.MODEL_NAME = ?{version} "
        f"QUALIFY RANK() OVER (ORDER BY R.FINISHED_AT DESC) = 1 ORDER BY P.MATCH_PERCENTAGE DESC LIMIT {_SHOWN}",
        (*given, question.name, *named),
    )
    if not rows:
        raise AccountError(f"{place.table} has no row of {question}: only rows that were held out of a training are in it.")
    return [Score(int(row[7]), float(row[8])) for row in rows], _training(rows[0])


def read_training(session: Session, home: Schema, question: Question) -> Training:
    """Of a run by its name, or of a version of a model."""
    if question.version is None:
        condition, given = "R.RUN_ID = ?", [question.name]
    else:
        condition, given = "R.MODEL_NAME = ? AND R.MODEL_VERSION = ?", [question.name, question.version]
    rows = fetch(session, f"SELECT {_TRAINING} FROM {_runs(home)} WHERE {condition} LIMIT 1", given)
    if not rows:
        raise AccountError(f"No training is known of {question}: `python -m mlops status` tells which there are.")
    return _training(rows[0])


def read_moves(session: Session, home: Schema, training: Training) -> list[Move]:
    """From the ledger; the run's page and environment where a pipeline told them."""
    ledger, runs = (home / LEDGER.name).sql, (home / PIPELINE_RUNS.name).sql
    rows = fetch(
        session,
        "SELECT L.ACTION, L.CHANGED_AT, L.RUN_ID, COALESCE(MAX(P.REQUESTED_BY), L.CHANGED_BY), L.REASON, "
        "COALESCE(MAX(P.URL), ''), COALESCE(MAX(P.ENVIRONMENT), ''), COALESCE(MAX(P.APPROVED_BY), '') "
        f"FROM {ledger} L LEFT JOIN {runs} P ON P.RUN_ID = L.RUN_ID "
        "WHERE L.KIND = 'model' AND L.NAME = ? AND L.TO_VERSION = ? AND (L.FROM_VERSION IS NULL OR L.FROM_VERSION <> L.TO_VERSION) "
        "GROUP BY L.CHANGE_ID, L.ACTION, L.CHANGED_AT, L.RUN_ID, L.CHANGED_BY, L.REASON ORDER BY L.CHANGED_AT",
        (training.model, training.version),
    )
    return [Move(*row) for row in rows]


_TRAINING = "R.RUN_ID, R.MODEL_NAME, R.MODEL_VERSION, R.DATASET_NAME, R.FINISHED_AT, R.PASSED, C.CARD"


def _runs(home: Schema) -> str:
    return f"{(home / TRAINING_RUNS.name).sql} R LEFT JOIN {(home / MODEL_CARDS.name).sql} C ON C.RUN_ID = R.RUN_ID"


def _training(row: Sequence[Any]) -> Training:
    run, model, version, dataset, finished, passed, card = row[:7]
    return Training(run, model, version, dataset, finished, bool(passed), read_card(card) if card else None)
