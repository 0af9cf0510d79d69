from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from snowflake.snowpark.query_history import QueryHistory

from mlops.definitions import Estimator, Gate, Model, Slices, TrainingSet
from mlops.errors import AccountError
from mlops.gates import failures, judge_metrics
from mlops.inside.learning import learn, split_by_group, split_by_time
from mlops.inside.place import Origin
from mlops.inside.quality import judge_leaks
from mlops.inside.recording import Run
from mlops.inside.slices import judge_slices

SEEN = TrainingSet(
    name="SEEN",
    spine="SELECT ID, AT, OK FROM SOURCE.SEEN",
    keys=("ID",),
    timestamp="AT",
    label="OK",
    group="ID",
    feature_views=("V/V1",),
    reads=(),
    description="Seen.",
)
GUESS = Model(
    name="GUESS",
    training_set="SEEN",
    numeric=("AGE", "LIMIT"),
    categorical=("SEX",),
    estimator=Estimator("sklearn.ensemble.RandomForestClassifier", {"n_estimators": 50, "min_samples_leaf": 10}),
    holdout=0.4,
    seed=1,
    procedure="TRAIN",
    predictions="SAID",
    shown=(),
    description="Guesses.",
)


@pytest.mark.parametrize(
    ("version", "told", "name"),
    [
        (None, {}, "V3"),
        (None, {"shared": True}, "GUESS_V3"),
        ("V1", {}, "V1_V3"),
        ("V1", {"declared": True, "shared": True}, "V1"),
    ],
)
def test_rows_of_a_run_have_a_name_that_no_other_run_is_after(version: str | None, told: dict[str, bool], name: str) -> None:
    training_set = replace(SEEN, version=version)
    run = Run(
        GUESS, training_set, 3, "", Origin(*[""] * 7), "", datetime(2026, 1, 1), None, {}, {}, None, QueryHistory(None), **told
    )
    assert run.dataset_version == name


