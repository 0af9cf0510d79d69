from __future__ import annotations

import ast
import csv
import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.criteria_text import Criteria, read_criteria, read_criteria_object
from tests.features.generated_phrases import Statement, lower_limits, ranges, texts_around, upper_limits

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
REAL = ROOT.parent / "shared" / "data"
# Ages in other units than years are rounded where a person wrote them down.
ROUNDING = 1e-4

PARTS = {
    "inclusion": "Inclusion Criteria:\n\n- {}\n- Life expectancy of at least 3 months\n\nExclusion Criteria:\n\n- Pregnancy",
    "exclusion": "Inclusion Criteria:\n\n- Asthma for at least 2 years\n\nExclusion Criteria:\n\n- {}\n- Pregnancy",
}


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _near(read: float | None, stated: object) -> bool:
    if read is None or stated is None:
        return read is stated
    return abs(read - float(str(stated))) < ROUNDING


@pytest.mark.parametrize("row", _lines(HERE / "phrases.jsonl"), ids=lambda row: row["phrase"][:50])
def test_a_phrase_states_its_limits(row: dict[str, object]) -> None:
    criteria = read_criteria(PARTS[str(row["part"])].format(row["phrase"]))
    assert (_near(criteria.min_age, row["min"]), _near(criteria.max_age, row["max"])) == (True, True), criteria


@pytest.mark.parametrize("row", _lines(HERE / "texts.jsonl"), ids=lambda row: row["text"][-50:])
def test_a_text_states_its_limits(row: dict[str, object]) -> None:
    criteria = read_criteria(str(row["text"]))
    assert (_near(criteria.min_age, row["min"]), _near(criteria.max_age, row["max"])) == (True, True), criteria


def test_all_limits_of_twenty_real_trials_are_read() -> None:
    if not REAL.exists():
        return
    with (REAL / "clinical_trials_ages.csv").open(encoding="utf-8") as file:
        stated = {row["nct_id"]: row for row in csv.DictReader(file)}
    with (REAL / "clinical_trials.csv").open(encoding="utf-8", newline="") as file:
        texts = {row["#nct_id"]: row["eligibility_criteria"] for row in csv.DictReader(file)}
    assert [trial for trial, row in stated.items() if not _is_exact(read_criteria(texts[trial]), row)] == []


def _is_exact(criteria: Criteria, row: dict[str, str]) -> bool:
    stated = [json.loads(row[name] or "null") for name in ("min_age", "min_inclusive", "max_age", "max_inclusive")]
    return [criteria.min_age, criteria.min_inclusive, criteria.max_age, criteria.max_inclusive] == stated


def test_sixty_more_real_trials_are_read() -> None:
    if not REAL.exists():
        return
    trials = _lines(REAL / "trials.jsonl")
    read = {str(trial["nct_id"]): (trial, read_criteria(str(trial["eligibility_criteria"]))) for trial in trials}
    wrong = [
        name
        for name, (trial, criteria) in read.items()
        if not (_near(criteria.min_age, trial["min_age_years"]) and _near(criteria.max_age, trial["max_age_years"]))
    ]
    assert len(wrong) <= 3, wrong


@given(st.data(), lower_limits() | upper_limits() | ranges())
def test_a_stated_limit_is_read_among_other_numbers(data: st.DataObject, statement: Statement) -> None:
    text = data.draw(texts_around(included=[statement.phrase], excluded=[]))
    _check(read_criteria(text), statement)


@given(st.data(), lower_limits(), upper_limits())
def test_what_is_excluded_is_the_other_side(data: st.DataObject, lower: Statement, upper: Statement) -> None:
    """Who is under 18 is excluded: 18 and over take part. Who is 65 or over is excluded: under 65."""
    turned = [upper] if upper.high is not None and lower.low is not None and upper.high > lower.low else [lower, upper]
    for statement in turned:
        text = data.draw(texts_around(included=["Written informed consent"], excluded=[statement.phrase]))
        _check(read_criteria(text), _turned(statement))


@given(st.data(), lower_limits() | upper_limits() | ranges(), lower_limits() | upper_limits())
def test_the_inclusion_part_goes_before_the_exclusion_part(data: st.DataObject, included: Statement, excluded: Statement) -> None:
    text = data.draw(texts_around(included=[included.phrase], excluded=[excluded.phrase]))
    criteria = read_criteria(text)
    if included.low is not None:
        assert criteria.min_age == pytest.approx(included.low)


