"""From a frame of features to a fitted pipeline and what it is worth. Pure: no session."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    classification_report,
    confusion_matrix,
    log_loss,
    roc_auc_score,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from mlops.definitions import Model, TrainingSet, describe
from mlops.errors import AccountError

CLASSES = (0, 1)


@dataclass(frozen=True)
class Split:
    training: pd.DataFrame
    test: pd.DataFrame


@dataclass(frozen=True)
class Learned:
    pipeline: Pipeline
    split: Split
    probabilities: np.ndarray[Any, np.dtype[np.float64]]
    metrics: Mapping[str, float]
    report: Sequence[tuple[str, float, float, float, int]]
    confusion: Sequence[tuple[int, int, int]]
    threshold: float

    @property
    def predictions(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        return (self.probabilities >= self.threshold).astype(int)


def learn(frame: pd.DataFrame, model: Model, training_set: TrainingSet) -> Learned:
    split = split_rows(_typed(frame, model), model, training_set)
    _check(split, model, training_set.label)
    pipeline = build_pipeline(model)
    pipeline.fit(split.training[list(model.inputs)], split.training[training_set.label])
    probabilities = pipeline.predict_proba(split.test[list(model.inputs)])[:, 1]
    return _judge(pipeline, split, probabilities, training_set.label, model.threshold)


def split_rows(frame: pd.DataFrame, model: Model, training_set: TrainingSet) -> Split:
    if training_set.group is None:
        return split_by_time(frame, training_set.timestamp, model.holdout)
    return split_by_group(frame, training_set.group, model.holdout, model.seed)


def split_by_time(frame: pd.DataFrame, timestamp: str, holdout: float) -> Split:
    """The latest rows are held out; what happened at the same time stands on one side."""
    times = frame[timestamp].sort_values()
    held = frame[timestamp] >= times.iloc[int(len(times) * (1 - holdout))]
    return Split(frame[~held], frame[held])


def split_by_group(frame: pd.DataFrame, group: str, holdout: float, seed: int) -> Split:
    """By a hash of the group's value: it stays on its side however many rows come later."""
    held = frame[group].map(lambda value: _share(f"{seed}:{value}") < holdout).astype(bool)
    return Split(frame[~held], frame[held])


def build_pipeline(model: Model) -> Pipeline:
    columns = ColumnTransformer(
        [
            ("numbers", _numbers(model), [*model.numeric, *model.derived]),
            ("words", OneHotEncoder(handle_unknown="ignore"), list(model.categorical)),
        ]
    )
    module, _, name = model.estimator.path.rpartition(".")
    estimator = getattr(import_module(module), name)(random_state=model.seed, **model.estimator.parameters)
    return Pipeline([("columns", columns), ("estimator", estimator)])


def _numbers(model: Model) -> StandardScaler | Pipeline:
    if model.impute is None:
        # A missing number stays missing, which trees take as it is: no stated limit is not a limit of zero.
        return StandardScaler()
    # A column that is missing everywhere is kept, or the columns would no longer be those of the signature.
    return Pipeline([("impute", SimpleImputer(strategy=model.impute, keep_empty_features=True)), ("scale", StandardScaler())])


def _typed(frame: pd.DataFrame, model: Model) -> pd.DataFrame:
    numbers = {name: frame[name].astype("float64") for name in (*model.numeric, *model.derived)}
    words = {name: frame[name].astype("object").where(frame[name].notna(), "UNKNOWN") for name in model.categorical}
    return frame.assign(**numbers, **words)


def _check(split: Split, model: Model, label: str) -> None:
    for name, part in (("training", split.training), ("test", split.test)):
        if set(part[label].unique()) != set(CLASSES):
            raise AccountError(f"{describe(model)} cannot be trained: its {name} rows ({len(part)}) do not hold both outcomes.")


def _judge(pipeline: Pipeline, split: Split, probabilities: Any, label: str, threshold: float) -> Learned:
    actual, predicted = split.test[label].to_numpy(), (probabilities >= threshold).astype(int)
    report = classification_report(actual, predicted, labels=CLASSES, output_dict=True, zero_division=0.0)
    counts = confusion_matrix(actual, predicted, labels=CLASSES)
    return Learned(
        pipeline,
        split,
        probabilities,
        _metrics(actual, predicted, probabilities, report["1"]),
        [_report_row(name, report[name]) for name in ("0", "1", "macro avg", "weighted avg")],
        [(row, column, int(counts[row][column])) for row in CLASSES for column in CLASSES],
        threshold,
    )


def _metrics(actual: Any, predicted: Any, probabilities: Any, positive: Mapping[str, float]) -> dict[str, float]:
    share = float(actual.mean())
    metrics = {
        "ACCURACY": accuracy_score(actual, predicted),
        "BALANCED_ACCURACY": balanced_accuracy_score(actual, predicted),
        # What always giving the more frequent answer would reach: the number that accuracy is to be compared with.
        "BASELINE_ACCURACY": max(share, 1 - share),
        "PRECISION": positive["precision"],
        "RECALL": positive["recall"],
        "F1_SCORE": positive["f1-score"],
        "ROC_AUC": roc_auc_score(actual, probabilities),
        # The area under the curve of precision and recall; a guess reaches the share of the positive.
        "AVERAGE_PRECISION": average_precision_score(actual, probabilities),
        "LOG_LOSS": log_loss(actual, probabilities, labels=CLASSES),
    }
    return {name: float(value) for name, value in metrics.items()}


def _report_row(name: str, row: Mapping[str, float]) -> tuple[str, float, float, float, int]:
    return name, float(row["precision"]), float(row["recall"]), float(row["f1-score"]), int(row["support"])


def _share(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
