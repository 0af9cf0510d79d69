"""The pipelines of `pipelines/`, run against one account with three environments, and what they leave in it."""

from __future__ import annotations

import getpass
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlops.labels import TAGS
from mlops_local.agent.approvals import Given
from mlops_local.agent.console import PlainProgress
from mlops_local.agent.load import Queue
from mlops_local.agent.repositories import LocalRepository
from mlops_local.agent.run import RunOptions, RunResult, run_pipeline
from mlops_local.environments import environments_of
from mlops_local.stage_set import StageSet, embedded
from tests.few_rows import FEW_FLIGHTS
from tests.mlops.page_of import Reader
from tests.templates.expanding import ROOT, consumer

GROUPS = ("snowflake-credentials", "snowflake-test", "snowflake-prod")


@dataclass(frozen=True)
class Place:
    """An account with its library; each pipeline leaves a folder of its own."""

    stage: StageSet
    folder: Path

    def run(self, file: Path, *, approve: str = "", **queue: Any) -> RunResult:
        answers = Given.of([approve] if approve else [], [], [])
        out = self.folder / f"out-{file.stem}-{len(list(self.folder.iterdir()))}"
        return run_pipeline(RunOptions(Queue(file, **queue), self.stage.library, out, answers=answers), PlainProgress())

    def ask(self, statement: str) -> list[dict[str, Any]]:
        with self.stage.account.system_session() as session:
            answer = session.run(statement)
        rows = zip(*(column.to_pylist() for column in answer.table.columns), strict=True)
        return [dict(zip((column.name for column in answer.columns), row, strict=True)) for row in rows]

    def count(self, source: str) -> int:
        return int(self.ask(f"SELECT COUNT(*) AS N FROM {source}")[0]["N"])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("shipped")
    with embedded(
        ROOT, folder / "account", fresh=True, environments=environments_of(GROUPS), sample_options=FEW_FLIGHTS
    ) as stage:
        yield Place(stage, folder)


@pytest.fixture(scope="module")
def release(place: Place) -> RunResult:
    return place.run(ROOT / "pipelines/release.yml", approve="snowflake-prod", parameters={"runTests": "false"})


def results(run: RunResult) -> dict[str, str]:
    return {stage.name: stage.result for stage in run.stages}


def logged(run: RunResult) -> str:
    return "".join(file.read_text() for file in sorted((run.out / "logs").rglob("*.log")))


def summary(run: RunResult) -> str:
    return (run.out / "summary.md").read_text()


def page(run: RunResult, stage: str) -> Reader:
    """What the job of that stage has published."""
    return Reader((run.out / "artifacts" / f"report-{stage}.1" / "index.html").read_text())


def actions(run: RunResult) -> set[str]:
    plan = summary(run).partition("### Plan\n")[2].partition("###")[0]
    return {line.split(" | ")[0].removeprefix("| ") for line in plan.splitlines() if line.startswith("| ")} - {"action", "---"}


def test_a_release_goes_through_each_environment(release: RunResult) -> None:
    stages = ("BuildRelease", "Plan_test", "Deploy_test", "Plan_prod", "TestOnClone_prod", "Deploy_prod")
    assert results(release) == dict.fromkeys(stages, "Succeeded"), logged(release)
    checks = {stage["name"]: json.dumps(stage.get("checks", [])) for stage in release.facts["stages"]}
    assert "approval" in checks["Deploy_prod"]
    assert "approval" not in checks["Deploy_test"]


@pytest.mark.usefixtures("release")
def test_cards_name_who_approved(place: Place) -> None:
    assert approvers(place, "MLOPS_TEST") == {"nobody: environment snowflake-test asks for no approval"}
    (told,) = approvers(place, "MLOPS_PROD")
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"
    assert re.fullmatch(rf"{re.escape(getpass.getuser())} with the command, {moment}, for snowflake-prod", told)


