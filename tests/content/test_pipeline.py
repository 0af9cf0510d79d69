"""The machine and the content of this repository against an account: the stages of the pipeline, in their order."""

from __future__ import annotations

import time

import pandas as pd
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from snowflake.ml.feature_store import CreationMode, FeatureStore
from snowflake.ml.registry import Registry
from snowflake.snowpark import Session

from .account_state import differences, read_account
from .conftest import Pipeline

PATIENCE = 120


@pytest.fixture(scope="module")
def applied(pipeline: Pipeline) -> Pipeline:
    for family in ("features", "models", "tasks"):
        code, summary = pipeline.run("apply", family)
        assert code == 0, summary
    return pipeline


def test_nothing_is_there_at_first_and_everything_is_planned(pipeline: Pipeline) -> None:
    code, summary = pipeline.run("plan")
    assert code == 2
    assert "| create | model | TRIAL_ELIGIBILITY | not in the account |" in summary


def test_models_wait_for_features(pipeline: Pipeline) -> None:
    code, summary = pipeline.run("apply", "models")
    assert code == 6
    assert "needs feature view PATIENT_AGE/V1, which is not in the account: apply it first" in summary


def test_applied_twice_is_applied_once(applied: Pipeline) -> None:
    with applied.connect() as connection:
        before = read_account(connection)
    assert applied.run("plan")[0] == 0
    assert applied.run("apply")[0] == 0
    with applied.connect() as connection:
        assert differences(before, read_account(connection)) == []


def test_entities_and_feature_views(applied: Pipeline) -> None:
    with applied.connect() as connection, Session.builder.configs({"connection": connection}).create() as session:
        store = FeatureStore(session, "MLOPS_DEV", "FEATURE_STORE", "MLOPS_DEV_WH", creation_mode=CreationMode.FAIL_IF_NOT_EXIST)
        assert {row["NAME"] for row in store.list_entities().collect()} == {"PATIENT", "TRIAL"}
        views = {(row["NAME"], row["VERSION"]) for row in store.list_feature_views().collect()}
        assert views == {("PATIENT_AGE", "V1"), ("TRIAL_CRITERIA", "V1")}


def test_the_criteria_are_read_inside_the_account(applied: Pipeline) -> None:
    read = "SELECT FEATURE_STORE.READ_CRITERIA('Inclusion Criteria: women aged 18 to 65 years') AS C"
    ((lowest, highest, sex),) = applied.query(f"SELECT C:MIN_AGE::FLOAT, C:MAX_AGE::FLOAT, C:SEX::VARCHAR FROM ({read})")
    assert (lowest, highest, sex) == (18.0, 65.0, "FEMALE")


def test_the_model_its_metrics_and_its_outputs(applied: Pipeline) -> None:
    with applied.connect() as connection, Session.builder.configs({"connection": connection}).create() as session:
        version = Registry(session, database_name="MLOPS_DEV", schema_name="ML").get_model("TRIAL_ELIGIBILITY").default
        metrics = version.show_metrics()
        assert version.version_name == "V1"
        assert 0.65 < metrics["ROC_AUC"] < 0.95
        assert metrics["ACCURACY"] > metrics["BASELINE_ACCURACY"]
        assert {function["name"] for function in version.show_functions()} == {"PREDICT", "PREDICT_PROBA"}
    ((rows, wrong),) = applied.query(
        "SELECT COUNT(*), COUNT_IF(MATCH_PERCENTAGE NOT BETWEEN 0 AND 100) FROM PREDICTIONS WHERE MODEL_VERSION = 'V1'"
    )
    assert wrong == 0
    assert applied.query("SELECT SUM(ROW_COUNT) FROM CONFUSION_MATRIX") == [(rows,)]
    assert applied.query("SELECT TEST_ROWS, PASSED FROM TRAINING_RUNS") == [(rows, True)]


def test_every_version_can_be_asked_in_sql(applied: Pipeline) -> None:
    ((answer,),) = applied.query(
        "SELECT MODEL(TRIAL_ELIGIBILITY, V1)!PREDICT(40::FLOAT, 18::FLOAT, 65::FLOAT, 0::FLOAT, 1::FLOAT, 1::FLOAT, 1::FLOAT,"
        " 'FEMALE', 'asthma')"
    )
    assert "1" in str(answer)


def test_the_model_answers_a_frame(applied: Pipeline) -> None:
    fitting = {"AGE": 40.0, "MIN_AGE": 18.0, "MAX_AGE": 65.0, "COMORBIDITIES": 0.0, "AGE_ALLOWED": 1.0, "SEX_ALLOWED": 1.0}
    rows = pd.DataFrame([fitting, {**fitting, "AGE": 80.0, "AGE_ALLOWED": 0.0}, {**fitting, "MAX_AGE": None}]).assign(
        CONDITION_MATCHES=1.0, SEX="FEMALE", CONDITION="asthma"
    )
    with applied.connect() as connection, Session.builder.configs({"connection": connection}).create() as session:
        version = Registry(session, database_name="MLOPS_DEV", schema_name="ML").get_model("TRIAL_ELIGIBILITY").version("V1")
        answers = version.run(rows, function_name="predict")["PREDICTION"]
        chances = version.run(rows, function_name="predict_proba")
    assert list(answers) == [1, 0, 1]
    assert (chances["PROBABILITY_OF_0"] + chances["PROBABILITY_OF_1"]).to_list() == pytest.approx([1, 1, 1])


