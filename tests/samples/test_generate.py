from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from features.criteria_text import read_criteria
from samples.conditions import CONDITIONS
from samples.errors import SampleError
from samples.generate import Sizes, generate
from samples.limits import AgeLimits
from samples.phrases import write_criteria
from samples.tables import TABLES
from samples.trials import generate_trials
from tests.samples.quick_model import build_features, score

SEEDS = (7, 1, 2)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return generate(Sizes())


def test_equal_seeds_give_equal_tables(tables: dict[str, pd.DataFrame]) -> None:
    for name, rows in generate(Sizes()).items():
        pd.testing.assert_frame_equal(rows, tables[name])


def test_another_seed_gives_other_tables(tables: dict[str, pd.DataFrame]) -> None:
    assert all(not rows.equals(tables[name]) for name, rows in generate(Sizes(seed=8)).items())


def test_more_screenings_leave_patients_and_trials_as_they_are(tables: dict[str, pd.DataFrame]) -> None:
    more = generate(Sizes(screenings=4000))
    assert all(more[name].equals(tables[name]) for name in ("PATIENTS", "CLINICAL_TRIALS"))


def test_the_tables_have_the_columns_of_the_source(tables: dict[str, pd.DataFrame]) -> None:
    assert {name: list(rows.columns) for name, rows in tables.items()} == {table.name: table.column_names for table in TABLES}
    assert (len(tables["PATIENTS"]), tables["CLINICAL_TRIALS"]["TRIAL_ID"].nunique(), len(tables["SCREENINGS"])) == (
        600,
        80,
        6000,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_good_part_of_the_screened_is_eligible(seed: int) -> None:
    assert 0.25 <= generate(Sizes(seed=seed))["SCREENINGS"]["ELIGIBLE"].mean() <= 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_outcomes_can_be_learned_but_not_known(seed: int) -> None:
    assert 0.7 < score(*build_features(generate(Sizes(seed=seed)))) < 0.95


def test_shuffled_outcomes_cannot_be_learned() -> None:
    features, outcomes, patients = build_features(generate(Sizes(screenings=12_000)))
    shuffled = np.random.default_rng(0).permutation(outcomes)
    assert abs(score(features, shuffled, patients) - 0.5) < 0.05


def test_equal_features_have_different_outcomes() -> None:
    features, outcomes, _ = build_features(generate(Sizes(screenings=20_000)))
    rounded = features.assign(
        AGE=features["AGE"].round(-1), ABOVE_LOW=features["ABOVE_LOW"] >= 0, BELOW_HIGH=features["BELOW_HIGH"] >= 0
    )
    shares = pd.Series(outcomes).groupby([rounded[name] for name in rounded]).agg(["mean", "size"])
    mixed = shares.loc[shares["size"] >= 20, "mean"].between(0.001, 0.999)
    assert mixed.mean() > 0.8


def test_patients_and_trials_are_known_before_their_screenings(tables: dict[str, pd.DataFrame]) -> None:
    first = tables["CLINICAL_TRIALS"].groupby("TRIAL_ID")["RECORDED_AT"].min()
    screenings = tables["SCREENINGS"].merge(tables["PATIENTS"], on="PATIENT_ID")
    assert (screenings["REGISTERED_AT"] < screenings["SCREENED_AT"]).all()
    assert (screenings["TRIAL_ID"].map(first) < screenings["SCREENED_AT"]).all()


def test_some_trials_are_amended_while_patients_are_screened(tables: dict[str, pd.DataFrame]) -> None:
    trials = tables["CLINICAL_TRIALS"]
    versions = trials[trials["TRIAL_ID"].duplicated(keep=False)].groupby("TRIAL_ID")
    assert 5 <= versions.ngroups <= 30
    limits = versions["INCLUSION_CRITERIA"].agg(lambda texts: len({_ages(text) for text in texts}))
    assert (limits == 2).all()


def _ages(text: str) -> tuple[float | None, float | None]:
    criteria = read_criteria(text)
    return criteria.min_age, criteria.max_age


def test_a_few_trials_have_no_text(tables: dict[str, pd.DataFrame]) -> None:
    assert 1 <= tables["CLINICAL_TRIALS"]["INCLUSION_CRITERIA"].isna().sum() <= 4


@pytest.mark.parametrize("seed", SEEDS)
def test_a_careful_reader_finds_the_true_terms_in_the_texts(seed: int) -> None:
    trials = generate_trials(300, np.random.default_rng(seed))
    texts = trials.table["INCLUSION_CRITERIA"][:300]
    wrong = [
        text for text, terms in zip(texts, trials.first, strict=True) if text and not _tells(text, terms.ages, terms.condition)
    ]
    assert wrong == []


def _tells(text: str, ages: AgeLimits, condition: int) -> bool:
    criteria = read_criteria(text)
    low = None if ages.low is None else pytest.approx(ages.low_years)
    high = None if ages.high is None else pytest.approx(ages.high_years)
    return (criteria.min_age, criteria.max_age, criteria.condition) == (low, high, CONDITIONS[condition].name)


def test_texts_hold_other_numbers_than_ages() -> None:
    text = write_criteria("asthma", "ALL", AgeLimits(), np.random.default_rng(3))
    assert any(character.isdigit() for character in text)
    assert read_criteria(text).min_age is None


def test_a_million_screenings_take_seconds() -> None:
    started = time.monotonic()
    tables = generate(Sizes(patients=20_000, trials=500, screenings=1_000_000))
    assert len(tables["SCREENINGS"]) == 1_000_000
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("sizes", [Sizes(patients=-1), Sizes(trials=0), Sizes(patients=0)])
def test_impossible_sizes_are_refused(sizes: Sizes) -> None:
    with pytest.raises(SampleError):
        generate(sizes)


def test_nothing_may_be_asked_for() -> None:
    assert all(rows.empty for rows in generate(Sizes(0, 0, 0)).values())