def approvers(place: Place, database: str) -> set[str]:
    """Of the versions that the release has trained there."""
    cards = place.ask(f"SELECT CARD FROM {database}.ML.MODEL_CARDS WHERE MODEL_VERSION = 'V1'")
    return {json.loads(row["CARD"])["run"]["approved_by"] for row in cards}


@pytest.mark.parametrize(
    ("stage", "headline"),
    [
        ("Plan_prod", " changes would be made: "),
        ("TestOnClone_prod", "Tried on a clone: "),
        ("Deploy_prod", " changes made, the account is as declared"),
    ],
)
def test_whoever_approves_a_release_has_a_page_of_each_step(release: RunResult, stage: str, headline: str) -> None:
    shown = page(release, stage)
    assert headline in shown.headings[1]
    assert {"TRIAL_ELIGIBILITY V1", "AIRLINE_FLIGHT_DELAY_MODEL V1"} <= {
        one.removesuffix(" in use") for one in shown.headings
    } or stage == "Plan_prod"
    assert shown.rows("Estimated cost, at most")[-1]["change"] == "all of it"


def test_what_is_deployed_was_built_once(release: RunResult) -> None:
    artifact = release.out / "artifacts" / "release"
    assert len(list((artifact / "machine").glob("mlops-*.whl"))) == 1
    pinned = (artifact / "requirements.txt").read_text().splitlines()
    assert all("==" in line for line in pinned)
    assert not [line for line in pinned if line.startswith("mlops")]
    assert {path.name for path in (artifact / "content").iterdir()} == {"features", "models", "tasks"}


@pytest.mark.usefixtures("release")
@pytest.mark.parametrize("database", ["MLOPS_TEST", "MLOPS_PROD"])
def test_each_environment_has_its_own_model(place: Place, database: str) -> None:
    assert place.count(f"{database}.ML.TRAINING_RUNS WHERE PASSED AND MODEL_NAME = 'TRIAL_ELIGIBILITY'") == 1


@pytest.mark.usefixtures("release")
def test_a_pull_request_shows_its_plan_is_tried_on_a_clone_and_changes_nothing(place: Place) -> None:
    before = place.count("MLOPS_PROD.ML.CHANGE_LEDGER")
    run = place.run(ROOT / "pipelines/pull-request.yml", reason="PullRequest", parameters={"runTests": "false"})
    assert results(run) == {"Plan_dev": "Succeeded", "TestOnClone_prod": "Succeeded"}, logged(run)
    assert actions(run) == {"create", "train"}, summary(run)
    assert place.count("MLOPS_DEV.INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA IN ('ML', 'FEATURE_STORE')") == 0
    assert (place.count("MLOPS_PROD.ML.CHANGE_LEDGER"), clones(place)) == (before, [])
    tested = next(iter(run.out.rglob("TEST-content-test-*.xml"))).read_text()
    assert "test_the_model_answers_by_its_default_version" in tested
    assert " changes would be made: " in page(run, "Plan_dev").headings[1]
    tests = page(run, "TestOnClone_prod").rows("Tests that ran in the clone, and in no other database")
    assert {"test_the_model_answers_by_its_default_version"} <= {row["test"] for row in tests if row["result"] == "passed"}


def clones(place: Place) -> list[str]:
    return [row["name"] for row in place.ask("SHOW DATABASES LIKE 'MLOPS_CLONE_%'")]


