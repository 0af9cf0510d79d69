"""Past screenings and their outcome, from causes that the pipeline can know, cannot know, and chance."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from samples.conditions import CONDITIONS
from samples.identifiers import number_rows
from samples.limits import TrialTerms
from samples.times import DAYS_A_YEAR, SCREENING_DAYS, SCREENING_START, Times, random_times
from samples.trials import Trials

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]

# Physicians mostly refer patients who have what the trial is about.
REFERRED_SHARE = 0.85
# Log-odds of passing a screening.
BASE, OF_AGE, OF_SEX, OF_CONDITION, PER_COMORBIDITY, PER_STRICTNESS = 1.7, -3.6, -3.2, -2.6, -0.45, -1.0
# Frailty, laboratory values and willingness are seen at the screening and stand in no table.
UNMEASURED_SPREAD = 0.7
# Forms filled in wrongly and exceptions granted.
FLIPPED_SHARE = 0.03


def generate_screenings(count: int, patients: pd.DataFrame, trials: Trials, rng: np.random.Generator) -> pd.DataFrame:
    trial = rng.integers(0, len(trials.first), size=count)
    patient = _refer(trial, patients, trials, rng)
    screened_at = random_times(count, SCREENING_START, SCREENING_DAYS, rng)
    odds = _log_odds(patient, trial, screened_at, patients, trials) + rng.normal(0, UNMEASURED_SPREAD, size=count)
    eligible = rng.random(count) < 1 / (1 + np.exp(-odds))
    return pd.DataFrame(
        {
            "SCREENING_ID": number_rows("S", count),
            "PATIENT_ID": patients["PATIENT_ID"].to_numpy()[patient],
            "TRIAL_ID": trials.table["TRIAL_ID"].to_numpy()[trial],
            "SCREENED_AT": screened_at,
            "ELIGIBLE": eligible ^ (rng.random(count) < FLIPPED_SHARE),
        }
    )


def _refer(trial: Positions, patients: pd.DataFrame, trials: Trials, rng: np.random.Generator) -> Positions:
    """A patient with the trial's condition where there is one, anybody otherwise."""
    names = [condition.name for condition in CONDITIONS]
    codes = pd.Categorical(patients["CONDITION"], categories=names).codes.astype(np.int64)
    by_condition = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes, minlength=len(CONDITIONS))
    starts = np.cumsum(sizes) - sizes
    wanted = np.array([terms.condition for terms in trials.first], dtype=np.int64)[trial]
    within = starts[wanted] + (rng.random(len(trial)) * sizes[wanted]).astype(np.int64)
    matching = by_condition[np.minimum(within, len(patients) - 1)]
    anybody = rng.integers(0, len(patients), size=len(trial))
    is_referred = (rng.random(len(trial)) < REFERRED_SHARE) & (sizes[wanted] > 0)
    return np.where(is_referred, matching, anybody)


def _log_odds(patient: Positions, trial: Positions, screened_at: Times, patients: pd.DataFrame, trials: Trials) -> Numbers:
    first, amended = _arrays(trials.first), _arrays(trials.amended)
    is_amended = screened_at >= trials.amended_at[trial]
    terms = {name: np.where(is_amended, amended[name][trial], first[name][trial]) for name in first}
    names = np.array([condition.name for condition in CONDITIONS], dtype=object)
    born = patients["BIRTH_DATE"].to_numpy().astype("datetime64[D]")[patient]
    ages = (screened_at - born) / np.timedelta64(1, "D") / DAYS_A_YEAR
    sexes = patients["SEX"].to_numpy()[patient]
    other_sex = (terms["sex"] != "ALL") & (terms["sex"] != sexes)
    other_condition = names[terms["condition"]] != patients["CONDITION"].to_numpy()[patient]
    odds: Numbers = (
        BASE
        + OF_AGE * ~_is_of_age(ages, terms)
        + OF_SEX * other_sex
        + OF_CONDITION * other_condition
        + PER_COMORBIDITY * patients["COMORBIDITIES"].to_numpy()[patient]
        + PER_STRICTNESS * terms["strictness"]
    )
    return odds


def _is_of_age(ages: Numbers, terms: dict[str, npt.NDArray[Any]]) -> Flags:
    """A person is 18 from the 18th birthday on; "up to 65" holds until the 66th, "over 18" begins with the 19th."""
    step = terms["step"].astype(np.float64)
    low = terms["low"] + np.where(terms["low_inclusive"], 0.0, step)
    high = terms["high"] + np.where(terms["high_inclusive"], step, 0.0)
    flags: Flags = (ages >= low) & (ages < high)
    return flags


def _arrays(terms: tuple[TrialTerms, ...]) -> dict[str, npt.NDArray[Any]]:
    return {
        "condition": np.array([one.condition for one in terms], dtype=np.int64),
        "sex": np.array([one.sex for one in terms], dtype=object),
        "low": np.array([one.ages.low_years for one in terms]),
        "high": np.array([one.ages.high_years for one in terms]),
        "low_inclusive": np.array([one.ages.low_inclusive for one in terms]),
        "high_inclusive": np.array([one.ages.high_inclusive for one in terms]),
        "step": np.array([1.0 if one.ages.unit == "years" else 1 / 12 for one in terms]),
        "strictness": np.array([one.strictness for one in terms]),
    }