def test_new_screenings_train_once_and_empty_the_stream(applied: Pipeline) -> None:
    applied.administrate(
        "INSERT INTO SCREENINGS SELECT 'NEW-1', PATIENT_ID, TRIAL_ID, SCREENED_AT, ELIGIBLE FROM SCREENINGS LIMIT 1"
    )
    assert applied.query("SELECT SYSTEM$STREAM_HAS_DATA('SCREENINGS_STREAM')") == [(True,)]
    applied.query("EXECUTE TASK RETRAIN_TRIAL_ELIGIBILITY")
    wait_for(applied, "SELECT COUNT(*) FROM TRAINING_RUNS", 2)
    assert applied.query("SELECT SYSTEM$STREAM_HAS_DATA('SCREENINGS_STREAM')") == [(False,)]
    assert applied.query("SELECT ACTION, ROW_COUNT FROM CONSUMED_CHANGES") == [("INSERT", 1)]
    assert applied.run("plan")[0] == 0


def test_the_monitor_measures(applied: Pipeline) -> None:
    applied.query("CALL MONITOR_MODEL('TRIAL_ELIGIBILITY_MONITOR')")
    measures = dict(applied.query("SELECT MEASURE, VALUE FROM MONITORING"))
    assert measures["PATIENTS"] == 600
    assert 0 < measures["ELIGIBLE_SHARE"] < 1


def test_the_agent_sees_no_rows_of_the_source(applied: Pipeline) -> None:
    """A procedure has a session of its own: it hands the tag on, and begins by asking where it is."""
    tagged = "FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000)) WHERE QUERY_TAG LIKE 'mlops run%'"
    inside = f"SESSION_ID IN (SELECT SESSION_ID {tagged} AND QUERY_TEXT LIKE 'SELECT CURRENT_DATABASE()%')"
    sizes = "SELECT COUNT(*), MAX(BYTES_WRITTEN_TO_RESULT), SUM(BYTES_WRITTEN_TO_RESULT)"
    ((statements, largest, total),) = applied.query(f"{sizes} {tagged} AND NOT {inside}")
    assert statements > 100
    assert largest < 10_000
    assert total < 200_000
    ((_, largest_inside, _),) = applied.query(f"{sizes} {tagged} AND {inside}")
    assert largest_inside > 100_000


def test_an_unknown_warehouse(pipeline: Pipeline) -> None:
    code, summary = pipeline.run("connect", SNOWFLAKE_WAREHOUSE="ABSENT_WH")
    assert code != 0
    assert "ABSENT_WH" in summary


def test_the_key_of_somebody_else(pipeline: Pipeline) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file = pipeline.folder / "other.p8"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    code, summary = pipeline.run("apply", "features", SNOWFLAKE_PRIVATE_KEY_FILE=str(file))
    assert code == 4
    assert "the public key registered for MLOPS_DEV_PIPELINE is another one" in summary


def wait_for(pipeline: Pipeline, query: str, value: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while pipeline.query(query) != [(value,)]:
        assert time.monotonic() < deadline, pipeline.query("SELECT * FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY())")
        time.sleep(0.5)


def test_status_tells_what_is_there(applied: Pipeline) -> None:
    code, summary = applied.run("status")
    assert code == 0
    assert "| task | RETRAIN_TRIAL_ELIGIBILITY |" in summary
    assert "| TRIAL_ELIGIBILITY | V1 | ROC_AUC | 0." in summary


def test_shuffled_labels_teach_nothing(applied: Pipeline) -> None:
    """Each label goes to another screening: who, which trial and when stay as they are."""
    applied.administrate(
        "CREATE TABLE SHUFFLED AS SELECT A.SCREENING_ID, A.PATIENT_ID, A.TRIAL_ID, A.SCREENED_AT, B.ELIGIBLE"
        " FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY SCREENING_ID) AS N FROM SCREENINGS) A"
        " JOIN (SELECT ELIGIBLE, ROW_NUMBER() OVER (ORDER BY MD5(SCREENING_ID)) AS N FROM SCREENINGS) B ON A.N = B.N",
        "INSERT OVERWRITE INTO SCREENINGS SELECT * FROM SHUFFLED",
    )
    code, summary = applied.run("run", "TRIAL_ELIGIBILITY")
    assert code == 7
    assert "ROC_AUC is 0." in summary
    ((value,),) = applied.query(
        "SELECT VALUE FROM METRICS WHERE METRIC = 'ROC_AUC' QUALIFY MODEL_VERSION = MAX(MODEL_VERSION) OVER ()"
    )
    assert value == pytest.approx(0.5, abs=0.05)
    assert applied.query("SELECT PASSED FROM TRAINING_RUNS ORDER BY FINISHED_AT DESC LIMIT 1") == [(False,)]
