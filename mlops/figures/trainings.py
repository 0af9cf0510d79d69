"""What is recorded of trainings, and what their held-out rows say when they are counted where they lie."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from snowflake.snowpark import Session

from mlops.collect import Definitions
from mlops.definitions import Model
from mlops.figures.curves import PERCENTS, Curves, Scored, make_curves
from mlops.figures.documents import Document, fetch_documents, together
from mlops.gates import Verdict
from mlops.names import Schema, literal, quote
from mlops.outputs import CONFUSION_MATRIX, GATE_RESULTS, METRICS, TRAINING_RUNS
from mlops.rows import fetch

# Of each model.
_REMEMBERED = 8


@dataclass(frozen=True)
class Training:
    id: str
    model: str
    version: str
    dataset: str
    commit: str
    reason: str
    training_rows: int
    test_rows: int
    passed: bool
    finished: str
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class ModelFigures:
    """`trainings` from the newest on; `gates` are those of the newest run, which may have ended without a version."""

    model: Model
    default: str | None
    trainings: tuple[Training, ...]
    gates: tuple[Verdict, ...]
    gated_run: str
    confusion: Mapping[tuple[int, int], int]
    curves: Curves | None
    label: str = ""

    @property
    def newest(self) -> Training | None:
        return self.trainings[0] if self.trainings else None


def read_models(session: Session, home: Schema, definitions: Definitions, tables: Collection[str]) -> tuple[ModelFigures, ...]:
    """Of the declared ones. What nothing was written to yet is not asked."""
    models = [one.definition for one in definitions.declared if isinstance(one.definition, Model)]
    trainings = _read_trainings(session, home) if TRAINING_RUNS.name in tables else {}
    newest = {model.name: trainings[model.name][0] for model in models if trainings.get(model.name)}
    defaults = {row["name"]: row["default_version_name"] for row in fetch(session, f"SHOW MODELS IN SCHEMA {home.sql}")}
    gates = _read_gates(session, home) if GATE_RESULTS.name in tables else {}
    confusion = _read_confusion(session, home, [one.id for one in newest.values()])
    scored = _read_scores(session, home, definitions, [(model, newest[model.name]) for model in models if model.name in newest])
    return tuple(
        ModelFigures(
            model,
            defaults.get(model.name),
            tuple(trainings.get(model.name, ())),
            *gates.get(model.name, ((), "")),
            confusion.get(newest[model.name].id, {}) if model.name in newest else {},
            make_curves(scored.get(model.name, ())),
            definitions.training_set(model).label,
        )
        for model in models
    )


def _read_trainings(session: Session, home: Schema) -> dict[str, list[Training]]:
    runs, metrics = (home / TRAINING_RUNS.name).sql, (home / METRICS.name).sql
    rows = fetch_documents(
        session,
        "SELECT R.RUN_ID, R.MODEL_NAME, R.MODEL_VERSION, R.DATASET_NAME, R.DATASET_VERSION, R.COMMIT_ID, R.REASON, R.TRAINING_ROWS, "
        "R.TEST_ROWS, R.PASSED, TO_VARCHAR(R.FINISHED_AT, 'YYYY-MM-DD HH24:MI:SS.FF3') AS FINISHED, M.METRIC, M.VALUE "
        f"FROM (SELECT * FROM {runs} QUALIFY ROW_NUMBER() OVER (PARTITION BY MODEL_NAME ORDER BY FINISHED_AT DESC) <= {_REMEMBERED}) R "
        f"LEFT JOIN {metrics} M ON M.RUN_ID = R.RUN_ID",
    )
    by_run: dict[str, list[Document]] = {}
    for row in rows:
        by_run.setdefault(row["RUN_ID"], []).append(row)
    found: dict[str, list[Training]] = {}
    for same in sorted(by_run.values(), key=lambda same: str(same[0]["FINISHED"]), reverse=True):
        found.setdefault(same[0]["MODEL_NAME"], []).append(_training(same))
    return found


def _training(rows: Sequence[Document]) -> Training:
    row = rows[0]
    metrics = {one["METRIC"]: float(one["VALUE"]) for one in rows if one["METRIC"] is not None and one["VALUE"] is not None}
    return Training(
        id=row["RUN_ID"],
        model=row["MODEL_NAME"],
        version=row["MODEL_VERSION"],
        dataset=f"{row['DATASET_NAME']}/{row['DATASET_VERSION']}",
        commit=row["COMMIT_ID"],
        reason=row["REASON"],
        training_rows=int(row["TRAINING_ROWS"]),
        test_rows=int(row["TEST_ROWS"]),
        passed=bool(row["PASSED"]),
        finished=row["FINISHED"].partition(".")[0],
        metrics=dict(sorted(metrics.items())),
    )


def _read_gates(session: Session, home: Schema) -> dict[str, tuple[tuple[Verdict, ...], str]]:
    rows = fetch_documents(
        session,
        "SELECT RUN_ID, MODEL_NAME, STAGE, GATE, SUBJECT, VALUE, WANTED, PASSED, SENTENCE "
        f"FROM {(home / GATE_RESULTS.name).sql} "
        "QUALIFY RUN_ID = FIRST_VALUE(RUN_ID) OVER (PARTITION BY MODEL_NAME ORDER BY CHECKED_AT DESC, RUN_ID DESC)",
    )
    found: dict[str, list[Document]] = {}
    for row in rows:
        found.setdefault(row["MODEL_NAME"], []).append(row)
    return {model: (tuple(_judged(same)), same[0]["RUN_ID"]) for model, same in found.items()}


def _judged(rows: Iterable[Document]) -> Iterator[Verdict]:
    """What failed comes first."""
    for row in sorted(rows, key=lambda row: (bool(row["PASSED"]), row["STAGE"], row["GATE"], row["SUBJECT"])):
        value = None if row["VALUE"] is None else float(row["VALUE"])
        told = (row["STAGE"], row["GATE"], row["SUBJECT"], value, row["WANTED"], bool(row["PASSED"]), row["SENTENCE"])
        yield Verdict(*told)


def _read_confusion(session: Session, home: Schema, runs: Sequence[str]) -> dict[str, dict[tuple[int, int], int]]:
    if not runs:
        return {}
    rows = fetch_documents(
        session,
        f"SELECT RUN_ID, ACTUAL, PREDICTED, ROW_COUNT FROM {(home / CONFUSION_MATRIX.name).sql} "
        f"WHERE RUN_ID IN ({', '.join(map(literal, runs))})",
    )
    found: dict[str, dict[tuple[int, int], int]] = {}
    for row in rows:
        found.setdefault(row["RUN_ID"], {})[int(row["ACTUAL"]), int(row["PREDICTED"])] = int(row["ROW_COUNT"])
    return found


def _read_scores(
    session: Session, home: Schema, definitions: Definitions, trained: Sequence[tuple[Model, Training]]
) -> dict[str, tuple[Scored, ...]]:
    """One statement. A score is kept in percent with two digits, so the points are those of whole percents."""
    if not trained:
        return {}
    rows = fetch_documents(session, together(_scores_query(home, definitions, *one) for one in trained))
    found: dict[str, list[Scored]] = {}
    for row in rows:
        scored = Scored(int(row["BUCKET"]) - 1, int(row["ROW_COUNT"]), int(row["POSITIVES"]), float(row["TOTAL"]))
        found.setdefault(row["MODEL_NAME"], []).append(scored)
    return {model: tuple(sorted(scored, key=lambda one: one.percent)) for model, scored in found.items()}


def _scores_query(home: Schema, definitions: Definitions, model: Model, training: Training) -> str:
    label = quote(definitions.training_set(model).label)
    return (
        f"SELECT {literal(model.name)} AS MODEL_NAME, WIDTH_BUCKET(MATCH_PERCENTAGE, 0, {PERCENTS}, {PERCENTS}) AS BUCKET, "
        f"COUNT(*) AS ROW_COUNT, SUM(IFF({label}, 1, 0)) AS POSITIVES, SUM(MATCH_PERCENTAGE) AS TOTAL "
        f"FROM {(home / model.predictions).sql} WHERE RUN_ID = {literal(training.id)} AND MATCH_PERCENTAGE IS NOT NULL GROUP BY BUCKET"
    )
