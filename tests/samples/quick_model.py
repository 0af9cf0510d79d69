"""A model as quick as it gets, on what the pipeline can know: enough to see whether there is something to learn."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score

from features.criteria_text import read_criteria

Features = tuple[pd.DataFrame, npt.NDArray[np.bool_], npt.NDArray[np.object_]]


def build_features(tables: Mapping[str, pd.DataFrame]) -> Features:
    """Features as of the screening, outcomes, and patients to split by."""
    criteria = [read_criteria(text) for text in tables["CLINICAL_TRIALS"]["INCLUSION_CRITERIA"]]
    trials = pd.concat([tables["CLINICAL_TRIALS"], pd.DataFrame([vars(one) for one in criteria]).add_prefix("T_")], axis=1)
    known = pd.merge_asof(
        tables["SCREENINGS"].sort_values("SCREENED_AT"),
        trials.sort_values("RECORDED_AT"),
        left_on="SCREENED_AT",
        right_on="RECORDED_AT",
        by="TRIAL_ID",
    ).merge(tables["PATIENTS"], on="PATIENT_ID")
    age = (known["SCREENED_AT"] - pd.to_datetime(known["BIRTH_DATE"])).dt.days / 365.25
    low, high = known["T_min_age"].astype(float), known["T_max_age"].astype(float)
    features = pd.DataFrame(
        {
            "AGE": age,
            "ABOVE_LOW": age - low,
            "BELOW_HIGH": high - age,
            "SAME_SEX": (known["T_sex"] == "ALL") | (known["T_sex"] == known["SEX"]),
            "SAME_CONDITION": known["T_condition"] == known["CONDITION"],
            "COMORBIDITIES": known["COMORBIDITIES"],
        }
    )
    return features, known["ELIGIBLE"].to_numpy(), known["PATIENT_ID"].to_numpy()


def score(features: pd.DataFrame, outcomes: npt.NDArray[np.bool_], patients: npt.NDArray[np.object_]) -> float:
    """ROC AUC on patients that the model has not seen."""
    everybody = np.unique(patients)
    unseen = np.isin(patients, np.random.default_rng(0).permutation(everybody)[: len(everybody) // 3])
    model = RandomForestClassifier(100, min_samples_leaf=5, random_state=0).fit(features[~unseen], outcomes[~unseen])
    return float(roc_auc_score(outcomes[unseen], model.predict_proba(features[unseen])[:, 1]))
