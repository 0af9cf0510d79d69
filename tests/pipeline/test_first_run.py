"""What `make pipeline` leaves: its record in out/, and an account that any client can look into."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain

import pytest
from snowflake.ml.feature_store import CreationMode, FeatureStore
from snowflake.ml.registry import Registry
from snowflake.snowpark import Session

from mlops_local.serve import serving

from .conftest import Run, copy_account
from .stand import Client

STAGES = ["Connect", "BuildFeatures", "BuildModels", "CreateTasks"]
WHEN_FAILED = ("Download what earlier stages reported", "Add what this one reported", "Write the page")
FEATURES = """
    SELECT P.AGE, C.MIN_AGE, C.MAX_AGE, P.COMORBIDITIES::FLOAT AS COMORBIDITIES, 1::FLOAT AS AGE_ALLOWED, 1::FLOAT AS SEX_ALLOWED,
        1::FLOAT AS CONDITION_MATCHES, P.SEX, P.CONDITION
    FROM FEATURE_STORE.PATIENT_AGE$V1 P JOIN FEATURE_STORE.TRIAL_CRITERIA$V1 C ON C.MIN_AGE IS NOT NULL
    ORDER BY P.PATIENT_ID, C.TRIAL_ID LIMIT 5
"""


@pytest.fixture(scope="module")
def client(first_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """As `python -m mlops_local serve` lets people in."""
    data = copy_account(first_run, tmp_path_factory.mktemp("looked-at"))
    with serving(data) as settings:
        yield Client(settings)


def test_it_succeeds_and_ends_with_a_table_of_stages_and_times(first_run: Run) -> None:
    assert first_run.exit_code == 0, first_run.terminal
    table = first_run.terminal.partition("Stage  ")[2]
    for stage in first_run.facts["stages"]:
        assert re.search(rf"{stage['displayName']} +Succeeded +\d+\.\d s", table), first_run.terminal


def test_the_record_names_every_stage_job_and_step_with_result_and_seconds(first_run: Run) -> None:
    facts = first_run.facts
    assert facts["account_data"] == str(first_run.account.resolve())
    assert [stage["name"] for stage in facts["stages"]] == STAGES
    jobs = [job for stage in facts["stages"] for job in stage["jobs"]]
    steps = [step for job in jobs for step in job["steps"]]
    assert len(steps) > 5 * len(jobs)
    when_failed = [step for job in jobs[1:3] for step in job["steps"] if step["displayName"] in WHEN_FAILED]
    for part in chain(facts["stages"], jobs, steps):
        assert part["name"]
        assert part["result"] == ("Skipped" if part in when_failed else "Succeeded")
        assert isinstance(part["seconds"], float)


def test_the_summary_shows_metrics_and_what_was_created(first_run: Run) -> None:
    summary = (first_run.out / "summary.md").read_text()
    for made in (
        "create | entity | PATIENT",
        "create | feature view | TRIAL_CRITERIA/V1",
        "train | model | TRIAL_ELIGIBILITY",
        "create | stream | SCREENINGS_STREAM",
    ):
        assert f"| {made} |" in summary
    for metric in ("ACCURACY", "ROC_AUC", "F1_SCORE"):
        assert re.search(rf"\| TRIAL_ELIGIBILITY \| {metric} \| 0\.\d+ \|", summary)
    assert "1 trials have no text of criteria: they get no limit of any kind." in summary


def test_features_are_seen_by_the_feature_store(client: Client) -> None:
    with client.connect() as connection, Session.builder.configs({"connection": connection}).create() as session:
        store = FeatureStore(session, "MLOPS_DEV", "FEATURE_STORE", "MLOPS_DEV_WH", creation_mode=CreationMode.FAIL_IF_NOT_EXIST)
        assert {row["NAME"] for row in store.list_entities().collect()} == {"PATIENT", "TRIAL", "AIRPORT_ZIP_CODE", "PLANE_MODEL"}
        views = store.list_feature_views().collect()
        assert {(row["NAME"], row["VERSION"]) for row in views} == {
            *(("PATIENT_AGE", "V1"), ("TRIAL_CRITERIA", "V1"), ("PLANE", "V1")),
            *(("AIRPORT_WEATHER", version) for version in ("V1", "V2", "V4")),
        }
        assert store.read_feature_view("PATIENT_AGE", "V1").count() == client.value("SELECT COUNT(*) FROM SOURCE.SCREENINGS")


def test_the_model_is_in_the_registry_and_predicts(client: Client) -> None:
    with client.connect() as connection, Session.builder.configs({"connection": connection}).create() as session:
        model = Registry(session, database_name="MLOPS_DEV", schema_name="ML").get_model("TRIAL_ELIGIBILITY")
        assert list(model.show_versions()["name"]) == ["V1"]
        version = model.default
        assert 0.65 < version.show_metrics()["ROC_AUC"] < 0.95
        rows = session.sql(FEATURES)
        answered = version.run(rows, function_name="predict").collect()
        assert {row["PREDICTION"] for row in answered} <= {0, 1}
        assert len(answered) == 5
        frame = version.run(rows.to_pandas(), function_name="predict_proba")
        assert (frame["PROBABILITY_OF_0"] + frame["PROBABILITY_OF_1"]).round(6).eq(1).all()
    names = "AGE, MIN_AGE, MAX_AGE, COMORBIDITIES, AGE_ALLOWED, SEX_ALLOWED, CONDITION_MATCHES, SEX, CONDITION"
    predicted = client.query(f"SELECT ML.TRIAL_ELIGIBILITY!PREDICT({names}) AS P FROM ({FEATURES})")
    assert [row["P"] for row in predicted] == [row["PREDICTION"] for row in answered]


def test_the_outputs_of_the_run_agree_with_each_other(client: Client) -> None:
    (run,) = client.query("SELECT * FROM ML.TRAINING_RUNS WHERE MODEL_NAME = 'TRIAL_ELIGIBILITY'")
    assert (run["RUN_ID"], run["MODEL_VERSION"], run["PASSED"]) == ("TRIAL_ELIGIBILITY_V1", "V1", True)
    assert re.fullmatch("[0-9a-f]{40}", run["COMMIT_ID"])
    (said,) = client.query(
        "SELECT COUNT(*) AS N, MIN(MATCH_PERCENTAGE) AS LOWEST, MAX(MATCH_PERCENTAGE) AS HIGHEST, "
        "AVG(IFF(IFF(PREDICTION = 1, TRUE, FALSE) = ELIGIBLE, 1, 0)) AS RIGHT FROM ML.PREDICTIONS"
    )
    assert said["N"] == run["TEST_ROWS"] > 500
    assert 0 <= said["LOWEST"] < said["HIGHEST"] <= 100
    of_run = f"WHERE RUN_ID = '{run['RUN_ID']}'"
    metrics = {row["METRIC"]: row["VALUE"] for row in client.query(f"SELECT METRIC, VALUE FROM ML.METRICS {of_run}")}
    assert metrics["ACCURACY"] == pytest.approx(float(said["RIGHT"]), abs=1e-5)
    counted = client.query(f"SELECT * FROM ML.CONFUSION_MATRIX {of_run}")
    cells = {(row["ACTUAL"], row["PREDICTED"]): row["ROW_COUNT"] for row in counted}
    assert sum(cells.values()) == said["N"]
    assert (cells[0, 0] + cells[1, 1]) / said["N"] == pytest.approx(metrics["ACCURACY"])
    report = {row["CLASS"]: row for row in client.query(f"SELECT * FROM ML.CLASSIFICATION_REPORT {of_run}")}
    assert report.keys() == {"0", "1", "macro avg", "weighted avg"}
    assert report["1"]["RECALL"] == pytest.approx(cells[1, 1] / (cells[1, 0] + cells[1, 1]))


def test_the_model_card_is_in_the_account_the_summary_and_the_artifact(first_run: Run, client: Client) -> None:
    stored = json.loads(client.value("SELECT CARD FROM ML.MODEL_CARDS WHERE MODEL_NAME = 'TRIAL_ELIGIBILITY'"))
    (written,) = first_run.out.rglob("report-BuildModels.1/cards/TRIAL_ELIGIBILITY-V1.json")
    assert json.loads(written.read_text()) == stored
    page = written.with_suffix(".md").read_text()
    assert all(f"| {package} |" in page for package in stored["lock"]["packages"])
    assert {"scikit-learn", "snowflake-ml-python"} <= {package.partition("==")[0] for package in stored["lock"]["packages"]}
    (run,) = client.query("SELECT * FROM ML.TRAINING_RUNS WHERE MODEL_NAME = 'TRIAL_ELIGIBILITY'")
    assert stored["code"]["commit"] == run["COMMIT_ID"]
    assert (stored["data"]["training_rows"], stored["data"]["test_rows"]) == (run["TRAINING_ROWS"], run["TEST_ROWS"])
    assert stored["metrics"] == {
        row["METRIC"]: row["VALUE"]
        for row in client.query(f"SELECT METRIC, VALUE FROM ML.METRICS WHERE RUN_ID = '{run['RUN_ID']}'")
    }
    summary = (first_run.out / "summary.md").read_text()
    assert f"| TRIAL_ELIGIBILITY | V1 | run | {stored['run']['id']}, {stored['run']['url']} |" in summary


def test_the_account_itself_tells_the_lineage_of_the_card(client: Client) -> None:
    card = json.loads(client.value("SELECT CARD FROM ML.MODEL_CARDS WHERE MODEL_NAME = 'TRIAL_ELIGIBILITY'"))
    name, _, version = card["upstream"][-1].partition("/")
    with client.connect() as connection, Session.builder.configs({"connection": connection}).create() as session:
        traced = session.lineage.trace(name, "DATASET", object_version=version, direction="upstream").collect()
    sources = [json.loads(row["SOURCE_OBJECT"]) for row in traced]
    assert {"$".join(filter(None, (one["name"], one.get("version")))) for one in sources} == set(card["upstream"][:-1])


def test_stream_and_tasks_stand_ready(client: Client) -> None:
    (stream,) = client.query("SHOW STREAMS IN SCHEMA ML")
    assert (stream["name"], stream["table_name"]) == ("SCREENINGS_STREAM", "MLOPS_DEV.SOURCE.SCREENINGS")
    assert client.value("SELECT SYSTEM$STREAM_HAS_DATA('ML.SCREENINGS_STREAM')") is False
    tasks = {row["name"]: row for row in client.query("SHOW TASKS IN SCHEMA ML")}
    assert {name: row["state"] for name, row in tasks.items()} == {
        "MONITOR_TRIAL_ELIGIBILITY": "started",
        "RETRAIN_TRIAL_ELIGIBILITY": "started",
    }
    assert {row["warehouse"] for row in tasks.values()} == {"MLOPS_DEV_WH"}
    assert tasks["MONITOR_TRIAL_ELIGIBILITY"]["schedule"] == "USING CRON 0 4 * * * UTC"
    assert "SCREENINGS_STREAM" in tasks["RETRAIN_TRIAL_ELIGIBILITY"]["condition"]
