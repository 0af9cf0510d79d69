"""What is missing or wrong is said in one sentence, with an exit code, and leaves nothing half made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .account_state import differences, read_account
from .conftest import Pipeline, pipeline_on


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    with pipeline_on(tmp_path_factory.mktemp("small"), "--patients", "50", "--trials", "10", "--screenings", "200") as found:
        yield found


def state(pipeline: Pipeline) -> dict[str, Any]:
    with pipeline.connect() as connection:
        return read_account(connection)


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({"SNOWFLAKE_WAREHOUSE": "ABSENT_WH"}, 6, "The warehouse ABSENT_WH does not exist, or MLOPS_DEV_ROLE may not use it"),
        ({"SNOWFLAKE_DATABASE": "ABSENT_DB"}, 6, "The database ABSENT_DB does not exist, or MLOPS_DEV_ROLE may not use it"),
        ({"SNOWFLAKE_SCHEMA": "ABSENT"}, 6, "The schema MLOPS_DEV.ABSENT does not exist, or MLOPS_DEV_ROLE may not use it"),
        ({"SNOWFLAKE_ROLE": "ABSENT_ROLE"}, 4, "the role ABSENT_ROLE does not exist or is not granted to MLOPS_DEV_PIPELINE"),
        ({"SNOWFLAKE_USER": "NOBODY"}, 4, "Snowflake refused the login of NOBODY"),
    ],
)
@pytest.mark.parametrize("verb", ["connect", "plan"])
def test_a_place_or_a_person_that_does_not_exist(
    small: Pipeline, verb: str, changed: dict[str, str], code: int, said: str
) -> None:
    found, summary = small.run(verb, **changed)
    assert found == code, summary
    assert summary.count("**Failed:**") == 1
    assert said in summary


def test_a_source_table_that_is_absent_is_said_before_anything_is_made(small: Pipeline) -> None:
    before = state(small)
    small.administrate("ALTER TABLE SCREENINGS RENAME TO SCREENINGS_AWAY")
    try:
        for verb in (("connect",), ("apply", "features")):
            code, summary = small.run(*verb)
            assert code == 6
            assert "The table MLOPS_DEV.SOURCE.SCREENINGS does not exist, or may not be read: load the source first." in summary
    finally:
        small.administrate("ALTER TABLE SCREENINGS_AWAY RENAME TO SCREENINGS")
    assert differences(before, state(small)) == []


def test_a_trial_without_text_is_a_warning_and_has_no_limit(small: Pipeline) -> None:
    small.administrate(
        "UPDATE CLINICAL_TRIALS SET INCLUSION_CRITERIA = NULL WHERE TRIAL_ID = (SELECT MIN(TRIAL_ID) FROM CLINICAL_TRIALS)"
    )
    code, summary = small.run("apply", "features")
    assert code == 0
    assert "have no text of criteria: they get no limit of any kind." in summary
    ((trials, limits),) = small.query(
        "SELECT COUNT(*), COUNT(MIN_AGE) + COUNT(MAX_AGE) FROM FEATURE_STORE.TRIAL_CRITERIA$V1"
        " WHERE TRIAL_ID = (SELECT MIN(TRIAL_ID) FROM SOURCE.CLINICAL_TRIALS)"
    )
    assert trials > 0
    assert limits == 0


def test_an_empty_source_trains_nothing_and_leaves_nothing(small: Pipeline) -> None:
    assert small.run("apply", "features")[0] == 0
    small.administrate("CREATE TABLE KEPT AS SELECT * FROM SCREENINGS", "TRUNCATE TABLE SCREENINGS")
    code, summary = small.run("apply", "models")
    assert code == 6
    assert "Training set TRIAL_SCREENINGS is empty: there is no row to learn from in SOURCE.SCREENINGS." in summary
    found = state(small)
    assert found["MODELS"] == found["DATASETS"] == found["ML.TRAINING_RUNS"] == found["ML.PREDICTIONS"] == []
    small.administrate("INSERT INTO SCREENINGS SELECT * FROM KEPT", "DROP TABLE KEPT")


def test_gates_that_fail_are_told_and_the_version_is_not_the_default_one(small: Pipeline, tmp_path: Path) -> None:
    content = strict_content(tmp_path)
    assert small.run("apply", "features", "--content", str(content))[0] == 0
    code, summary = small.run("apply", "models", content=content)
    assert code == 7
    assert "ROC_AUC is 0." in summary
    assert small.query("SELECT PASSED FROM TRAINING_RUNS") == [(False,)]
    assert small.run("plan", "models", content=content)[0] == 2


def strict_content(folder: Path) -> Path:
    for family in ("features", "models", "tasks"):
        copy(Path(__file__).parents[2] / family, folder / family)
    file = folder / "models" / "trial_eligibility.py"
    file.write_text(file.read_text().replace('Gate("ROC_AUC", 0.6)', 'Gate("ROC_AUC", 0.999)'))
    return folder


def copy(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for file in source.rglob("*.py"):
        place = target / file.relative_to(source)
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(file.read_bytes())


def test_no_secret_is_told(small: Pipeline, capfd: pytest.CaptureFixture[str]) -> None:
    planted = "planted-passphrase-3141"
    code, summary = small.run("connect", SNOWFLAKE_PRIVATE_KEY_PASSPHRASE=planted)
    assert code == 4
    captured = capfd.readouterr()
    assert planted not in summary + captured.out + captured.err
