"""A version that is good on the whole may be bad for some: each part of the held-out rows is looked at by itself. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score, roc_auc_score

from mlops.definitions import Model, Slices, TrainingSet
from mlops.gates import Verdict
from mlops.inside.learning import Learned

# Of what was, what was predicted, and the chances that the prediction rests on.
_METRICS: dict[str, Callable[[Any, Any, Any], float]] = {
    "ACCURACY": lambda actual, predicted, chances: accuracy_score(actual, predicted),
    "PRECISION": lambda actual, predicted, chances: precision_score(actual, predicted, zero_division=np.nan),
    "RECALL": lambda actual, predicted, chances: recall_score(actual, predicted, zero_division=np.nan),
    "F1_SCORE": lambda actual, predicted, chances: f1_score(actual, predicted, zero_division=np.nan),
    "ROC_AUC": lambda actual, predicted, chances: roc_auc_score(actual, chances) if len(set(actual)) > 1 else np.nan,
}


def judge_slices(learned: Learned, model: Model, training_set: TrainingSet) -> Iterator[Verdict]:
    test, rule = learned.split.test, model.slices
    values = test[training_set.label].to_numpy(), learned.predictions, learned.probabilities
    overall = float(_METRICS[rule.metric](*values))
    for column in model.categorical if rule.columns is None else rule.columns:
        for value, places in test.reset_index(drop=True).groupby(column, dropna=False, sort=True).indices.items():
            found = float(_METRICS[rule.metric](*(one[places] for one in values)))
            # Where nothing of what the metric counts has been, there is nothing to be judged.
            if len(places) >= rule.minimum_rows and not np.isnan(found):
                yield _judge(f"{column} = {value}", found, len(places), overall, rule)


def _judge(subject: str, found: float, rows: int, overall: float, rule: Slices) -> Verdict:
    limit = overall - rule.drop
    sentence = (
        f"{rule.metric} is {found:.3f} on the {rows} rows with {subject}, and {overall:.3f} on all; "
        f"at least {limit:.3f} is wanted of every part."
    )
    return Verdict("model", "slice", subject, found, f">= {limit:.3f}", found >= limit, sentence)
