"""Patients of a hospital network, before anybody screens them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from samples.conditions import CONDITIONS
from samples.identifiers import number_rows
from samples.times import DAYS_A_YEAR, REGISTRATION_START, random_times

MOST_COMORBIDITIES = 7


def generate_patients(count: int, rng: np.random.Generator) -> pd.DataFrame:
    conditions = _choose_conditions(count, rng)
    ages = _draw_ages(conditions, rng)
    registered = random_times(count, REGISTRATION_START, 365, rng)
    # The age is that at the registration, which no screening precedes.
    born = (registered - (ages * DAYS_A_YEAR * 86400).astype("timedelta64[s]")).astype("datetime64[D]")
    return pd.DataFrame(
        {
            "PATIENT_ID": number_rows("P", count),
            # Python dates become DATE by way of Parquet; times would become TIMESTAMP.
            "BIRTH_DATE": born.astype(object),
            "SEX": _draw_sexes(conditions, rng),
            "CONDITION": np.array([condition.name for condition in CONDITIONS], dtype=object)[conditions],
            "REGISTERED_AT": registered,
            "COMORBIDITIES": _count_comorbidities(ages, rng),
        }
    )


def _choose_conditions(count: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    weights = np.array([condition.weight for condition in CONDITIONS])
    return rng.choice(len(CONDITIONS), size=count, p=weights / weights.sum())


def _draw_ages(conditions: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    youngest = np.array([condition.youngest for condition in CONDITIONS])[conditions]
    oldest = np.array([condition.oldest for condition in CONDITIONS])[conditions]
    ages: npt.NDArray[np.float64] = youngest + (oldest - youngest) * rng.beta(1.7, 1.7, size=len(conditions))
    return ages


def _draw_sexes(conditions: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.object_]:
    drawn = np.where(rng.random(len(conditions)) < 0.52, "FEMALE", "MALE").astype(object)
    only = np.array([condition.sex for condition in CONDITIONS], dtype=object)[conditions]
    return np.where(pd.isna(only), drawn, only)


def _count_comorbidities(ages: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    return np.minimum(rng.poisson(0.2 + ages / 35), MOST_COMORBIDITIES)
