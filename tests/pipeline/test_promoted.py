"""Versions of a model that go from one account to another, and from one database to another: as they are, once, and with all that is known."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mlops.cli import main, run_file
from mlops.inside.place import Place
from mlops.inside.recording import next_number
from mlops.names import Schema
from mlops.session import open_session
from mlops.settings import read_settings
from mlops_local.account.account import Account
from tests.content.account_state import differences, read_account
from tests.content.conftest import no_other_sessions

from .conftest import Run, copy_account
from .stand import ROOT, Client, Stand, set_up, some_public_key, stand

MODEL = "TRIAL_ELIGIBILITY"
# What else was trained where it comes from stays there.
OF_MODEL = f"WHERE RUN_ID LIKE '{MODEL}%'"
RUNS = "RUN_ID, MODEL_VERSION, DEFINITION_HASH, COMMIT_ID, TRAINING_ROWS, PASSED, FINISHED_AT"
# A second version, recorded as a training records its own, in use and with a name of its own.
SECOND = (
    f"ALTER MODEL {MODEL} ADD VERSION V2 FROM MODEL {MODEL} VERSION V1",
    f"ALTER MODEL {MODEL} VERSION V1 SET ALIAS = STEADY",
    f"ALTER MODEL {MODEL} VERSION V2 SET ALIAS = BOLD",
    f"ALTER MODEL {MODEL} SET DEFAULT_VERSION = V2",
    f"INSERT INTO TRAINING_RUNS SELECT '{MODEL}_V2', MODEL_NAME, 'V2', DATASET_NAME, DATASET_VERSION, DEFINITION_HASH, COMMIT_ID, REASON, "
    "TRAINING_ROWS, TEST_ROWS, PASSED, STARTED_AT, DATEADD('minute', 1, FINISHED_AT) FROM TRAINING_RUNS " + OF_MODEL,
    f"INSERT INTO METRICS SELECT '{MODEL}_V2', 'V2', METRIC, VALUE FROM METRICS {OF_MODEL}",
    f"INSERT INTO MODEL_CARDS SELECT '{MODEL}_V2', MODEL_NAME, 'V2', REPLACE(CARD, '\"V1\"', '\"V2\"'), CREATED_AT FROM MODEL_CARDS "
    + OF_MODEL,
)
ANSWER = f"SELECT ML.{MODEL}!PREDICT_PROBA(40.0, 18.0, 65.0, N::FLOAT, 1.0, 1.0, 1.0, 'F', 'asthma') AS P FROM (SELECT 1 AS N UNION ALL SELECT 3)"


def run(settings: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Exit code and summary of a command."""
    with tempfile.TemporaryDirectory() as folder, no_other_sessions():
        code = main([*arguments, "--content", str(ROOT), "--summary", f"{folder}/told.md"], settings)
        return code, Path(folder, "told.md").read_text()


