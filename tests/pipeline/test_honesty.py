"""The metric is honest: what is learned from shuffled labels is worth nothing, and no feature is made from the label."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from snowflake.ml.dataset import Dataset
from snowflake.snowpark import Session

from mlops.collect import collect
from mlops.definitions import Model, TrainingSet
from mlops.inside.learning import learn
from mlops.inside.training_data import read_frame

from .conftest import Run, copy_account
from .stand import ROOT, Client, Stand, stand

VIEWS = {"PATIENT_AGE$V1": "PATIENT_ID, SCREENED_AT", "TRIAL_CRITERIA$V1": "TRIAL_ID, RECORDED_AT"}


@dataclass(frozen=True)
class Learning:
    """What the procedure in the account learned from."""

    model: Model
    training_set: TrainingSet
    frame: pd.DataFrame
    recorded: float

    def roc_auc(self, frame: pd.DataFrame) -> float:
        return learn(frame, self.model, self.training_set).metrics["ROC_AUC"]


@pytest.fixture(scope="module")
def learning(served: Stand) -> Learning:
    definitions = collect(ROOT)
    model = definitions.model("TRIAL_ELIGIBILITY")
    training_set = definitions.training_set(model)
    with served.pipeline.connect() as connection, Session.builder.configs({"connection": connection}).create() as session:
        dataset = Dataset.load(session, f"MLOPS_DEV.ML.{training_set.name}").select_version("V1")
        frame = read_frame(dataset, model, training_set)
    recorded = served.pipeline.value("SELECT VALUE FROM ML.METRICS WHERE METRIC = 'ROC_AUC' AND RUN_ID = 'TRIAL_ELIGIBILITY_V1'")
    return Learning(model, training_set, frame, recorded)


def test_the_recorded_metric_can_be_found_again(learning: Learning) -> None:
    assert learning.roc_auc(learning.frame) == pytest.approx(learning.recorded, abs=1e-3)
    assert learning.recorded > 0.65


def test_shuffled_labels_bring_it_to_one_half(learning: Learning) -> None:
    label = learning.training_set.label
    found = [
        learning.roc_auc(learning.frame.assign(**{label: np.random.default_rng(seed).permutation(learning.frame[label])}))
        for seed in range(5)
    ]
    assert np.mean(found) == pytest.approx(0.5, abs=0.05), found


def test_no_feature_tells_the_label_alone(learning: Learning) -> None:
    outcomes = learning.frame[learning.training_set.label]
    for name in learning.model.inputs:
        values = learning.frame[name].astype(str)
        sure = outcomes.groupby(values).transform("nunique").eq(1) & values.groupby(values).transform("size").ge(20)
        assert not sure.all(), name
        assert values.groupby(outcomes).nunique().min() > 1, name


def test_features_stay_when_every_label_is_turned_round(first_run: Run, tmp_path: Path) -> None:
    with stand(copy_account(first_run, tmp_path)) as found:
        before = features(found.pipeline)
        found.admin.query("UPDATE SOURCE.SCREENINGS SET ELIGIBLE = NOT ELIGIBLE")
        after = features(found.pipeline)
    assert [len(frame) for frame in before] == [len(frame) for frame in after]
    for one, other in zip(before, after, strict=True):
        pd.testing.assert_frame_equal(one, other)


def features(client: Client) -> list[pd.DataFrame]:
    return [pd.DataFrame(client.query(f"SELECT * FROM FEATURE_STORE.{view} ORDER BY {keys}")) for view, keys in VIEWS.items()]