@given(st.data())
def test_no_stated_limit_is_none(data: st.DataObject) -> None:
    criteria = read_criteria(data.draw(texts_around(included=[], excluded=[])))
    assert (criteria.min_age, criteria.max_age, criteria.min_inclusive, criteria.max_inclusive) == (None, None, None, None)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    criteria = read_criteria(text)
    assert json.loads(json.dumps(read_criteria_object(text)))["SEX"] == criteria.sex
    assert (criteria.min_age is None) == (criteria.min_inclusive is None)


def _check(criteria: Criteria, statement: Statement) -> None:
    stated = (statement.low, statement.high)
    assert (_near(criteria.min_age, stated[0]), _near(criteria.max_age, stated[1])) == (True, True), (criteria, statement)
    assert (criteria.min_inclusive, criteria.max_inclusive) == (statement.low_inclusive, statement.high_inclusive)


def _turned(statement: Statement) -> Statement:
    if statement.low is not None:
        return Statement(statement.phrase, high=statement.low, high_inclusive=not statement.low_inclusive)
    return Statement(statement.phrase, low=statement.high, low_inclusive=not statement.high_inclusive)


@pytest.mark.parametrize("text", [None, "", "   \n ", "Inclusion Criteria:\n\nExclusion Criteria:\n"])
def test_a_trial_without_text_has_no_limit(text: str | None) -> None:
    assert read_criteria(text) == Criteria()
    empty = {"MIN_AGE": None, "MAX_AGE": None, "MIN_INCLUSIVE": None, "MAX_INCLUSIVE": None, "SEX": "ALL", "CONDITION": None}
    assert read_criteria_object(text) == empty


@pytest.mark.parametrize(
    ("included", "sex"),
    [
        ("Women aged 18 to 45", "FEMALE"),
        ("Healthy male subjects, 18-55 years", "MALE"),
        ("Male or female, 18 years or older", "ALL"),
        ("Singleton pregnancy of 24 weeks", "FEMALE"),
        ("Adults with asthma", "ALL"),
        ("Women of childbearing potential must use contraception", "ALL"),
        ("Both sexes\n- Pregnant women are welcome", "ALL"),
    ],
)
def test_the_sex_is_read(included: str, sex: str) -> None:
    assert read_criteria(f"Inclusion Criteria:\n\n- {included}\n- BMI under 30").sex == sex


def test_an_excluded_sex_leaves_the_other() -> None:
    assert read_criteria("Inclusion Criteria:\n- Consent\nExclusion Criteria:\n- Male sex").sex == "FEMALE"


@pytest.mark.parametrize(
    ("included", "condition"),
    [
        ("Confirmed diagnosis of type 2 diabetes for at least 6 months", "type 2 diabetes"),
        ("Diagnosed with rheumatoid arthritis according to the ACR criteria", "rheumatoid arthritis"),
        ("Patients with heart failure, NYHA class II-IV", "heart failure"),
        ("Histologically confirmed prostate cancer", "prostate cancer"),
        ("Able to give informed consent", None),
    ],
)
def test_the_condition_is_read(included: str, condition: str | None) -> None:
    assert read_criteria(f"Inclusion Criteria:\n\n- Age 18 or older\n- {included}").condition == condition


def test_the_reader_needs_the_standard_library_alone() -> None:
    imported = {name.split(".")[0] for file in _sources() for name in _imports(file)}
    assert imported - {"features"} <= set(sys.stdlib_module_names)


def test_the_reader_runs_from_the_archive_that_snowflake_imports(tmp_path: Path) -> None:
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for file in (*_sources(), ROOT / "features" / "__init__.py"):
            target.write(file, file.relative_to(ROOT).as_posix())
    program = (
        f"import sys; sys.path.insert(0, {str(archive)!r})\n"
        "from features.criteria_text import read_criteria_object\n"
        "print(read_criteria_object('Aged 18 or over.')['MIN_AGE'])"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("18.0", "")


def test_the_reader_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(read_criteria_object))("Age < 65 years")["MAX_AGE"] == 65.0


def _sources() -> list[Path]:
    return [ROOT / "features" / "criteria_text.py", *sorted((ROOT / "features" / "criteria").glob("*.py"))]


def _imports(file: Path) -> list[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    plain = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    return plain + [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