@pytest.fixture(scope="module")
def source(first_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with stand(copy_account(first_run, tmp_path_factory.mktemp("source"))) as found:
        for statement in SECOND:
            found.pipeline.query(statement)
        yield found


@pytest.fixture(scope="module")
def target(source: Stand, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """An account of its own, in which nothing was ever applied, with the source tables of the other one, empty."""
    folder = tmp_path_factory.mktemp("target") / "account"
    tables = [row["name"] for row in source.admin.query("SHOW TABLES IN SCHEMA MLOPS_DEV.SOURCE")]
    with Account.open(folder) as account, account.system_session() as session:
        set_up(account, "account.sql", public_key=some_public_key())
        session.run("USE SCHEMA MLOPS_DEV.SOURCE")
        for table in tables:
            session.run(str(source.admin.value(f"SELECT GET_DDL('TABLE', 'MLOPS_DEV.SOURCE.{table}')")))
    with stand(folder) as found:
        yield found


def promote(source: Stand, target: Stand, folder: Path) -> subprocess.CompletedProcess[str]:
    """As a person does it: the other account is a connection of connections.toml."""
    names = {name.removeprefix("SNOWFLAKE_").lower(): value for name, value in source.pipeline.settings.items()}
    file = folder / "connections.toml"
    file.write_text("[source]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in names.items()))
    file.chmod(0o600)
    words = ("promote", MODEL, "--connection", "source", "--reason", "good in test")
    return target.pipeline.machine(*words, SNOWFLAKE_HOME=str(folder))


@pytest.fixture(scope="module")
def promoted(source: Stand, target: Stand, tmp_path_factory: pytest.TempPathFactory) -> Stand:
    done = promote(source, target, tmp_path_factory.mktemp("first"))
    assert done.returncode == 0, done.stderr
    return target


def shown(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in ("name", "aliases", "comment", "metadata", "functions", "size")) for row in rows]


def test_versions_arrive_as_they_are_with_metrics_aliases_and_default(source: Stand, promoted: Stand) -> None:
    ask = promoted.pipeline.query
    versions = f"SHOW VERSIONS IN MODEL ML.{MODEL}"
    assert shown(ask(versions)) == shown(source.pipeline.query(versions))
    assert "BOLD" in str(shown(ask(versions)))
    columns = ("name", "default_version_name", "versions", "aliases", "comment")
    models = f"SHOW MODELS LIKE '{MODEL}' IN SCHEMA ML"
    (one,), (other,) = ask(models), source.pipeline.query(models)
    assert [one[column] for column in columns] == [other[column] for column in columns]
    assert len(ask(ANSWER)) == 2
    metrics = f"SELECT RUN_ID, METRIC, VALUE FROM ML.METRICS {OF_MODEL} ORDER BY 1, 2"
    assert ask(metrics) == source.pipeline.query(metrics)


def test_where_they_come_from_is_known(source: Stand, promoted: Stand) -> None:
    runs = f"SELECT {RUNS} FROM ML.TRAINING_RUNS {OF_MODEL} ORDER BY RUN_ID"
    assert promoted.pipeline.query(runs) == source.pipeline.query(runs)
    (dataset,) = {row["DATASET_NAME"] for row in promoted.pipeline.query("SELECT DATASET_NAME FROM ML.TRAINING_RUNS")}
    assert dataset.startswith("EMBEDDED.MLOPS_DEV.ML.")
    ledger = promoted.pipeline.query(
        "SELECT ACTION, FROM_VERSION, TO_VERSION, REASON FROM ML.CHANGE_LEDGER WHERE KIND = 'model' ORDER BY CHANGED_AT"
    )
    told = "from MLOPS_DEV of account EMBEDDED: good in test"
    assert [tuple(row.values()) for row in ledger] == [
        ("copy", None, "V1", f"version V1 {told}"),
        ("copy", "V1", "V1", f"version V2 {told}"),
        ("promote", "V1", "V2", "good in test"),
    ]
    gates = f"SELECT STAGE, GATE, SUBJECT, PASSED FROM ML.GATE_RESULTS {OF_MODEL} ORDER BY 1, 2, 3"
    assert promoted.pipeline.query(gates) == source.pipeline.query(gates)


def test_cards_come_along_and_lead_back_to_where_a_version_was_trained(source: Stand, promoted: Stand) -> None:
    cards = f"SELECT RUN_ID, MODEL_VERSION, CARD FROM ML.MODEL_CARDS {OF_MODEL} ORDER BY RUN_ID"
    assert promoted.pipeline.query(cards) == source.pipeline.query(cards)
    code, told = run(promoted.pipeline.settings, "lineage", MODEL)
    assert code == 0, told
    assert "UTC, in EMBEDDED.MLOPS_DEV.ML, " in told
    assert "made default by | promote |" in told
    # What lies in the other account is not looked for in this one.
    assert "Warning" not in told


def test_a_second_promotion_changes_nothing(source: Stand, promoted: Stand, tmp_path: Path) -> None:
    with promoted.pipeline.connect() as connection:
        before = read_account(connection)
        done = promote(source, promoted, tmp_path)
        assert done.returncode == 0, done.stderr
        assert "the default version already" in done.stdout
        assert differences(before, read_account(connection)) == []


def test_there_is_nothing_left_to_train(promoted: Stand) -> None:
    """What else is declared was never applied there."""
    _, told = run(promoted.pipeline.settings, "plan")
    assert f"| none | model | {MODEL} |" in told, told
    assert f"| train | model | {MODEL} |" not in told


# Of the other database, and how it is undone: what speaks against taking that version from there.
OBJECTIONS = {
    "SELECT 1": ("SELECT 1", "V3", 6, "Model TRIAL_ELIGIBILITY has no version V3 in MLOPS_DEV of account EMBEDDED."),
    "UPDATE TRAINING_RUNS SET PASSED = FALSE": (
        "UPDATE TRAINING_RUNS SET PASSED = TRUE",
        "V2",
        7,
        "Version V2 failed its gates in",
    ),
    "UPDATE METRICS SET VALUE = VALUE / 4": ("UPDATE METRICS SET VALUE = VALUE * 4", "V2", 7, "ROC_AUC is 0.2"),
    "UPDATE MODEL_CARDS SET CARD = REPLACE(CARD, 'champion', 'rival')": (
        "UPDATE MODEL_CARDS SET CARD = REPLACE(CARD, 'rival', 'champion')",
        "V2",
        7,
        "The model card of TRIAL_ELIGIBILITY V2 lacks champion:",
    ),
    f"UPDATE TRAINING_RUNS SET MODEL_NAME = 'X' {OF_MODEL}": (
        f"UPDATE TRAINING_RUNS SET MODEL_NAME = '{MODEL}' {OF_MODEL}",
        "V2",
        6,
        "what it is worth",
    ),
}


@pytest.fixture(scope="module")
def beside(source: Stand) -> Callable[..., tuple[int, str]]:
    """Commands in a second database of the account that the versions are in."""
    set_up(source.account, "account.sql", database="MLOPS_OTHER", public_key=some_public_key())
    return partial(run, {**source.pipeline.settings, "SNOWFLAKE_DATABASE": "MLOPS_OTHER"})


@pytest.mark.parametrize("wrong", OBJECTIONS)
def test_what_speaks_against_it_is_said_before_anything_is_changed(
    source: Stand, beside: Callable[..., tuple[int, str]], wrong: str
) -> None:
    undo, version, code, sentence = OBJECTIONS[wrong]
    source.pipeline.query(wrong)
    answer, told = beside("promote", MODEL, version, "--from", "MLOPS_DEV")
    source.pipeline.query(undo)
    assert (answer, sentence in told) == (code, True), told
    assert source.pipeline.query("SHOW MODELS IN SCHEMA MLOPS_OTHER.ML") == []


def test_what_somebody_has_added_under_that_name_is_not_taken_for_it(
    source: Stand, beside: Callable[..., tuple[int, str]]
) -> None:
    source.pipeline.query(f"CREATE MODEL MLOPS_OTHER.ML.{MODEL} WITH VERSION V2 FROM MODEL MLOPS_DEV.ML.{MODEL} VERSION V1")
    source.pipeline.query(f"ALTER MODEL MLOPS_OTHER.ML.{MODEL} MODIFY VERSION V2 SET COMMENT = ''")
    code, told = beside("promote", MODEL, "V2", "--from", "MLOPS_DEV")
    source.pipeline.query(f"DROP MODEL MLOPS_OTHER.ML.{MODEL}")
    assert (code, "Version V2 is there already, and nobody knows from where." in told) == (6, True), told


FLIGHTS = "AIRLINE_FLIGHT_DELAY_MODEL"
SCORED = (
    "CALL {}.ML.PREDICTION_TABLE_PROCEDURE('SOURCE.US_FLIGHT_SCHEDULES', '"
    + FLIGHTS
    + ":DEFAULT:predict_proba', 'US_FLIGHT_DELAYS:V2')"
)
# What scores flights, without anything that trains.
SCORING = ("features/airport_weather.py", "features/plane.py", "tasks/predict.py")


def test_a_promoted_version_scores_the_rows_of_where_it_has_come_to(
    source: Stand, beside: Callable[..., tuple[int, str]]
) -> None:
    other = {**source.pipeline.settings, "SNOWFLAKE_DATABASE": "MLOPS_OTHER"}
    with source.account.system_session() as session:
        for table in ("US_FLIGHT_SCHEDULES", "AIRPORT_WEATHER_STATION", "PLANE_MODEL_ATTRIBUTES"):
            session.run(f"CREATE TABLE MLOPS_OTHER.SOURCE.{table} CLONE MLOPS_DEV.SOURCE.{table}")
        session.run("DELETE FROM MLOPS_OTHER.SOURCE.US_FLIGHT_SCHEDULES WHERE AIRPORT_ZIP_CODE <> '33142'")
    with no_other_sessions():
        assert [run_file(str(ROOT / file), [], other) for file in SCORING] == [0, 0, 0]
    code, told = beside("promote", FLIGHTS, "--from", "MLOPS_DEV")
    assert code == 0, told
    here, there = (
        Client({**other, "SNOWFLAKE_DATABASE": name}).query(SCORED.format(name)) for name in ("MLOPS_OTHER", "MLOPS_DEV")
    )
    assert 100 < len(here) < len(there)
    assert [row for row in here if row not in there] == []
    # What trains can come later, to what the promotion has made.
    with no_other_sessions():
        assert run_file(str(ROOT / "models" / "training.py"), [], other) == 0
    code, told = beside("lineage", FLIGHTS)
    assert (code, "Warning" in told) == (0, False), told
    assert "dataset version | MLOPS_DEV.ML.US_FLIGHT_DELAYS/V2 |" in told
    # What was said of other rows has stayed with them.
    keys = ("AIRPORT_ZIP_CODE=33142", "PLANE_MODEL=A", "SCHEDULED_DEPARTURE_UTC=2025-01-01")
    code, told = beside("lineage", FLIGHTS, *keys)
    assert (code, "there is no table FLIGHT_DELAY_PREDICTIONS" in told) == (6, True), told


def test_one_version_goes_from_database_to_database_and_numbers_go_on_behind_it(
    source: Stand, beside: Callable[..., tuple[int, str]]
) -> None:
    assert beside("promote", MODEL, "V2", "--from", "MLOPS_DEV")[0] == 0
    (model,) = source.pipeline.query(f"SHOW MODELS LIKE '{MODEL}' IN SCHEMA MLOPS_OTHER.ML")
    assert (model["versions"], model["default_version_name"]) == ('["V2"]', "V2")
    assert "already" in beside("promote", MODEL, "V2", "--from", "MLOPS_DEV")[1]
    with no_other_sessions(), open_session(read_settings(source.pipeline.settings)) as session:
        place = Place(session, Schema("MLOPS_OTHER", "ML"), Schema("MLOPS_OTHER", "FEATURE_STORE"), "MLOPS_DEV_WH")
        assert next_number(place, MODEL) == 3
    source.pipeline.query("UPDATE MLOPS_OTHER.ML.TRAINING_RUNS SET COMMIT_ID = 'other'")
    code, told = beside("promote", MODEL, "V2", "--from", "MLOPS_DEV")
    assert (code, "Version V2 is there already, and another run has trained it." in told) == (6, True)
