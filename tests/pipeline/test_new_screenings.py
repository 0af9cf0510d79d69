"""New rows in the source: the task fires once, trains a second version and leaves the stream empty. Time is a test clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from mlops_local.account.clock import TestClock
from mlops_local.account.scheduling.scheduler import advance

from .conftest import Run, copy_account
from .stand import Stand, stand

HISTORY = "SELECT STATE FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY(TASK_NAME => '{}')) WHERE STATE <> 'SCHEDULED' ORDER BY RUN_ID"
NEW = (
    "INSERT INTO SOURCE.SCREENINGS (SCREENING_ID, PATIENT_ID, TRIAL_ID, SCREENED_AT, ELIGIBLE) "
    "SELECT 'NEW-' || SCREENING_ID, PATIENT_ID, TRIAL_ID, DATEADD('day', 1, SCREENED_AT), ELIGIBLE FROM SOURCE.SCREENINGS LIMIT 40"
)


@pytest.fixture(scope="module")
def account(first_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with stand(copy_account(first_run, tmp_path_factory.mktemp("clock")), clock=TestClock(datetime.now(UTC))) as found:
        yield found


def pass_time(found: Stand, **time: float) -> None:
    advance(found.account, found.account.clock.now() + timedelta(**time))


def states(found: Stand, task: str) -> list[str]:
    return [row["STATE"] for row in found.pipeline.query(HISTORY.format(task))]


def test_the_task_fires_once_and_not_again(account: Stand) -> None:
    skipped = states(account, "RETRAIN_TRIAL_ELIGIBILITY")
    assert set(skipped) <= {"SKIPPED"}
    account.admin.query(NEW)
    assert account.pipeline.value("SELECT SYSTEM$STREAM_HAS_DATA('ML.SCREENINGS_STREAM')") is True
    assert account.pipeline.value("SELECT COUNT(*) FROM ML.SCREENINGS_STREAM") == 40
    pass_time(account, minutes=1)
    assert states(account, "RETRAIN_TRIAL_ELIGIBILITY")[len(skipped) :] == ["SUCCEEDED"]
    assert account.pipeline.value("SELECT SYSTEM$STREAM_HAS_DATA('ML.SCREENINGS_STREAM')") is False
    assert [row["name"] for row in account.pipeline.query("SHOW VERSIONS IN MODEL ML.TRIAL_ELIGIBILITY")] == ["V1", "V2"]
    pass_time(account, minutes=5)
    assert states(account, "RETRAIN_TRIAL_ELIGIBILITY")[len(skipped) :] == ["SUCCEEDED", *["SKIPPED"] * 5]


def test_what_the_second_run_took_and_left(account: Stand) -> None:
    runs = account.pipeline.query(
        "SELECT RUN_ID, REASON, TRAINING_ROWS + TEST_ROWS AS N FROM ML.TRAINING_RUNS "
        "WHERE MODEL_NAME = 'TRIAL_ELIGIBILITY' ORDER BY FINISHED_AT"
    )
    assert [row["RUN_ID"] for row in runs] == ["TRIAL_ELIGIBILITY_V1", "TRIAL_ELIGIBILITY_V2"]
    assert runs[1]["N"] == runs[0]["N"] + 40 == account.pipeline.value("SELECT COUNT(*) FROM SOURCE.SCREENINGS")
    assert runs[1]["REASON"] == "new screenings"
    consumed = account.pipeline.query("SELECT RUN_ID, ACTION, ROW_COUNT FROM ML.CONSUMED_CHANGES")
    assert consumed == [{"RUN_ID": "TRIAL_ELIGIBILITY_V2", "ACTION": "INSERT", "ROW_COUNT": 40}]
    versions = {row["MODEL_VERSION"] for row in account.pipeline.query("SELECT DISTINCT MODEL_VERSION FROM ML.PREDICTIONS")}
    assert versions == {"V1", "V2"}


def test_a_trained_model_is_no_change_of_the_plan(account: Stand) -> None:
    planned = account.pipeline.machine("plan")
    assert planned.returncode == 0, planned.stdout


def test_the_monitor_measures_at_four(account: Stand) -> None:
    account.admin.query("ALTER TASK ML.RETRAIN_TRIAL_ELIGIBILITY SUSPEND")
    midnight = account.account.clock.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    advance(account.account, midnight, step=timedelta(days=1))
    before = states(account, "MONITOR_TRIAL_ELIGIBILITY")
    assert advance(account.account, midnight + timedelta(hours=3, minutes=59), step=timedelta(hours=1)) == []
    assert len(advance(account.account, midnight + timedelta(hours=4))) == 1
    found = account.pipeline.query("SELECT * FROM ML.MONITORING QUALIFY MEASURED_AT = MAX(MEASURED_AT) OVER ()")
    measures = {row["MEASURE"]: row for row in found}
    assert measures["SCREENINGS"]["VALUE"] == account.pipeline.value("SELECT COUNT(*) FROM SOURCE.SCREENINGS")
    assert 0 < measures["ELIGIBLE_SHARE"]["VALUE"] < 1
    assert {row["MODEL_VERSION"] for row in measures.values()} == {"V2"}
    assert measures["PATIENTS"]["MEASURED_AT"] == midnight.replace(tzinfo=None) + timedelta(hours=4)
    assert states(account, "MONITOR_TRIAL_ELIGIBILITY") == [*before, "SUCCEEDED"]


def test_the_monitor_measures_when_told_to(account: Stand) -> None:
    before = account.pipeline.value("SELECT COUNT(DISTINCT MEASURED_AT) FROM ML.MONITORING")
    account.pipeline.query("EXECUTE TASK ML.MONITOR_TRIAL_ELIGIBILITY")
    pass_time(account, seconds=1)
    assert states(account, "MONITOR_TRIAL_ELIGIBILITY")[-1] == "SUCCEEDED"
    assert account.pipeline.value("SELECT COUNT(DISTINCT MEASURED_AT) FROM ML.MONITORING") == before + 1
