"""A new version against the one in use, on the rows that both have never seen. Computed where the rows are."""

from __future__ import annotations

from dataclasses import dataclass

from mlops.definitions import Champion, Model, TrainingSet
from mlops.gates import Verdict
from mlops.inside.place import Place
from mlops.names import literal, quote
from mlops.outputs import TRAINING_RUNS

# Of a run's predictions: R is the rank of a score, ties sharing theirs, from which the area under the ROC curve follows.
_METRICS = {
    "ROC_AUC": "(SUM(ACTUAL * R) - SUM(ACTUAL) * (SUM(ACTUAL) + 1) / 2) / NULLIF(SUM(ACTUAL) * SUM(1 - ACTUAL), 0)",
    "ACCURACY": "AVG(IFF(PREDICTION = ACTUAL, 1, 0))",
    "PRECISION": "SUM(PREDICTION * ACTUAL) / NULLIF(SUM(PREDICTION), 0)",
    "RECALL": "SUM(PREDICTION * ACTUAL) / NULLIF(SUM(ACTUAL), 0)",
    "F1_SCORE": "2 * SUM(PREDICTION * ACTUAL) / NULLIF(SUM(PREDICTION) + SUM(ACTUAL), 0)",
}


@dataclass(frozen=True)
class Scores:
    """Where the predictions of a version are: a query that gives the keys, PREDICTION, MATCH_PERCENTAGE and the label."""

    version: str
    query: str


@dataclass(frozen=True)
class Comparison:
    rows: int
    champion: float | None
    challenger: float | None


def stored_scores(place: Place, model: Model, training_set: TrainingSet, version: str) -> Scores:
    run = f"SELECT MAX(RUN_ID) FROM {place.table(TRAINING_RUNS.name).sql} WHERE MODEL_NAME = {literal(model.name)}"
    query = f"{scores_in(place.table(model.predictions).sql, training_set)} WHERE RUN_ID = ({run} AND MODEL_VERSION = {literal(version)})"
    return Scores(version, query)


def scores_in(table: str, training_set: TrainingSet) -> str:
    columns = ", ".join(quote(column) for column in training_set.keys)
    return (
        f"SELECT {columns}, PREDICTION, MATCH_PERCENTAGE AS SCORE, IFF({quote(training_set.label)}, 1, 0) AS ACTUAL FROM {table}"
    )


def judge(place: Place, model: Model, training_set: TrainingSet, champion: Scores, challenger: Scores) -> Verdict:
    rule = model.champion
    if not place.count(f"SELECT COUNT(*) FROM ({champion.query})"):
        return _verdict(rule, champion, None, True, f"Version {champion.version} has no predictions here to be compared with.")
    found = _compare(place, rule.metric, training_set.keys, champion, challenger)
    if found.rows < rule.minimum_rows or found.champion is None or found.challenger is None:
        return _verdict(
            *(rule, champion, None, False),
            f"Version {challenger.version} and {champion.version}, the one in use, have {found.rows} rows in common that neither "
            f"has seen; at least {rule.minimum_rows} of both outcomes are wanted for a verdict.",
        )
    difference = found.challenger - found.champion
    return _verdict(
        *(rule, champion, difference, difference >= rule.margin),
        f"{rule.metric} of version {challenger.version} is {found.challenger:.3f}, that of {champion.version}, the one in use, "
        f"{found.champion:.3f} on the same {found.rows} rows: a difference of {difference:+.3f}, and at least {rule.margin:+.3f} is "
        "wanted.",
    )


def _verdict(rule: Champion, champion: Scores, value: float | None, passed: bool, sentence: str) -> Verdict:
    wanted = f">= {rule.margin:+g} on {rule.minimum_rows} rows"
    return Verdict("model", "champion", f"{rule.metric} against {champion.version}", value, wanted, passed, sentence)


def _compare(place: Place, metric: str, keys: tuple[str, ...], champion: Scores, challenger: Scores) -> Comparison:
    columns = ", ".join(quote(key) for key in keys)
    rows = place.run(
        f"WITH CHAMPION AS ({champion.query}), CHALLENGER AS ({challenger.query}), "
        f"COMMON AS (SELECT {columns} FROM CHAMPION INTERSECT SELECT {columns} FROM CHALLENGER), "
        "SCORED AS (SELECT 0 AS SIDE, C.* FROM CHAMPION C UNION ALL SELECT 1 AS SIDE, C.* FROM CHALLENGER C), "
        f"SEEN AS (SELECT S.* FROM SCORED S JOIN COMMON USING ({columns})), "
        "RANKED AS (SELECT SIDE, PREDICTION, ACTUAL, RANK() OVER (PARTITION BY SIDE ORDER BY SCORE)"
        " + (COUNT(*) OVER (PARTITION BY SIDE, SCORE) - 1) / 2 AS R FROM SEEN) "
        f"SELECT SIDE, COUNT(*), {_METRICS[metric]} FROM RANKED GROUP BY SIDE"
    )
    sides = {int(side): (int(count), None if value is None else float(value)) for side, count, value in rows}
    nothing = (0, None)
    return Comparison(sides.get(1, nothing)[0], sides.get(0, nothing)[1], sides.get(1, nothing)[1])
