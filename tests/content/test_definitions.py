"""What holds for the content of this repository, without an account."""

from __future__ import annotations

from pathlib import Path

import sqlglot
from sqlglot import exp

from mlops.collect import collect
from mlops.definitions import FeatureView, Model, Stream, Task, TrainingSet

ROOT = Path(__file__).parents[2]
CONTENT = collect(ROOT)
DECLARED = [one.definition for one in CONTENT.declared]


def columns(query: str) -> set[str]:
    return {column.name.upper() for column in sqlglot.parse_one(query, read="snowflake").find_all(exp.Column)}


def test_no_feature_view_reads_the_label() -> None:
    labels = {one.label for one in DECLARED if isinstance(one, TrainingSet)}
    for view in (one for one in DECLARED if isinstance(one, FeatureView)):
        assert not labels & columns(view.query), view.name


def test_no_feature_is_the_label_or_derived_from_it() -> None:
    for model in (one for one in DECLARED if isinstance(one, Model)):
        label = CONTENT.training_set(model).label
        assert label not in model.inputs
        for expression in model.derived.values():
            assert label not in columns(f"SELECT {expression}")


def test_every_table_that_a_query_reads_is_declared() -> None:
    for view in (one for one in DECLARED if isinstance(one, FeatureView)):
        tables = {f"{table.db}.{table.name}" for table in sqlglot.parse_one(view.query, read="snowflake").find_all(exp.Table)}
        assert tables == set(view.reads), view.name


def test_patients_are_told_apart_and_judged_by_what_was_known_then() -> None:
    training_set = CONTENT.training_set(CONTENT.model("TRIAL_ELIGIBILITY"))
    assert (training_set.group, training_set.timestamp) == ("PATIENT_ID", "SCREENED_AT")
    assert set(training_set.feature_views) == {"PATIENT_AGE/V1", "TRIAL_CRITERIA/V1"}


def test_the_tasks() -> None:
    tasks = {one.name: one for one in DECLARED if isinstance(one, Task)}
    assert tasks["RETRAIN_TRIAL_ELIGIBILITY"].when == "SCREENINGS_STREAM"
    assert tasks["MONITOR_TRIAL_ELIGIBILITY"].schedule == "USING CRON 0 4 * * * UTC"
    assert {one.table for one in DECLARED if isinstance(one, Stream)} == {"SOURCE.SCREENINGS"}
