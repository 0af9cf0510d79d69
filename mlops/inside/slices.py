"""A version that is good on the whole may be bad for some: each part of the held-out rows is looked at by itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sklearn.metrics import accuracy_score

from mlops.definitions import Model, TrainingSet
from mlops.gates import Verdict
from mlops.inside.learning import Learned


def judge_slices(learned: Learned, model: Model, training_set: TrainingSet) -> Iterator[Verdict]:
    test, rule = learned.split.test, model.slices
    actual = test[training_set.label].to_numpy()
    overall = float(accuracy_score(actual, learned.predictions))
    for column in model.categorical if rule.columns is None else rule.columns:
        for value, places in test.reset_index(drop=True).groupby(column, dropna=False, sort=True).indices.items():
            if len(places) >= rule.minimum_rows:
                accuracy = float(accuracy_score(actual[places], learned.predictions[places]))
                yield _judge(f"{column} = {value}", accuracy, len(places), overall, rule.drop)


def _judge(subject: str, accuracy: float, rows: int, overall: float, drop: float) -> Verdict:
    least = overall - drop
    sentence = (
        f"ACCURACY is {accuracy:.3f} on the {rows} rows with {subject}, and {overall:.3f} on all; "
        f"at least {least:.3f} is wanted of every part."
    )
    return Verdict("model", "slice", subject, accuracy, f">= {least:.3f}", accuracy >= least, sentence)
