"""Limits are plain typed values: wrong ones are refused when they are built, and all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlops.collect import collect
from mlops.definitions import COMPARED, MEASURED, Champion, Gate, Model, Quality, Slices
from mlops.errors import DefinitionError
from mlops.inside.champion import _METRICS as BY_SQL
from mlops.inside.learning import learn
from mlops.inside.slices import _METRICS as OF_SLICES

from .content import FEATURES, MODELS, write_content
from .test_learning import GUESS, SEEN, frame

NOT_A_NUMBER = float("nan")


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (
            lambda: Quality(null_share=2, leak=0.1, duplicates=-1),
            ["null_share is a share", "leak is a ROC AUC", "duplicates is at"],
        ),
        (
            lambda: Quality(nulls={"SEX": -0.1}, oldest_days=-1, row_change=-1),
            ["nulls of SEX", "oldest_days is", "row_change is"],
        ),
        (lambda: Quality(ranges={"A": (None, None), "B": (2, 1)}, growth=-1), ["range of A has no", "from 2 to 1", "growth is"]),
        (
            lambda: Quality(null_share="0.9", oldest_days=NOT_A_NUMBER, duplicates=True),  # type: ignore[arg-type]
            [
                "`null_share` is of type float, and this is '0.9'",
                "`oldest_days`",
                "`duplicates` is of type int, and this is True",
            ],
        ),
        (lambda: Quality(ranges={"A": (0, "9")}), ["`ranges` is of type Mapping"]),  # type: ignore[dict-item]
        (lambda: Gate("AUC"), ["a metric is one of ROC_AUC", "the range of AUC has no limit"]),
        (lambda: Gate("ROC_AUC", 0.9, 0.1), ["Gate ROC_AUC: ", "from 0.9 to 0.1"]),
        (lambda: Champion("LOG_LOSS", 2, 0), ["metric is one of", "margin is between -1 and 1", "minimum_rows is at least 1"]),
        (lambda: Slices(("A",), 2, 0, "X"), ["drop is a share", "minimum_rows is at least 1", "metric is one of"]),
        (lambda: Slices("AGE"), ["`columns` is of type"]),  # type: ignore[arg-type]
        (
            lambda: replace(GUESS, threshold=1, holdout=0, derived={"TWICE": "AGE * 2; DROP TABLE T"}),
            ["threshold is between 0 and 1", "holdout is between 0 and 1", "TWICE is an expression"],
        ),
        (lambda: replace(GUESS, gates=Gate("ROC_AUC", 0.5)), ["`gates` is of type tuple[Gate, ...]"]),  # type: ignore[arg-type]
        (
            lambda: replace(SEEN, keys=('ID"; DROP DATABASE MLOPS_PROD; --',)),
            ["`keys`: a column is named", "is none of its keys"],
        ),
    ],
)
def test_all_that_is_wrong_is_said_at_once(build: Callable[[], Any], says: list[str]) -> None:
    with pytest.raises(DefinitionError) as raised:
        build()
    assert [text for text in says if text not in str(raised.value)] == []


def test_the_faults_of_all_files_are_said_at_once(tmp_path: Path) -> None:
    features, models = FEATURES.replace('"PERSON"', '"person"', 1), MODELS.replace("holdout=0.5", "holdout=5.0")
    with pytest.raises(DefinitionError) as raised:
        collect(write_content(tmp_path, features=features, models=models))
    assert "features/all.py: Entity person: the name of a entity is upper case" in str(raised.value)
    assert "models/all.py: Model GUESS: the holdout is between 0 and 1, and this is 5.0." in str(raised.value)


def test_gates_ask_for_what_is_measured() -> None:
    assert set(learn(frame(400), GUESS, SEEN).metrics) <= set(MEASURED)
    assert set(BY_SQL) == set(OF_SLICES) == set(COMPARED)


def test_from_the_threshold_on_it_is_a_yes() -> None:
    rows = frame(1000)
    low, high = (learn(rows, replace(GUESS, threshold=threshold), SEEN) for threshold in (0.1, 0.9))
    assert (low.predictions == (low.probabilities >= 0.1)).all()
    assert low.metrics["RECALL"] > high.metrics["RECALL"]
    assert low.metrics["ROC_AUC"] == high.metrics["ROC_AUC"]


def test_a_model_is_held_to_something_when_nothing_is_said() -> None:
    assert Model(**{name: getattr(GUESS, name) for name in _REQUIRED}).gates == (Gate("ROC_AUC", 0.55),)


_REQUIRED = (
    *("name", "training_set", "numeric", "categorical", "estimator", "holdout", "seed", "procedure", "predictions", "shown"),
    "description",
)
