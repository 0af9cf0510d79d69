"""Edits of the content become exactly the changes that a plan names, and moves of a default version are kept in the ledger."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector import DictCursor

from mlops.collect import collect
from mlops.definitions import has_object, key

from .conftest import Pipeline, copy_trials, edit

MODEL = "TRIAL_ELIGIBILITY"
# One edit each, and what it makes: the code of a procedure is the content, so it follows whatever is edited.
EDITS = (
    ("features/criteria/words.py", "Words that tell", "Words which tell", ("replace", "function", "READ_CRITERIA")),
    ("features/patient.py", "A person who", "Somebody who", ("change", "entity", "PATIENT")),
    ("features/patient.py", "/ 12 AS AGE", "/ 12.0 AS AGE", ("replace", "feature view", "PATIENT_AGE/V1")),
    ("features/trial.py", "read from the text", "as told by the text", ("replace", "feature view", "TRIAL_CRITERIA/V1")),
    ("models/trial_eligibility.py", '"BOOLEAN"),', '"BOOLEAN"), Column("NOTE", "VARCHAR"),', ("change", "table", "PREDICTIONS")),
    ("models/training.py", "Trains a model on", "Fits a model to", ("replace", "procedure", "TRAIN_MODEL")),
    ("models/trial_eligibility.py", '"n_estimators": 100', '"n_estimators": 60', ("train", "model", MODEL)),
    ("tasks/retrain.py", "that no training has seen", "that are new", ("change", "stream", "SCREENINGS_STREAM")),
    ("tasks/retrain.py", '"1 MINUTE"', '"2 MINUTE"', ("replace", "task", "RETRAIN_TRIAL_ELIGIBILITY")),
    ("tasks/monitor.py", "MONITOR_TRIAL_ELIGIBILITY = Task", "_ = dict", ("retire", "task", "MONITOR_TRIAL_ELIGIBILITY")),
)  # fmt: skip
EXPECTED = [*(change for *_, change in EDITS), ("replace", "procedure", "MONITOR_MODEL")]


@pytest.fixture(scope="module")
def applied(small: Pipeline) -> Pipeline:
    code, summary = small.run("apply", BUILD_SOURCEVERSION="first", BUILD_BUILDID="1", BUILD_REPOSITORY_NAME="ours")
    assert code == 0, summary
    return small


def ledger(pipeline: Pipeline, run: str) -> list[tuple[str, ...]]:
    return pipeline.query(f"SELECT ACTION, KIND, NAME FROM CHANGE_LEDGER WHERE RUN_ID = '{run}' ORDER BY CHANGED_AT")


# What completes each of the changes, as the account has it in its query history.
SENT = {
    *(("CREATE OR REPLACE", "FUNCTION", "READ_CRITERIA"), ("ALTER", "TAG", "SNOWML_FEATURE_STORE_ENTITY_PATIENT")),
    *(("ALTER", "VIEW", "PATIENT_AGE$V1"), ("ALTER", "VIEW", "TRIAL_CRITERIA$V1"), ("ALTER", "TABLE", "PREDICTIONS")),
    *(("CREATE OR REPLACE", "PROCEDURE", "TRAIN_MODEL"), ("CREATE OR REPLACE", "PROCEDURE", "MONITOR_MODEL")),
    *(("ALTER", "STREAM", "SCREENINGS_STREAM"), ("CREATE OR REPLACE", "TASK", "RETRAIN_TRIAL_ELIGIBILITY")),
    *(("DROP", "TASK", "MONITOR_TRIAL_ELIGIBILITY"), ("CALL", "PROCEDURE", "TRAIN_MODEL")),
}
CHANGES = re.compile(r"BEGIN\n(CREATE OR REPLACE|ALTER|DROP) (\w+) (?:IF EXISTS )?(?:\"[^\"]+\"\.){2}\"([^\"]+)\"")
CALLS = re.compile(r"(CALL) ()(?:\"[^\"]+\"\.){2}\"([^\"]+)\"")


def sent(pipeline: Pipeline, run: str) -> set[tuple[str, ...]]:
    """Each once, or it is not the set that is wanted."""
    history = "SELECT QUERY_TEXT FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000))"
    texts = [text for (text,) in pipeline.query(f"{history} WHERE QUERY_TAG = 'mlops run {run}'")]
    found = [match for text in texts if (match := CHANGES.match(text) or CALLS.match(text))]
    assert len(found) == len(SENT)
    return {(verb, kind or "PROCEDURE", name) for verb, kind, name in (match.groups() for match in found)}


def rows_of(section: str, summary: str) -> list[tuple[str, ...]]:
    table = summary.partition(f"### {section}\n")[2].partition("###")[0]
    return [tuple(cell.strip() for cell in line.split(" | ")) for line in re.findall(r"^\| (.*) \|$", table, re.MULTILINE)[2:]]


def test_every_object_has_its_row_in_the_ledger(applied: Pipeline) -> None:
    made = ledger(applied, "1")
    declared = [key(one.definition) for one in collect(applied.content).declared if has_object(one.definition)]
    assert sorted((kind, name) for _, kind, name in made) == sorted(declared)
    ((commit, who, properties),) = applied.query(
        "SELECT COMMIT_ID, CHANGED_BY, PROPERTIES FROM CHANGE_LEDGER WHERE NAME = 'PATIENT'"
    )
    assert (commit, who, json.loads(properties)["join_keys"]) == ("first", "MLOPS_DEV_PIPELINE", ["PATIENT_ID"])


def test_another_repository_retires_nothing(applied: Pipeline, tmp_path: Path) -> None:
    content = copy_trials(tmp_path)
    (content / "tasks" / "monitor.py").unlink()
    _, summary = applied.run("plan", content=content, BUILD_REPOSITORY_NAME="theirs")
    assert "retire" not in summary
    assert "made by repository ours; left as it is" in summary


def test_another_folder_of_the_repository_retires_nothing(applied: Pipeline, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    content = copy_trials(tmp_path / "other")
    (content / ".git").rmdir()
    (content / "tasks" / "monitor.py").unlink()
    _, summary = applied.run("plan", content=content, BUILD_REPOSITORY_NAME="ours")
    assert "retire" not in summary


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    content = copy_trials(tmp_path_factory.mktemp("edited"))
    for file, old, new, _ in EDITS:
        edit(content / file, old, new)
    return content


def test_ten_edits_are_ten_changes_and_nothing_after_them(applied: Pipeline, edited: Path, tmp_path: Path) -> None:
    told = {"content": edited, "BUILD_REPOSITORY_NAME": "ours", "BUILD_BUILDID": "2"}
    document = tmp_path / "plan.json"
    code, summary = applied.run("plan", "--format", "json", "--out", str(document), **told)  # type: ignore[arg-type]
    planned = json.loads(document.read_text())["changes"]
    assert code == 2
    assert sorted((one["action"], one["kind"], one["name"]) for one in planned) == sorted(EXPECTED)
    differing = {(name, what): (old, new) for _, name, what, old, new in rows_of("Properties", summary)}
    assert differing[MODEL, "estimator.parameters.n_estimators"] == ("100", "60")
    assert differing["PATIENT_AGE/V1", "query"][1].endswith("/ 12.0 AS AGE,")
    assert differing["RETRAIN_TRIAL_ELIGIBILITY", "schedule"] == ("1 MINUTE", "2 MINUTE")
    assert "is trained in full" in summary
    assert ("train model TRIAL_ELIGIBILITY", "this model before") in {
        (row[0], row[3]) for row in rows_of("Estimated cost, at most", summary)
    }
    nobody = {"BUILD_BUILDID": "refused", "ENVIRONMENT_NAME": "snowflake-dev"}
    code, summary = applied.run("apply", "--plan", str(document), **{**told, **nobody})  # type: ignore[arg-type]
    assert (code, "- **Failed:** Who approved cannot be told" in summary, ledger(applied, "refused")) == (7, True, [])
    code, summary = applied.run("apply", "--plan", str(document), **told)  # type: ignore[arg-type]
    assert code == 0, summary
    assert sorted(row for row in ledger(applied, "2") if row[0] != "train") == sorted(
        row for row in EXPECTED if row[0] != "train"
    )
    assert sent(applied, "2") == SENT
    assert applied.run("plan", **told)[0] == 0  # type: ignore[arg-type]
    assert applied.query("SHOW TASKS LIKE 'MONITOR%'") == []
    # Done already is no reason to refuse: an apply that was killed is started again with the same plan.
    assert applied.run("apply", "--plan", str(document), **told)[0] == 0  # type: ignore[arg-type]
    assert len(ledger(applied, "2")) == len(EXPECTED)


def test_an_apply_with_nothing_to_do_takes_few_statements(applied: Pipeline, edited: Path) -> None:
    told = {"content": edited, "BUILD_REPOSITORY_NAME": "ours", "BUILD_BUILDID": "idle"}
    assert applied.run("apply", **told)[0] == 0  # type: ignore[arg-type]
    ((count,),) = applied.query(
        "SELECT COUNT(*) FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 1000)) WHERE QUERY_TAG = 'mlops run idle'"
    )
    assert 10 < count <= 40


def crafted(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], str]:
    def text(plan: dict[str, Any]) -> str:
        change(plan)
        return json.dumps(plan)

    return text


@pytest.mark.parametrize(
    ("craft", "says"),
    [
        (crafted(lambda plan: plan["changes"].pop()), "is to be done now, and was not agreed to"),
        (crafted(lambda plan: plan["changes"][0].update(definition="0" * 16)), "was agreed to, but now definition"),
        (crafted(lambda plan: plan["changes"][0].update(before="0" * 16)), "was agreed to, but now definition"),
        (crafted(lambda plan: plan["changes"][0].update(action="retire", definition=None)), "was agreed to, but now definition"),
        (
            crafted(lambda plan: plan["changes"].append({**plan["changes"][0], "kind": "database", "name": "X"})),
            "is no plan",
        ),
        (crafted(lambda plan: plan["place"].update(database="MLOPS_PROD")), "MLOPS_PROD.ML, and this is"),
        (crafted(lambda plan: plan.update(form=9)), "is no plan"),
        (crafted(lambda plan: plan.update(families=["sources"])), "is no plan"),
        (lambda plan: "DROP DATABASE MLOPS_DEV", "is no plan"),
    ],
)
def test_a_plan_that_no_longer_fits_is_refused_and_nothing_is_done(
    applied: Pipeline, tmp_path: Path, craft: Callable[[dict[str, Any]], str], says: str
) -> None:
    file = tmp_path / "plan.json"
    content = copy_trials(tmp_path / "content")
    applied.run("plan", "features", "--format", "json", "--out", str(file), content=content)
    plan = json.loads(file.read_text())
    assert plan["changes"]
    file.write_text(craft(plan))
    before = applied.query("SELECT COUNT(*) FROM CHANGE_LEDGER")
    code, summary = applied.run("apply", "--plan", str(file), content=content)
    assert code == 8
    assert says in summary
    assert applied.query("SELECT COUNT(*) FROM CHANGE_LEDGER") == before


def default_version(pipeline: Pipeline) -> str:
    ((version,),) = pipeline.query(f"SELECT MAX_BY(TO_VERSION, CHANGED_AT) FROM CHANGE_LEDGER WHERE NAME = '{MODEL}'")
    with pipeline.connect() as connection, connection.cursor(DictCursor) as cursor:
        (row,) = cursor.execute(f"SHOW MODELS LIKE '{MODEL}'").fetchall()
    assert row["default_version_name"] == version
    return str(version)


def test_a_default_version_goes_back_and_forth_and_every_move_is_kept(applied: Pipeline, edited: Path) -> None:
    assert default_version(applied) == "V2"
    assert applied.run("rollback", MODEL, "--reason", "it's worse", content=edited, BUILD_BUILDID="3")[0] == 0
    assert default_version(applied) == "V1"
    assert applied.run("rollback", MODEL, content=edited)[0] == 0
    assert default_version(applied) == "V2"
    assert applied.run("rollback", MODEL, "--to", "V1", content=edited)[0] == 0
    assert applied.run("plan", content=edited, BUILD_REPOSITORY_NAME="ours")[0] == 0
    moves = "SELECT FROM_VERSION, TO_VERSION, REASON, CHANGED_BY FROM CHANGE_LEDGER WHERE ACTION = 'rollback' AND RUN_ID = '3'"
    assert applied.query(moves) == [("V2", "V1", "it's worse", "MLOPS_DEV_PIPELINE")]


@pytest.mark.parametrize(("margin", "code"), [("0.9", 7), ("-1.0", 0)])
def test_a_version_is_promoted_when_it_stands_up_to_the_one_in_use(
    applied: Pipeline, edited: Path, tmp_path: Path, margin: str, code: int
) -> None:
    content = copy_trials(tmp_path)
    edit(content / "models" / "trial_eligibility.py", "gates=(", f"champion=Champion('ACCURACY', {margin}, 10), gates=(")
    edit(content / "models" / "trial_eligibility.py", "import Column", "import Champion, Column")
    found, summary = applied.run("promote", MODEL, "V2", content=content)
    assert found == code, summary
    assert default_version(applied) == ("V2" if code == 0 else "V1")
    stored = "SELECT PASSED FROM GATE_RESULTS WHERE GATE = 'champion' AND MODEL_VERSION = 'V2' ORDER BY CHECKED_AT DESC LIMIT 1"
    assert applied.query(stored) == [(code == 0,)]


def test_a_score_leads_back_to_the_commit(applied: Pipeline, edited: Path, tmp_path: Path) -> None:
    ((patient, trial),) = applied.query(
        "SELECT PATIENT_ID, TRIAL_ID FROM PREDICTIONS WHERE RUN_ID = 'TRIAL_ELIGIBILITY_V1' LIMIT 1"
    )
    row = (f"PATIENT_ID={patient}", f"TRIAL_ID={trial}")
    answer = tmp_path / "lineage.json"
    code, summary = applied.run("lineage", f"{MODEL}/V1", *row, "--format", "json", "--out", str(answer), content=edited)
    assert code == 0, summary
    lineage = json.loads(answer.read_text())["lineage"]
    nodes = list(walk(lineage))
    found = {(kind, name): told for kind, name, told in nodes}
    assert lineage["kind"] == "score"
    assert "PREDICTION" in lineage["told"]
    assert ("training run", "TRIAL_ELIGIBILITY_V1") in found
    assert ("dataset version", "MLOPS_DEV.ML.TRIAL_SCREENINGS/V1") in found
    assert {name for kind, name in found if kind == "table"} == {
        f"MLOPS_DEV.SOURCE.{table}" for table in ("PATIENTS", "SCREENINGS", "CLINICAL_TRIALS")
    }
    assert found["commit", "first"] == "ours, refs/heads/main"
    assert "/Trials/_build/results?buildId=1, requested by Ada Lovelace" in found["pipeline run", "1"]
    # Back and forth: each move that made it the default version is told, and what has been edited since is a warning.
    moves = [(name, told.partition("UTC, ")[2]) for kind, name, told in nodes if kind == "made default by"]
    page = "https://dev.azure.com/fabrikam/Trials/_build/results?buildId"
    assert [name for name, _ in moves] == ["train", "rollback", "rollback"]
    assert moves[1:] == [
        ("rollback", f"run 3 {page}=3 approved by nobody: the run named no environment, Ada Lovelace: it's worse"),
        ("rollback", "by hand, MLOPS_DEV_PIPELINE: asked for"),
    ]
    assert "Feature view PATIENT_AGE/V1 is another one by now" in summary
    assert "is another one by now" not in applied.run("lineage", "TRIAL_ELIGIBILITY_V2", content=edited)[1]


def walk(node: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    yield node["kind"], node["name"], node["told"]
    for one in node["made_of"]:
        yield from walk(one)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("V9_RUN",), "No training is known of V9_RUN:"),
        ((f"{MODEL}/V9",), f"No training is known of {MODEL}/V9:"),
        (
            (MODEL, "PATIENT_ID=nobody", "TRIAL_ID=none"),
            "PREDICTIONS has no row of TRIAL_ELIGIBILITY PATIENT_ID=nobody TRIAL_ID=none:",
        ),
    ],
    ids=["run", "version", "row"],
)
def test_what_nobody_knows_has_no_lineage(applied: Pipeline, asked: tuple[str, ...], says: str) -> None:
    code, summary = applied.run("lineage", *asked)
    assert code == 6
    assert says in summary


def test_without_a_whole_card_there_is_no_new_version_and_no_promotion(applied: Pipeline, edited: Path) -> None:
    before = default_version(applied)
    told = {"content": edited, "BUILD_REPOSITORY_NAME": "ours", "BUILD_BUILDID": "9"}
    code, summary = applied.run("retrain", MODEL, **told, BUILD_REQUESTEDFOR="")  # type: ignore[arg-type]
    assert code == 7
    assert "- **Failed:** The model card of TRIAL_ELIGIBILITY V3 lacks run.requested_by: no version is kept" in summary
    assert applied.query("SELECT MODEL_VERSION FROM MODEL_CARDS ORDER BY 1") == [("V1",), ("V2",)]
    assert default_version(applied) == before
    told |= {"ENVIRONMENT_NAME": "snowflake-dev"}
    fault = "Who approved cannot be told, and no version is trained without it: the step has no access token;"
    code, summary = applied.run("retrain", MODEL, **told)  # type: ignore[arg-type]
    assert (code, f"- **Failed:** {fault}" in summary) == (7, True)
    code, summary = applied.run("rollback", MODEL, "--to", "V1", **told)  # type: ignore[arg-type]
    assert (code, f"- **Warning:** {fault}" in summary) == (0, True)
    applied.administrate("UPDATE ML.MODEL_CARDS SET CARD = REPLACE(CARD, 'Ada Lovelace') WHERE MODEL_VERSION = 'V2'")
    code, summary = applied.run("promote", MODEL, "V2", content=edited)
    assert code == 7
    assert "The model card of TRIAL_ELIGIBILITY V2 lacks run.requested_by:" in summary
    assert default_version(applied) == "V1"


@pytest.mark.parametrize("verb", [("rollback", MODEL, "--to", "V9"), ("promote", MODEL, "V9")])
def test_a_version_that_is_not_there_is_refused(applied: Pipeline, verb: tuple[str, ...]) -> None:
    code, summary = applied.run(*verb)
    assert code == 6
    assert "has no version V9; it has V1, V2." in summary


@pytest.mark.parametrize("verb", [("apply",), ("retrain", MODEL), ("promote", MODEL, "V1"), ("rollback", MODEL)])
def test_production_is_changed_by_an_explicit_word(applied: Pipeline, verb: tuple[str, ...]) -> None:
    applied.administrate("COMMENT ON DATABASE MLOPS_DEV IS 'Live [mlops environment=production]'")
    code, summary = applied.run(*verb)
    applied.administrate("COMMENT ON DATABASE MLOPS_DEV IS ''")
    assert code == 6
    assert "is production, and nothing is changed there by accident: say --production" in summary
