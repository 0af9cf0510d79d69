"""The machine and the content of this repository against an account: the stages of the pipeline, in their order."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from snowflake.connector import DictCursor
from snowflake.connector.errors import ProgrammingError

from tests.clients.programs import installed
from tests.few_rows import FLIGHTS

from ..mlops.page_of import Reader
from .account_state import differences, read_account
from .conftest import ROOT, Pipeline


@pytest.fixture(scope="module")
def applied(pipeline: Pipeline) -> Pipeline:
    for family in ("features", "models", "tasks"):
        code, summary = pipeline.run("apply", family)
        assert code == 0, summary
    return pipeline


def test_nothing_is_there_at_first_and_everything_is_planned(pipeline: Pipeline) -> None:
    code, summary = pipeline.run("plan")
    assert code == 2
    assert "| train | model | TRIAL_ELIGIBILITY | not in the account |" in summary


def test_a_report_of_nothing_says_so(pipeline: Pipeline, tmp_path: Path) -> None:
    code, summary = pipeline.run("report", "--page", str(tmp_path / "deep" / "index.html"))
    assert code == 0, summary
    text = Reader((tmp_path / "deep" / "index.html").read_text()).text
    for said in ("There are no feature views yet.", "It was not trained yet.", "No gate was asked yet.", "not in the account"):
        assert said in text


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


def test_the_criteria_are_read_inside_the_account(applied: Pipeline) -> None:
    read = "SELECT FEATURE_STORE.READ_CRITERIA('Inclusion Criteria: women aged 18 to 65 years') AS C"
    ((lowest, highest, sex),) = applied.query(f"SELECT C:MIN_AGE::FLOAT, C:MAX_AGE::FLOAT, C:SEX::VARCHAR FROM ({read})")
    assert (lowest, highest, sex) == (18.0, 65.0, "FEMALE")


def test_every_version_can_be_asked_in_sql(applied: Pipeline) -> None:
    ((answer,),) = applied.query(
        "SELECT MODEL(TRIAL_ELIGIBILITY, V1)!PREDICT(40::FLOAT, 18::FLOAT, 65::FLOAT, 0::FLOAT, 1::FLOAT, 1::FLOAT, 1::FLOAT,"
        " 'FEMALE', 'asthma')"
    )
    assert "1" in str(answer)


def test_flights_are_foretold_from_earlier_ones_and_the_weather_before_them(applied: Pipeline) -> None:
    ((dataset, training, test),) = applied.query(
        "SELECT DATASET_VERSION, TRAINING_ROWS, TEST_ROWS FROM TRAINING_RUNS WHERE MODEL_NAME = 'AIRLINE_FLIGHT_DELAY_MODEL' AND PASSED"
    )
    assert (dataset, training + test) == ("V2", FLIGHTS)
    with applied.connect() as connection, connection.cursor(DictCursor) as cursor:
        versions = cursor.execute("SHOW VERSIONS IN DATASET US_FLIGHT_DELAYS").fetchall()
    assert [row["version"] for row in versions] == ["V1", "V2"]  # type: ignore[call-overload]
    ((later, rows),) = applied.query(
        "SELECT COUNT_IF(F.SCHEDULED_DEPARTURE_UTC >= P.FIRST), ANY_VALUE(P.N) FROM SOURCE.US_FLIGHT_SCHEDULES F CROSS JOIN "
        "(SELECT MIN(SCHEDULED_DEPARTURE_UTC) AS FIRST, COUNT(*) AS N FROM FLIGHT_DELAY_PREDICTIONS) P"
    )
    assert (later, rows) == (test, test)


UPCOMING = "SELECT * FROM SOURCE.US_FLIGHT_SCHEDULES WHERE AIRPORT_ZIP_CODE = ''33142''"


def test_many_flights_are_foretold_by_one_call(applied: Pipeline) -> None:
    with applied.connect() as connection, connection.cursor(DictCursor) as cursor:
        call = "CALL PREDICTION_TABLE_PROCEDURE('{}', 'AIRLINE_FLIGHT_DELAY_MODEL:{}', 'US_FLIGHT_DELAYS:{}')"
        rows = cursor.execute(call.format(UPCOMING, "V1:predict_proba", "V2")).fetchall()
        assert len(rows) == FLIGHTS / 18
        # The same as was said of them when the version was tested.
        held_out = cursor.execute("SELECT * FROM FLIGHT_DELAY_PREDICTIONS WHERE AIRPORT_ZIP_CODE = '33142'").fetchall()
        chances = {row["SCHEDULED_DEPARTURE_UTC"]: row["PROBABILITY_OF_1"] * 100 for row in rows}
        assert len(held_out) > 30
        for row in held_out:
            assert chances[row["SCHEDULED_DEPARTURE_UTC"]] == pytest.approx(row["MATCH_PERCENTAGE"], abs=0.006)
        for function, dataset, told in (
            ("V1:predict_proba", "V1", "needs RAIN_120_MIN, which neither the spine nor US_FLIGHT_DELAYS/V1 has"),
            ("V9:predict", "V2", "has no version V9"),
            (
                "V1:predict",
                "V3",
                "There is no dataset US_FLIGHT_DELAYS:V3; declared: US_FLIGHT_DELAYS:V1, US_FLIGHT_DELAYS:V2, TRIAL_SCREENINGS:any",
            ),
            ("V1", "V2", "This is told as model:version:function"),
        ):
            with pytest.raises(ProgrammingError, match=told):
                cursor.execute(call.format("SOURCE.US_FLIGHT_SCHEDULES", function, dataset))


def test_status_tells_what_is_there(applied: Pipeline) -> None:
    code, summary = applied.run("status")
    assert code == 0
    assert "| task | RETRAIN_TRIAL_ELIGIBILITY |" in summary
    assert "| TRIAL_ELIGIBILITY | V1 | ROC_AUC | 0." in summary


def snow(pipeline: Pipeline, folder: Path, *arguments: str) -> str:
    """Snowflake CLI in that folder, with a connection of the settings of the pipeline."""
    names = {name.removeprefix("SNOWFLAKE_").lower(): value for name, value in pipeline.environ.items()}
    settings = {**names, "authenticator": "SNOWFLAKE_JWT"}
    passphrase = settings.pop("private_key_passphrase")
    file = folder / "connections.toml"
    file.touch(0o600)
    file.write_text("[local]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items()))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SNOWFLAKE_")}
    environ = {**kept, "SNOWFLAKE_HOME": str(folder), "PRIVATE_KEY_PASSPHRASE": passphrase}
    done = subprocess.run(
        [str(installed() / "snow"), *arguments, "-c", "local"],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_snowflake_cli_deploys_the_same_procedure(applied: Pipeline, tmp_path: Path) -> None:
    asked = "CALL PREDICTION_TABLE_PROCEDURE('SOURCE.US_FLIGHT_SCHEDULES', 'AIRLINE_FLIGHT_DELAY_MODEL:DEFAULT:predict', 'US_FLIGHT_DELAYS:V2')"
    before = applied.query(asked)
    applied.query("DROP PROCEDURE PREDICTION_TABLE_PROCEDURE(VARCHAR, VARCHAR, VARCHAR)")
    for name in ("snowflake.yml", "requirements.txt"):
        shutil.copy(ROOT / "tasks" / name, tmp_path / name)
    assert applied.run("check", "--archive", str(tmp_path / "code.zip"))[0] == 0
    snow(applied, tmp_path, "snowpark", "build")
    snow(applied, tmp_path, "snowpark", "deploy")
    assert sorted(applied.query(asked)) == sorted(before)
    assert len(before) == FLIGHTS
