"""What somebody has changed by hand is found, each thing once, and nothing else."""

from __future__ import annotations

import re

import pytest

from mlops.drift.grants import AT_HOME, IN_FEATURE_STORE, ON_ACCOUNT

from .conftest import ROOT, Pipeline

RETRAIN = "RETRAIN_TRIAL_ELIGIBILITY"
# What is done by the pipeline's own role, how it is undone where that takes a statement, and what is found.
BY_HAND = (
    (f"ALTER TASK {RETRAIN} SUSPEND", f"ALTER TASK {RETRAIN} RESUME", ("task", RETRAIN, "state", "suspended")),
    (
        "ALTER TASK MONITOR_TRIAL_ELIGIBILITY SUSPEND; ALTER TASK MONITOR_TRIAL_ELIGIBILITY SET SCHEDULE = '5 MINUTE'; "
        "ALTER TASK MONITOR_TRIAL_ELIGIBILITY RESUME",
        "ALTER TASK MONITOR_TRIAL_ELIGIBILITY SUSPEND; "
        "ALTER TASK MONITOR_TRIAL_ELIGIBILITY SET SCHEDULE = 'USING CRON 0 4 * * * UTC'; "
        "ALTER TASK MONITOR_TRIAL_ELIGIBILITY RESUME",
        ("task", "MONITOR_TRIAL_ELIGIBILITY", "schedule", "5 MINUTE"),
    ),
    (
        "ALTER MODEL TRIAL_ELIGIBILITY ADD VERSION BY_HAND FROM MODEL TRIAL_ELIGIBILITY VERSION V1",
        "ALTER MODEL TRIAL_ELIGIBILITY DROP VERSION BY_HAND",
        ("model", "TRIAL_ELIGIBILITY", "version BY_HAND", "there, and no run has made it"),
    ),
    (
        "ALTER TABLE PREDICTIONS ADD COLUMN NOTE VARCHAR",
        "ALTER TABLE PREDICTIONS DROP COLUMN NOTE",
        ("table", "PREDICTIONS", "column NOTE", "TEXT"),
    ),
)


@pytest.fixture(scope="module")
def applied(small: Pipeline) -> Pipeline:
    assert small.run("apply")[0] == 0
    return small


def found(pipeline: Pipeline) -> list[tuple[str, str, str, str]]:
    code, summary = pipeline.run("drift")
    table = [line[2:-2].split(" | ") for line in re.findall(r"^\| .* \|$", summary, re.MULTILINE)[2:]]
    assert code == (2 if table else 0), summary
    return [(kind, name, what, there) for kind, name, what, _, there in table]


def do(pipeline: Pipeline, statements: str) -> None:
    for statement in statements.split("; "):
        pipeline.query(statement)


def test_what_the_pipeline_has_made_is_no_drift(applied: Pipeline) -> None:
    assert found(applied) == []


@pytest.mark.parametrize(("change", "undo", "expected"), BY_HAND, ids=[expected[2] for *_, expected in BY_HAND])
def test_a_change_by_hand_is_found_and_nothing_else(
    applied: Pipeline, change: str, undo: str, expected: tuple[str, str, str, str]
) -> None:
    do(applied, change)
    seen = found(applied)
    do(applied, undo)
    assert seen == [expected]
    assert found(applied) == []


def test_all_of_it_at_once_is_found_and_nothing_else(applied: Pipeline) -> None:
    for change, _, _ in BY_HAND:
        do(applied, change)
    applied.administrate("REVOKE CREATE TASK ON SCHEMA MLOPS_DEV.ML FROM ROLE MLOPS_DEV_ROLE")
    seen = found(applied)
    for _, undo, _ in BY_HAND:
        do(applied, undo)
    applied.administrate("GRANT CREATE TASK ON SCHEMA MLOPS_DEV.ML TO ROLE MLOPS_DEV_ROLE")
    grant = ("grant", "MLOPS_DEV_ROLE", "CREATE TASK on schema MLOPS_DEV.ML", "missing")
    assert sorted(seen) == sorted((*(expected for *_, expected in BY_HAND), grant))
    assert found(applied) == []


def test_a_view_with_another_query_is_found_though_its_record_was_kept(applied: Pipeline) -> None:
    ((text,),) = applied.query("SELECT GET_DDL('VIEW', 'FEATURE_STORE.PATIENT_AGE$V1')")
    edited = text.replace("/ 12 AS AGE", "/ 12 + 1 AS AGE")
    ((comment,),) = applied.query(
        "SELECT COMMENT FROM INFORMATION_SCHEMA.VIEWS WHERE TABLE_SCHEMA = 'FEATURE_STORE' AND TABLE_NAME = 'PATIENT_AGE$V1'"
    )
    applied.query(
        edited.replace("PATIENT_AGE$V1", "FEATURE_STORE.PATIENT_AGE$V1", 1) if "FEATURE_STORE" not in edited[:80] else edited
    )
    applied.query(f"ALTER VIEW FEATURE_STORE.PATIENT_AGE$V1 SET COMMENT = '{comment}'")
    ((kind, name, what, there),) = found(applied)
    assert (kind, name, what) == ("feature view", "PATIENT_AGE/V1", "query")
    assert "/ 12 + 1 AS AGE" in there
    applied.query("ALTER VIEW FEATURE_STORE.PATIENT_AGE$V1 SET COMMENT = 'somebody else'")
    ((kind, name, what, _),) = found(applied)
    assert (kind, name, what) == ("feature view", "PATIENT_AGE/V1", "record")
    assert applied.run("apply", "features")[0] == 0
    assert found(applied) == []


@pytest.mark.parametrize(
    ("privilege", "place"),
    [("CREATE TASK", "SCHEMA MLOPS_DEV.ML"), ("SELECT", "TABLE MLOPS_DEV.SOURCE.PATIENTS"), ("EXECUTE TASK", "ACCOUNT")],
)
def test_a_grant_that_was_taken_away_is_found(applied: Pipeline, privilege: str, place: str) -> None:
    kind, _, name = place.partition(" ")
    applied.administrate(f"REVOKE {privilege} ON {place} FROM ROLE MLOPS_DEV_ROLE")
    seen = found(applied)
    applied.administrate(f"GRANT {privilege} ON {place} TO ROLE MLOPS_DEV_ROLE")
    assert seen == [("grant", "MLOPS_DEV_ROLE", f"{privilege} on {f'{kind.lower()} {name}'.strip()}", "missing")]
    assert found(applied) == []


def test_what_was_dropped_is_found(applied: Pipeline) -> None:
    applied.query(f"DROP TASK {RETRAIN}")
    assert found(applied) == [("task", RETRAIN, "object", "dropped")]
    assert applied.run("apply", "tasks")[0] == 0
    assert found(applied) == []


def test_the_grants_that_are_looked_for_are_those_of_the_setup() -> None:
    granted = re.findall(
        r"GRANT ([A-Z ,]+?)\s+ON SCHEMA <% database %>\.(FEATURE_STORE|ML) ", (ROOT / "setup" / "account.sql").read_text()
    )
    told = {schema: tuple(privilege.strip() for privilege in privileges.split(",")) for privileges, schema in granted}
    assert told == {"FEATURE_STORE": IN_FEATURE_STORE, "ML": AT_HOME}
    assert ON_ACCOUNT == ("EXECUTE TASK",)