def frame(rows: int = 4000, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age = rng.uniform(0, 90, rows)
    limit = np.where(rng.random(rows) < 0.2, np.nan, 18.0)
    allowed = np.isnan(limit) | (age >= limit)
    return pd.DataFrame(
        {
            "ID": [f"P{number}" for number in rng.integers(0, rows // 4, rows)],
            "AGE": age,
            "LIMIT": limit,
            "SEX": rng.choice(np.array(["F", "M", None], dtype=object), rows),
            "OK": (allowed & (rng.random(rows) < 0.8)).astype(int),
        }
    )


@given(st.integers(0, 100), st.floats(0.1, 0.9))
@settings(max_examples=20, deadline=None)
def test_nobody_stands_on_both_sides_and_everybody_stays(seed: int, holdout: float) -> None:
    rows = frame(400)
    split = split_by_group(rows, "ID", holdout, seed)
    held, seen = set(split.test["ID"]), set(split.training["ID"])
    assert not held & seen
    assert len(split.test) + len(split.training) == len(rows)
    more = pd.concat([frame(400, seed=1), rows])
    assert held <= set(split_by_group(more, "ID", holdout, seed).test["ID"])


@given(st.lists(st.integers(0, 50), min_size=2), st.floats(0.1, 0.9))
@settings(max_examples=50, deadline=None)
def test_what_is_held_out_by_time_came_after_all_that_is_learned_from(hours: list[int], holdout: float) -> None:
    rows = pd.DataFrame({"AT": np.datetime64("2025-01-01", "s") + np.array(hours).astype("timedelta64[h]")})
    split = split_by_time(rows, "AT", holdout)
    assert len(split.training) + len(split.test) == len(rows)
    assert split.training.empty or split.training["AT"].max() < split.test["AT"].min()
    # Rows of the same time cannot be told apart, so a part of them makes the held-out share larger, never smaller.
    assert len(split.test) >= len(rows) * holdout - 1e-9


def test_without_a_group_the_latest_rows_are_held_out_and_missing_numbers_are_imputed() -> None:
    rows = frame().assign(AT=np.datetime64("2025-01-01", "s") + np.arange(4000).astype("timedelta64[h]"))
    forest = replace(GUESS, impute="median", numeric=("AGE", "LIMIT", "EMPTY"))
    learned = learn(rows.assign(EMPTY=np.nan), forest, replace(SEEN, group=None))
    assert learned.split.test.index.tolist() == list(range(2400, 4000))
    numbers = learned.pipeline.named_steps["columns"].named_transformers_["numbers"]
    assert not np.isnan(numbers.transform(learned.split.test[["AGE", "LIMIT", "EMPTY"]])).any()
    assert learned.metrics["ROC_AUC"] > 0.6


def test_a_real_cause_is_learned_and_the_same_rows_give_the_same_model() -> None:
    first, second = learn(frame(), GUESS, SEEN), learn(frame(), GUESS, SEEN)
    assert first.metrics["ROC_AUC"] > 0.7
    assert first.metrics == second.metrics
    assert sum(count for _, _, count in first.confusion) == len(first.split.test)


def test_shuffled_labels_teach_nothing() -> None:
    rows = frame()
    rows["OK"] = np.random.default_rng(3).permutation(rows["OK"].to_numpy())
    assert learn(rows, GUESS, SEEN).metrics["ROC_AUC"] == pytest.approx(0.5, abs=0.05)


def test_one_outcome_only_is_said_in_a_sentence() -> None:
    with pytest.raises(AccountError, match=r"Model GUESS cannot be trained: its training rows \(\d+\) do not hold both outcomes"):
        learn(frame().assign(OK=1), GUESS, SEEN)


def test_the_pipeline_takes_words_it_has_never_seen_and_numbers_that_are_missing() -> None:
    learned = learn(frame(), GUESS, SEEN)
    unseen = pd.DataFrame({"AGE": [np.nan], "LIMIT": [np.nan], "SEX": ["OTHER"]})
    assert learned.pipeline.predict_proba(unseen).shape == (1, 2)
    # As the registry hands rows to a model: types of pandas that know missing values.
    chances = learned.pipeline.predict_proba(unseen.convert_dtypes().astype({"AGE": "Float64", "LIMIT": "Float64"}))
    assert chances.tolist() == learned.pipeline.predict_proba(unseen).tolist()


def test_every_gate_that_fails_is_a_sentence() -> None:
    gates = (Gate("ROC_AUC", 0.6), Gate("RECALL", 0.9), Gate("LOG_LOSS", maximum=0.5), Gate("F1_SCORE", 0.1))
    assert failures(judge_metrics({"ROC_AUC": 0.7, "RECALL": 0.5, "LOG_LOSS": 0.6}, gates)) == (
        "RECALL is 0.500; >= 0.9 is wanted.",
        "LOG_LOSS is 0.600; <= 0.5 is wanted.",
        "F1_SCORE is nan; >= 0.1 is wanted.",
    )
    assert failures(judge_metrics({"ROC_AUC": 0.6}, gates[:1])) == ()


def test_categories_alone_are_enough() -> None:
    assert learn(frame(), replace(GUESS, numeric=("AGE",), categorical=()), SEEN).metrics["ROC_AUC"] > 0.6


def test_an_input_that_tells_the_label_by_itself_is_a_leak() -> None:
    rows = frame().assign(LIMIT=lambda found: found["OK"] * 2.0, SEX=lambda found: found["OK"].map({0: "F", 1: "M"}))
    leaks = failures(judge_leaks(rows, GUESS, SEEN))
    assert [sentence.split()[0] for sentence in leaks] == ["LIMIT", "SEX"]
    assert failures(judge_leaks(frame(), GUESS, SEEN)) == ()


def test_words_that_come_once_tell_nothing() -> None:
    rows = frame().assign(SEX=lambda found: [f"person {number}" for number in range(len(found))])
    assert failures(judge_leaks(rows, GUESS, SEEN)) == ()


def test_a_part_that_the_model_is_bad_for_is_named() -> None:
    rows = frame()
    # Of those of one sex, the outcome is drawn anew: nothing can be learned of them.
    unlucky = rows["SEX"] == "F"
    rows.loc[unlucky, "OK"] = np.random.default_rng(5).integers(0, 2, int(unlucky.sum()))
    learned = learn(rows, GUESS, SEEN)
    for metric in ("ACCURACY", "ROC_AUC"):
        (told,) = failures(judge_slices(learned, replace(GUESS, slices=Slices(drop=0.1, metric=metric)), SEEN))
        assert told.startswith(f"{metric} is 0.")
        assert "rows with SEX = F" in told
    assert failures(judge_slices(learned, replace(GUESS, slices=Slices(drop=0.9)), SEEN)) == ()
