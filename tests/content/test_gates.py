"""A planted fault in the data is stopped by its own gate, before anything is trained, and what each gate said is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from snowflake.snowpark import Session

from mlops.collect import collect
from mlops.definitions import Quality
from mlops.gates import failures
from mlops.inside.quality import Expected, judge_rows, judge_schema
from mlops.session import open_session
from mlops.settings import read_settings

from .conftest import ROOT, Pipeline, copy_trials, edit

MODEL = "TRIAL_ELIGIBILITY"
CONTENT = collect(ROOT)
DECLARED = CONTENT.model(MODEL)
TRAINING_SET = replace(
    CONTENT.training_set(DECLARED), quality=Quality(ranges={"AGE": (0, 120)}, oldest_days=30, nulls={"SEX": 0.1})
)
NOW = datetime(2026, 3, 1)
# By the training before: 0 and 1 of what has no range of its own.
SEEN = {"least COMORBIDITIES": 0.0, "greatest COMORBIDITIES": 1.0}
COLUMNS = {
    "PATIENT_ID": "'P' || N",
    "TRIAL_ID": "'T'",
    "SCREENED_AT": "'2026-02-28'::TIMESTAMP_NTZ",
    "ELIGIBLE": "N % 2 = 0",
    "AGE": "N / 2",
    "MIN_AGE": "18::FLOAT",
    "MAX_AGE": "NULL::FLOAT",
    "COMORBIDITIES": "1",
    "SEX": "'F'",
    "CONDITION": "'ASTHMA'",
}


@pytest.fixture(scope="module")
def session(small: Pipeline) -> Iterator[Session]:
    # As the machine opens it: a session on a connection of ours binds values in another style, for every session after it.
    with open_session(read_settings(small.environ)) as found:
        yield found


def judged(session: Session, *, before: int | None = 100, **planted: str) -> tuple[str, ...]:
    columns = ", ".join(f"{text} AS {name}" for name, text in {**COLUMNS, **planted}.items() if text)
    frame = session.sql(
        f"SELECT {columns} FROM (SELECT ROW_NUMBER() OVER (ORDER BY SEQ4()) AS N FROM TABLE(GENERATOR(ROWCOUNT => 100)))"
    )
    schema = failures(judge_schema(frame, DECLARED, TRAINING_SET))
    return schema or failures(judge_rows(frame, DECLARED, TRAINING_SET, Expected(NOW, before, SEEN)))


@pytest.mark.parametrize(
    ("planted", "sentence"),
    [
        ({}, None),
        ({"AGE": ""}, "Column AGE of TRIAL_SCREENINGS is missing; a number is wanted."),
        ({"AGE": "'old'"}, "Column AGE of TRIAL_SCREENINGS is StringType; a number is wanted."),
        (
            {"ELIGIBLE": "IFF(N > 1, TRUE, NULL)"},
            "ELIGIBLE is missing in 1.0% of the rows of TRIAL_SCREENINGS; at most 0.0% is wanted.",
        ),
        ({"SEX": "IFF(N > 50, 'F', NULL)"}, "SEX is missing in 50.0% of the rows of TRIAL_SCREENINGS; at most 10.0% is wanted."),
        ({"AGE": "N + 30"}, "The greatest AGE of TRIAL_SCREENINGS is 130; <= 120 is wanted."),
        ({"AGE": "N - 9"}, "The least AGE of TRIAL_SCREENINGS is -8; >= 0 is wanted."),
        (
            {"COMORBIDITIES": "IFF(N = 1, 'NaN'::FLOAT, 1)"},
            "The greatest COMORBIDITIES of TRIAL_SCREENINGS is nan; <= 2 is wanted.",
        ),
        ({"MIN_AGE": "IFF(N = 1, '-inf'::FLOAT, 1)"}, "The least MIN_AGE of TRIAL_SCREENINGS is -inf; finite is wanted."),
        ({"COMORBIDITIES": "IFF(N = 1, -999, 1)"}, "The least COMORBIDITIES of TRIAL_SCREENINGS is -999; >= -1 is wanted."),
        (
            {"SCREENED_AT": "'2025-12-01'::TIMESTAMP_NTZ"},
            "The newest SCREENED_AT of TRIAL_SCREENINGS is 90 days old; from -1 to 30 is wanted.",
        ),
        (
            {"SCREENED_AT": "'2026-03-11'::TIMESTAMP_NTZ"},
            "The newest SCREENED_AT of TRIAL_SCREENINGS is -10 days old; from -1 to 30 is wanted.",
        ),
        (
            {"PATIENT_ID": "'P' || LEAST(N, 98)"},
            "2 rows of TRIAL_SCREENINGS have the same PATIENT_ID, TRIAL_ID, SCREENED_AT as another one; at most 0 are wanted.",
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_each_fault_is_named_by_one_gate(session: Session, planted: dict[str, str], sentence: str | None) -> None:
    found = judged(session, **planted)
    wanted = (sentence,) if sentence else ()
    # Missing values of MAX_AGE are what the plain rows have, too.
    assert tuple(one for one in found if not one.startswith("MAX_AGE")) == wanted


def test_far_more_or_fewer_rows_than_before_are_a_fault(session: Session) -> None:
    told = "TRIAL_SCREENINGS has 100 rows and had 400 the last time: a change of -75.0%; at most 50% is wanted."
    assert told in judged(session, before=400)
    assert not any("the last time" in one for one in judged(session, before=None))


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return copy_trials(tmp_path)


def test_bad_data_trains_nothing_and_good_data_everything(small: Pipeline, content: Path) -> None:
    assert small.run("apply", "features", content=content)[0] == 0
    small.administrate("INSERT INTO SCREENINGS SELECT * FROM SCREENINGS LIMIT 3")
    code, summary = small.run("apply", "models", content=content)
    assert code == 7
    told = "3 rows of TRIAL_SCREENINGS have the same PATIENT_ID, TRIAL_ID, SCREENED_AT as another one; at most 0 are wanted."
    assert f"- **Failed:** {told}" in summary
    assert small.query("SELECT SENTENCE FROM GATE_RESULTS WHERE NOT PASSED") == [(told,)]
    assert small.query("SHOW MODELS") == []
    assert small.query("SELECT COUNT(*) FROM TRAINING_RUNS UNION ALL SELECT COUNT(*) FROM TRAINING_CLAIMS") == [(0,), (0,)]
    # What the team makes of it stands in the content, and goes through the same gate.
    edit(content / "models" / "trial_eligibility.py", "quality=Quality(", "quality=Quality(duplicates=3, ")
    code, summary = small.run("apply", "models", content=content)
    assert code == 0, summary
    assert "| TRIAL_ELIGIBILITY | V1 | data | duplicate keys |" in summary
    stages = small.query("SELECT DISTINCT STAGE, GATE FROM GATE_RESULTS WHERE PASSED AND MODEL_VERSION = 'V1' ORDER BY 1, 2")
    assert [gate for stage, gate in stages if stage == "data"] == [
        *("duplicate keys", "freshness", "label leak", "nulls", "ranges", "schema")
    ]


def test_a_version_that_is_worse_than_the_one_in_use_does_not_take_its_place(small: Pipeline, content: Path) -> None:
    file = content / "models" / "trial_eligibility.py"
    edit(file, "import Column", "import Champion, Column, Slices")
    edit(file, "quality=Quality(", "quality=Quality(duplicates=3, ")
    edit(
        file,
        'gates=(Gate("ROC_AUC", 0.6)',
        'champion=Champion("ROC_AUC", 0.5, 10), slices=Slices(drop=0.0, minimum_rows=5), gates=(Gate("ROC_AUC", 0.999)',
    )
    code, summary = small.run("apply", content=content)
    assert code == 7
    # Each gate says its own sentence, and none hides another.
    assert "that of V1, the one in use," in summary
    assert re.search(r"\*\*Failed:\*\* ROC_AUC is 0\.\d+; >= 0.999 is wanted", summary)
    assert re.search(r"\*\*Failed:\*\* ACCURACY is 0\.\d+ on the \d+ rows with", summary)
    assert small.run("plan", "models", content=content)[0] == 2
    stored = small.query("SELECT DISTINCT GATE FROM GATE_RESULTS WHERE NOT PASSED AND MODEL_VERSION = 'V2' ORDER BY 1")
    assert stored == [("absolute",), ("champion",), ("slice",)]
    assert small.query("SELECT MODEL_VERSION, PASSED FROM TRAINING_RUNS ORDER BY 1") == [("V1", True), ("V2", False)]
    with small.connect() as connection:
        shown = connection.cursor().execute("SHOW MODELS")
        assert shown is not None
        assert "V1" in {str(cell) for cell in shown.fetchall()[0]}
