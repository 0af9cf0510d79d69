"""The model of the trials answers, with the features as they are, and what keeps it fresh is on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

FEATURES = """
    SELECT P.AGE, C.MIN_AGE, C.MAX_AGE, P.COMORBIDITIES::FLOAT AS COMORBIDITIES, 1::FLOAT AS AGE_ALLOWED, 1::FLOAT AS SEX_ALLOWED,
        1::FLOAT AS CONDITION_MATCHES, P.SEX, P.CONDITION
    FROM FEATURE_STORE.PATIENT_AGE$V1 P CROSS JOIN FEATURE_STORE.TRIAL_CRITERIA$V1 C
    ORDER BY P.PATIENT_ID, C.TRIAL_ID LIMIT 20
"""
NAMES = "AGE, MIN_AGE, MAX_AGE, COMORBIDITIES, AGE_ALLOWED, SEX_ALLOWED, CONDITION_MATCHES, SEX, CONDITION"

Ask = Callable[[str], list[dict[str, Any]]]


def test_ages_are_those_of_people(ask: Ask) -> None:
    (found,) = ask("SELECT COUNT(*) AS N, MIN(AGE) AS LEAST, MAX(AGE) AS MOST FROM FEATURE_STORE.PATIENT_AGE$V1")
    assert found["N"] > 0
    assert 0 <= found["LEAST"] <= found["MOST"] < 130


def test_no_limit_of_age_is_above_the_other(ask: Ask) -> None:
    assert ask("SELECT TRIAL_ID FROM FEATURE_STORE.TRIAL_CRITERIA$V1 WHERE MIN_AGE > MAX_AGE") == []


def test_the_model_answers_by_its_default_version(ask: Ask) -> None:
    answers = ask(f"SELECT ML.TRIAL_ELIGIBILITY!PREDICT({NAMES}) AS ANSWER FROM ({FEATURES})")
    assert answers
    assert {_prediction(row["ANSWER"]) for row in answers} <= {0, 1}


def _prediction(answer: Any) -> Any:
    """A method with a single output gives it as an OBJECT, and as a value of its own where the account can do that."""
    found = json.loads(answer) if isinstance(answer, str) else answer
    return found["PREDICTION"] if isinstance(found, dict) else found


def test_the_default_version_has_passed_its_gates(ask: Ask) -> None:
    (model,) = ask("SHOW MODELS LIKE 'TRIAL_ELIGIBILITY' IN SCHEMA ML")
    default = model["default_version_name"]
    runs = ask(f"SELECT PASSED FROM ML.TRAINING_RUNS WHERE MODEL_NAME = 'TRIAL_ELIGIBILITY' AND MODEL_VERSION = '{default}'")
    assert [run["PASSED"] for run in runs] == [True]


def test_every_task_is_started(ask: Ask) -> None:
    tasks = {row["name"]: row["state"] for row in ask("SHOW TASKS IN SCHEMA ML")}
    assert tasks
    assert set(tasks.values()) == {"started"}