@pytest.fixture
def other_repository(tmp_path: Path) -> Path:
    """A repository that holds nothing but content, the same as here."""
    for family in ("features", "models", "tasks"):
        shutil.copytree(ROOT / family, tmp_path / family, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    return tmp_path


def run_elsewhere(place: Place, folder: Path, template: str, **parameters: Any) -> RunResult:
    environments = [{"name": "test", "variableGroup": "snowflake-test"}]
    given = {"runTests": False, "environments": environments, "serviceConnection": "mlops-test", **parameters}
    run = place.run(
        consumer(folder, template, **given), repositories=(LocalRepository("Project/mlops", "refs/tags/v0.1.0", ROOT),)
    )
    assert not [form for form in ("BEGIN ENCRYPTED", "eyJ") if form in logged(run)]
    return run


@pytest.mark.usefixtures("release")
def test_the_same_content_planned_from_elsewhere_with_a_vaults_key_has_nothing_to_do(
    place: Place, other_repository: Path
) -> None:
    run = run_elsewhere(place, other_repository, "plan.yml", secretSource="keyVault", keyVault="mlops-test")
    assert results(run) == {"Plan": "Succeeded"}, logged(run)
    # What another repository has made is recorded once more, in its own name.
    assert actions(run) <= {"none", "record"}, summary(run)


@pytest.mark.usefixtures("release")
def test_a_failing_integration_test_stops_the_release_and_leaves_no_clone(place: Place, other_repository: Path) -> None:
    (other_repository / "integration").mkdir()
    (other_repository / "integration/test_planted.py").write_text("def test_planted():\n    assert False, 'planted'\n")
    before = place.count("MLOPS_PROD.ML.CHANGE_LEDGER")
    prod = {
        "name": "prod",
        "variableGroup": "snowflake-prod",
        "environment": "snowflake-prod",
        "integrationTests": ["integration"],
        "clones": {
            "variableGroup": "snowflake-prod-clones",
            "keyVault": "mlops-prod-clones",
            "serviceConnection": "mlops-prod-clones",
        },
    }
    key = {"secretSource": "keyVault", "keyVault": "mlops-prod", "serviceConnection": "mlops-prod"}
    run = run_elsewhere(place, other_repository, "pipeline.yml", environments=[prod], **key)
    stages = {"BuildRelease": "Succeeded", "Plan_prod": "Succeeded", "TestOnClone_prod": "Failed", "Deploy_prod": "Skipped"}
    assert results(run) == stages, logged(run)
    steps = [(step["name"], step["result"]) for stage in run.facts["stages"] for job in stage["jobs"] for step in job["steps"]]
    assert {("Test the clone", "Failed"), ("Drop the clone", "Succeeded")} <= set(steps)
    assert "Integration test test_planted failed: AssertionError: planted" in summary(run)
    shown = page(run, "TestOnClone_prod")
    assert "TestOnClone_prod failed: 1 of 1 integration test" in shown.headings[1]
    assert shown.text.index("Integration test test_planted failed: AssertionError") < shown.text.index("Stages and times")
    assert (place.count("MLOPS_PROD.ML.CHANGE_LEDGER"), clones(place)) == (before, [])


def test_the_janitor_drops_what_a_killed_run_has_left_of_this_repository(place: Place) -> None:
    """One whose time is over, one whose time is not, and another repository's."""
    left = {"OVER": (ROOT.name, "2020-01-01"), "LATER": (ROOT.name, "2999-01-01"), "OTHERS": ("other", "2020-01-01")}
    for name, (owner, day) in left.items():
        database = f"MLOPS_CLONE_{name}"
        values = zip(TAGS, ("MLOPS_PROD", owner, f"{database} 1", f"{day}T00:00:00"), strict=True)
        tags = ", ".join(f"MLOPS_PROD.ML.{tag} = '{value}'" for tag, value in values)
        place.ask(f"CREATE DATABASE {database} WITH TAG ({tags})")
        place.ask(f"GRANT OWNERSHIP ON DATABASE {database} TO ROLE MLOPS_PROD_ROLE_CLONES")
    run = place.run(ROOT / "pipelines/janitor.yml", reason="Schedule")
    assert results(run) == {"Clean": "Succeeded"}, logged(run)
    assert "| MLOPS_CLONE_OVER | MLOPS_PROD |" in summary(run)
    assert clones(place) == ["MLOPS_CLONE_LATER", "MLOPS_CLONE_OTHERS"]
    for name in clones(place):
        place.ask(f"DROP DATABASE {name}")


def test_hooks_run_beside_a_workload_identity_and_set_nothing(place: Place, other_repository: Path) -> None:
    before = {"bash": 'echo "##vso[task.setvariable variable=user]SOMEBODY"; ls features', "displayName": "Look around"}
    after = {"script": "echo the user is $(user)", "displayName": "Say who"}
    off = dict.fromkeys(("buildFeatures", "buildModels", "createTasks"), False)
    run = run_elsewhere(
        place, other_repository, "pipeline.yml", secretSource="workloadIdentity", preSteps=[before], postSteps=[after], **off
    )
    assert results(run) == {"Connect": "Succeeded"}, logged(run)
    assert "the user is MLOPS_TEST_PIPELINE" in logged(run)
    assert "patient.py" in logged(run)
    assert re.search(r"\| user \| MLOPS_TEST_PIPELINE", summary(run))


@pytest.fixture(scope="module")
def retrained(place: Place, release: RunResult) -> RunResult:
    assert release.exit_code == 0
    return place.run(ROOT / "pipelines/retrain.yml", reason="Schedule")


def default_version(place: Place) -> Any:
    (model,) = place.ask("SHOW MODELS LIKE 'TRIAL_ELIGIBILITY' IN SCHEMA MLOPS_PROD.ML")
    return model["default_version_name"]


def test_retraining_adds_a_version_in_production_alone(place: Place, retrained: RunResult) -> None:
    assert results(retrained) == {"Retrain": "Succeeded"}, logged(retrained)
    assert [
        place.count(f"{database}.ML.TRAINING_RUNS WHERE PASSED AND MODEL_NAME = 'TRIAL_ELIGIBILITY'")
        for database in ("MLOPS_TEST", "MLOPS_PROD")
    ] == [1, 2]
    shown = page(retrained, "Retrain")
    assert "TRIAL_ELIGIBILITY: version V2 from " in shown.headings[1]
    assert "Challenger against champion: ROC_AUC of version V2 is " in shown.text
    assert {"TRIAL_ELIGIBILITY, version V2", "TRIAL_ELIGIBILITY V2"} <= {
        heading.removesuffix(" in use") for heading in shown.headings
    }
    assert "AIRLINE" not in " ".join(shown.headings)


@pytest.mark.usefixtures("retrained")
def test_rolling_back_is_audited(place: Place) -> None:
    before = default_version(place)
    other = "V1" if before == "V2" else "V2"
    typed = {"reason": "worse for 'the old'; see mail", "version": other}
    run = place.run(ROOT / "pipelines/rollback.yml", approve="snowflake-prod", parameters=typed)
    assert results(run) == {"RollBack": "Succeeded"}, logged(run)
    assert default_version(place) == other
    (written,) = place.ask("SELECT * FROM MLOPS_PROD.ML.CHANGE_LEDGER WHERE ACTION = 'rollback'")
    assert (written["FROM_VERSION"], written["TO_VERSION"], written["REASON"]) == (before, other, typed["reason"])
    assert (written["CHANGED_BY"], written["RUN_ID"].isdigit()) == ("MLOPS_PROD_PIPELINE", True)
    (told,) = place.ask(f"SELECT APPROVED_BY FROM MLOPS_PROD.ML.PIPELINE_RUNS WHERE RUN_ID = '{written['RUN_ID']}'")
    assert told["APPROVED_BY"].startswith(f"{getpass.getuser()} with the command, ")
    shown = page(run, "RollBack")
    assert told["APPROVED_BY"] in shown.text
    assert f"TRIAL_ELIGIBILITY {other} is in use, in place of {before}" in shown.headings[1]
    (moved,) = shown.rows("Versions that came into use in this run")
    assert (moved["from"], moved["to"], moved["user"], moved["why"]) == (before, other, "MLOPS_PROD_PIPELINE", typed["reason"])


def test_without_an_approval_production_is_left_alone(place: Place) -> None:
    run = place.run(ROOT / "pipelines/rollback.yml", parameters={"reason": "no one is asked"})
    assert run.exit_code == 1
    assert results(run) == {"RollBack": "Skipped"}
