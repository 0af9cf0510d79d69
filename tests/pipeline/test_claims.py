"""Two that train one model at the same time, as when a killed command is started again while its procedure still runs."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from .stand import Stand

LOST = "Another run began to train TRIAL_ELIGIBILITY meanwhile, so this one stopped and recorded nothing: run again."


def versions(served: Stand) -> list[str]:
    return [row["name"] for row in served.pipeline.query("SHOW VERSIONS IN MODEL ML.TRIAL_ELIGIBILITY")]


def test_what_an_apply_asks_for_is_not_made_a_second_time(served: Stand) -> None:
    """The plan of this apply was made while the first one, whose client was gone, had not ended yet."""
    reason = served.pipeline.value("SELECT REASON FROM ML.TRAINING_RUNS WHERE MODEL_NAME = 'TRIAL_ELIGIBILITY'")
    answer = json.loads(served.pipeline.value(f"CALL ML.TRAIN_MODEL('TRIAL_ELIGIBILITY', '{reason}', '')"))
    assert answer["version"] == "V1"
    (run,) = served.pipeline.query("SELECT TRAINING_ROWS, TEST_ROWS FROM ML.TRAINING_RUNS WHERE MODEL_NAME = 'TRIAL_ELIGIBILITY'")
    assert (answer["training_rows"], answer["test_rows"]) == (run["TRAINING_ROWS"], run["TEST_ROWS"])
    assert 0.65 < answer["metrics"]["ROC_AUC"] < 0.95
    assert versions(served) == ["V1"]


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (
            "ALTER DATASET ML.TRIAL_SCREENINGS {} VERSION 'V2' FROM (SELECT 1 AS A)",
            "Version V2 of dataset MLOPS_DEV.ML.TRIAL_SCREENINGS, which run TRIAL_ELIGIBILITY_V2 is to make, is there",
        ),
        (
            "ALTER MODEL ML.TRIAL_ELIGIBILITY {} VERSION V2 FROM MODEL ML.TRIAL_ELIGIBILITY VERSION V1",
            "Version V2 of model TRIAL_ELIGIBILITY, which this run is to make, is there",
        ),
    ],
    ids=["dataset", "model"],
)
def test_what_somebody_else_has_made_under_the_next_name_stays_there(served: Stand, made: str, told: str) -> None:
    served.pipeline.query(made.format("ADD"))
    done = served.pipeline.machine("run", "TRIAL_ELIGIBILITY")
    assert (done.returncode, f"{told}, and somebody else has" in done.stderr) == (6, True), done.stderr
    assert served.pipeline.value("SELECT COUNT(*) FROM ML.TRAINING_CLAIMS") == 0
    # Refused unless it is there still.
    served.pipeline.query(made.partition(" FROM ")[0].format("DROP"))


def test_of_two_at_once_the_one_that_began_last_is_recorded(served: Stand) -> None:
    """Both find what a third one has left, which was killed when it had begun that very version."""
    served.pipeline.query("ALTER MODEL ML.TRIAL_ELIGIBILITY ADD VERSION V2 FROM MODEL ML.TRIAL_ELIGIBILITY VERSION V1")
    served.pipeline.query("INSERT INTO ML.TRAINING_CLAIMS VALUES ('TRIAL_ELIGIBILITY', 'killed', 'V2')")
    with ThreadPoolExecutor() as threads:
        done = list(threads.map(lambda _: served.pipeline.machine("run", "TRIAL_ELIGIBILITY"), range(2)))
    assert sorted(one.returncode for one in done) == [0, 6], done
    (told,) = [one.stderr for one in done if one.returncode]
    assert LOST in told
    assert versions(served) == ["V1", "V2"]
    rows = served.pipeline.query(
        "SELECT MODEL_VERSION, COUNT(*) AS N FROM ML.TRAINING_RUNS WHERE MODEL_NAME = 'TRIAL_ELIGIBILITY' GROUP BY 1 ORDER BY 1"
    )
    assert rows == [{"MODEL_VERSION": "V1", "N": 1}, {"MODEL_VERSION": "V2", "N": 1}]
    assert served.pipeline.value("SELECT COUNT(*) FROM ML.TRAINING_CLAIMS") == 0
    predictions = served.pipeline.query("SELECT COUNT(*) AS N FROM ML.PREDICTIONS GROUP BY MODEL_VERSION")
    assert len(predictions) == 2
    assert predictions[0] == predictions[1]
