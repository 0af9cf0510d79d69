"""What the templates become: the rules that every job keeps, and what each parameter changes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from .expanding import DEV, ROOT, consumer, expand, jobs_of, mistakes, steps_of

SHIPPED = {
    "azure-pipelines.yml": {},
    "pipelines/janitor.yml": {},
    "pipelines/pull-request.yml": {},
    "pipelines/release.yml": {},
    "pipelines/retrain.yml": {},
    "pipelines/rollback.yml": {"reason": "worse than before"},
}
PROD = {"name": "prod", "variableGroup": "snowflake-prod", "environment": "snowflake-prod", "branch": "main"}
TRIED = {**PROD, "integrationTests": ["integration"]}
ALWAYS, FAILED = "succeededOrFailed()", "failed()"
SOURCES = {
    "secureFile": {},
    "keyVault": {"secretSource": "keyVault", "serviceConnection": "azure", "keyVault": "vault"},
    "workloadIdentity": {"secretSource": "workloadIdentity", "serviceConnection": "azure"},
}


def names(tree: dict[str, Any]) -> list[str]:
    return [stage["stage"] for stage in tree["stages"]]


def command_of(job: dict[str, Any]) -> dict[str, Any]:
    return next(step for step in steps_of(job) if "VERB" in step.get("env", {}))


def test_every_pipeline_that_is_shipped_is_tried() -> None:
    assert {"azure-pipelines.yml", *(f"pipelines/{file.name}" for file in (ROOT / "pipelines").iterdir())} == set(SHIPPED)


@pytest.mark.parametrize(("file", "given"), SHIPPED.items(), ids=SHIPPED)
def test_every_job_ends_begins_clean_and_checks_out_without_credentials(file: str, given: dict[str, str]) -> None:
    for job in jobs_of(expand(ROOT / file, parameters=given)).values():
        assert 0 < job["timeoutInMinutes"] <= 60
        assert job["workspace"] == {"clean": "all"}
        first = steps_of(job)[0]
        assert (first["checkout"], first["fetchDepth"], first["persistCredentials"]) == ("self", 1, False)


@pytest.mark.parametrize(("file", "given"), SHIPPED.items(), ids=SHIPPED)
def test_no_step_goes_on_after_an_error_and_no_variable_is_pasted_into_a_script(file: str, given: dict[str, str]) -> None:
    steps = [step for job in jobs_of(expand(ROOT / file, parameters=given)).values() for step in steps_of(job)]
    scripts = [str(step.get("bash", step.get("script", ""))) for step in steps]
    assert any(scripts)
    assert not [script for script in scripts if "$(" in script]
    assert not [step for step in steps if "continueOnError" in step]
    lines = [script for script in scripts if len(script.strip().splitlines()) > 1]
    assert all(script.startswith("set -euo pipefail\n") for script in lines)


def test_what_a_person_types_reaches_scripts_by_env_alone() -> None:
    typed = {"reason": "'; rm -rf /", "version": "`rm -rf /`"}
    (job,) = jobs_of(expand(ROOT / "pipelines/rollback.yml", parameters=typed)).values()
    assert command_of(job)["env"]["REASON"] == typed["reason"]
    assert not [step for step in steps_of(job) if "rm -rf /" in str({**step, "env": {}})]


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({}, [("Connect", FAILED), ("BuildFeatures", FAILED), ("BuildModels", FAILED), ("CreateTasks", ALWAYS)]),
        ({"createTasks": False}, [("Connect", FAILED), ("BuildFeatures", FAILED), ("BuildModels", ALWAYS)]),
        ({"buildModels": False, "createTasks": False}, [("Connect", FAILED), ("BuildFeatures", ALWAYS)]),
        (dict.fromkeys(("buildFeatures", "buildModels", "createTasks"), False), [("Connect", ALWAYS)]),
        ({"environments": [TRIED]}, [(f"{name}_prod", ALWAYS) for name in ("Plan", "TestOnClone", "Deploy")]),
        (
            SOURCES["workloadIdentity"],
            [("Connect", FAILED), ("BuildFeatures", FAILED), ("BuildModels", FAILED), ("CreateTasks", ALWAYS)],
        ),
        ({"template": "plan.yml", "environments": [DEV, TRIED]}, [("Plan_dev", ALWAYS), ("TestOnClone_prod", ALWAYS)]),
        ({"template": "retrain.yml", "models": ["M"]}, [("Retrain", ALWAYS)]),
        ({"template": "rollback.yml", "model": "M", "reason": "worse"}, [("RollBack", ALWAYS)]),
        ({"template": "janitor.yml"}, [("Clean", ALWAYS)]),
    ],
    ids=["all", "models", "features", "nothing", "approved", "tokens", "plan", "retrain", "rollback", "janitor"],
)
def test_the_last_job_writes_the_page_or_else_the_one_that_fails(
    given: dict[str, Any], written: list[tuple[str, str]], tmp_path: Path
) -> None:
    jobs = jobs_of(expand(consumer(tmp_path, **{"environments": [DEV], **given}), branch="main"))
    found = {name: page_steps(job) for name, job in jobs.items() if page_steps(job)}
    assert [(name, {step["condition"] for step in steps}) for name, steps in found.items()] == [
        (name, {condition}) for name, condition in written
    ]
    for name, steps in found.items():
        assert steps[-1]["env"]["PAGE"] == "$(Agent.TempDirectory)/report/index.html"
        told = [step.get("displayName") for step in steps_of(jobs[name])]
        assert told.index("Write the page") < told.index("Publish the report")


def page_steps(job: dict[str, Any]) -> list[dict[str, Any]]:
    """From the download of what was reported to the page."""
    steps = steps_of(job)
    (last,) = [at for at, step in enumerate(steps) if step.get("env", {}).get("VERB") == "report"] or [-1]
    downloads = [at for at, step in enumerate(steps) if "results" in step.get("inputs", {}).get("targetPath", "")]
    first = (downloads or [0])[0]
    return steps[first : last + 1]


def test_a_pull_request_has_nothing_that_could_change_an_environment() -> None:
    tree = expand(ROOT / "pipelines/pull-request.yml", reason="PullRequest")
    commands = {
        name: [step["env"] for step in steps_of(job) if "VERB" in step.get("env", {})] for name, job in jobs_of(tree).items()
    }
    assert [env["VERB"] for env in commands["Plan_dev"]] == ["plan", "report"]
    tried = commands["TestOnClone_prod"]
    assert [env["VERB"] for env in tried] == ["clone", "apply", "test", "drop-clone", "janitor", "report"]
    assert {env["WHAT"] or env["CLONE"] for env in tried[:4]} == {"MLOPS_CLONE_$(Build.BuildId)"}
    assert not [env for found in commands.values() for env in found if "MLOPS_PRODUCTION" in env]
    assert [name for name, job in jobs_of(tree).items() if "deployment" in job] == ["TestOnClone_prod"]
    assert all("IsFork" in stage["condition"] for stage in tree["stages"][1:])


@pytest.mark.parametrize(("file", "given"), SHIPPED.items(), ids=SHIPPED)
def test_the_token_of_the_job_reaches_commands_of_deployments_that_ask_who_approved_alone(
    file: str, given: dict[str, str]
) -> None:
    jobs = jobs_of(expand(ROOT / file, parameters=given, branch="main"))
    found = {
        (name, step["env"]["VERB"]) for name, job in jobs.items() for step in steps_of(job) if "System.AccessToken" in str(step)
    }
    assert found == {
        (name, step["env"]["VERB"])
        for name, job in jobs.items()
        for step in steps_of(job)
        if "deployment" in job
        and step.get("env", {}).get("VERB") in ("apply", "retrain", "rollback")
        and not step["env"]["CLONE"]
    }
    assert file != "pipelines/release.yml" or found == {("Deploy_test", "apply"), ("Deploy_prod", "apply")}


def groups_of(tree: dict[str, Any]) -> dict[str, str]:
    """The variable group of each job."""
    return {name: entry["group"] for name, job in jobs_of(tree).items() for entry in job.get("variables", ()) if "group" in entry}


@pytest.mark.parametrize("file", ["pull-request", "release", "janitor"])
def test_only_what_is_deployed_has_the_key_of_production(file: str) -> None:
    groups = groups_of(expand(ROOT / f"pipelines/{file}.yml"))
    assert {name for name, group in groups.items() if group == "snowflake-prod"} <= {"Plan_prod", "Deploy_prod"}
    assert {name for name, group in groups.items() if group == "snowflake-prod-clones"} <= {"TestOnClone_prod", "Clean"}
    assert "snowflake-prod-clones" in groups.values()


def test_the_janitor_runs_by_itself_and_asks_nobody() -> None:
    tree = expand(ROOT / "pipelines/janitor.yml", reason="Schedule")
    assert (tree["trigger"], tree["pr"], [each["always"] for each in tree["schedules"]]) == ("none", "none", [True])
    (job,) = jobs_of(tree).values()
    assert "environment" not in job
    assert (command_of(job)["env"]["VERB"], "MLOPS_PRODUCTION" in command_of(job)["env"]) == ("janitor", False)


@pytest.mark.parametrize("template", ["plan.yml", "pipeline.yml"])
def test_clones_may_have_a_user_of_their_own(tmp_path: Path, template: str) -> None:
    own = {"variableGroup": "snowflake-prod-clones", "serviceConnection": "azure-clones", "keyVault": "vault-clones"}
    environment = {**PROD, "integrationTests": ["a"], "clones": own}
    tree = expand(consumer(tmp_path, template, environments=[environment], **SOURCES["keyVault"]), branch="main")
    (tried,) = [name for name in jobs_of(tree) if name.startswith("TestOnClone")]
    assert groups_of(tree).pop(tried) == "snowflake-prod-clones"
    assert set(groups_of(tree).values()) <= {"snowflake-prod", "snowflake-prod-clones"}
    for name, job in jobs_of(tree).items():
        fetched = [step["inputs"] for step in steps_of(job) if step.get("task", "").startswith("AzureKeyVault")]
        told = {(inputs["azureSubscription"], inputs["KeyVaultName"]) for inputs in fetched}
        assert told <= ({("azure-clones", "vault-clones")} if name == tried else {("azure", "vault")})


def test_what_is_deployed_is_tried_on_a_clone_that_is_dropped_whatever_happens(tmp_path: Path) -> None:
    tree = expand(
        consumer(tmp_path, environments=[{**PROD, "integrationTests": ["a", "b/test_c.py"]}], **SOURCES["workloadIdentity"]),
        branch="main",
    )
    assert names(tree) == ["Validate", "BuildRelease", "Plan_prod", "TestOnClone_prod", "Deploy_prod"]
    assert tree["stages"][-1]["dependsOn"] == ["BuildRelease", "Plan_prod", "TestOnClone_prod"]
    job = jobs_of(tree)["TestOnClone_prod"]
    assert "environment" not in job
    conditions = {step["env"]["VERB"]: step["condition"] for step in steps_of(job) if "VERB" in step.get("env", {})}
    assert {verb for verb, condition in conditions.items() if condition == "always()"} == {"drop-clone", "janitor"}
    tokens = [step["condition"] for step in steps_of(job) if step.get("task") == "AzureCLI@2"]
    assert tokens == list(conditions.values())
    (tests,) = [step["env"]["TESTS"] for step in steps_of(job) if step.get("env", {}).get("VERB") == "test"]
    assert tests == "$(Pipeline.Workspace)/s/a $(Pipeline.Workspace)/s/b/test_c.py"


@pytest.mark.parametrize(
    ("queue", "deployed"),
    [
        ({"branch": "main"}, True),
        ({"branch": "refs/heads/main"}, True),
        ({"branch": "feature/main"}, False),
        ({"branch": "refs/tags/main"}, False),
        ({"branch": "main", "reason": "PullRequest"}, False),
    ],
    ids=str,
)
def test_an_environment_is_there_for_its_branch_alone(tmp_path: Path, queue: dict[str, str], deployed: bool) -> None:
    tree = expand(consumer(tmp_path, environments=[PROD]), **queue)
    assert ("Deploy_prod" in names(tree)) is deployed
    assert ("snowflake-prod" in str(tree["stages"])) is deployed


def test_environments_follow_one_another_and_production_is_one_deployment(tmp_path: Path) -> None:
    tree = expand(consumer(tmp_path, environments=[DEV, PROD]), branch="main")
    families = ["Connect_dev", "BuildFeatures_dev", "BuildModels_dev", "CreateTasks_dev"]
    assert names(tree) == ["Validate", "BuildRelease", *families, "Plan_prod", "Deploy_prod"]
    assert "dependsOn" not in tree["stages"][2]
    job = jobs_of(tree)["Deploy_prod"]
    assert (job["deployment"], job["environment"]) == ("Deploy_prod", "snowflake-prod")
    assert {stage["lockBehavior"] for stage in tree["stages"][2:]} == {"sequential"}


@pytest.mark.parametrize(("off", "planned"), [({}, ["all"]), ({"buildModels": False}, ["features", "tasks"])], ids=str)
def test_what_is_deployed_with_approval_is_the_plan_that_was_shown(
    tmp_path: Path, off: dict[str, bool], planned: list[str]
) -> None:
    jobs = jobs_of(expand(consumer(tmp_path, environments=[PROD], **off), branch="main"))
    written = [step["env"]["OUT"] for step in steps_of(jobs["Plan_prod"]) if "OUT" in step.get("env", {})]
    read = [step["env"]["PLAN"] for step in steps_of(jobs["Deploy_prod"]) if step.get("env", {}).get("PLAN")]
    assert [file.rpartition("/")[2] for file in written] == [f"content-plan-{what}.plan.json" for what in planned]
    assert [file.rpartition("/")[2] for file in read] == [file.rpartition("/")[2] for file in written]
    assert {file.split("/")[1] for file in read} == {"report-Plan_prod.*"}
    assert "environment" not in jobs["Plan_prod"]


@pytest.mark.parametrize(
    ("off", "left", "waits_for"),
    [
        ("runTests", ["Connect", "BuildFeatures", "BuildModels", "CreateTasks"], ["Connect", "BuildFeatures", "BuildModels"]),
        ("buildFeatures", ["Validate", "Connect", "BuildModels", "CreateTasks"], ["Connect", "BuildModels"]),
        ("buildModels", ["Validate", "Connect", "BuildFeatures", "CreateTasks"], ["Connect", "BuildFeatures"]),
        ("createTasks", ["Validate", "Connect", "BuildFeatures", "BuildModels"], ["Connect", "BuildFeatures"]),
    ],
)
def test_stages_can_be_switched_off(tmp_path: Path, off: str, left: list[str], waits_for: list[str]) -> None:
    tree = expand(consumer(tmp_path, **{off: False}))
    assert names(tree) == left
    assert tree["stages"][-1]["dependsOn"] == waits_for


def test_sources_and_machine_lie_where_they_do_whoever_extends(tmp_path: Path) -> None:
    own = jobs_of(expand(ROOT / "azure-pipelines.yml"))
    other = jobs_of(expand(consumer(tmp_path)))
    paths = [
        [(step["checkout"], step["path"]) for step in steps_of(job) if "checkout" in step]
        for job in (own["Connect"], other["Connect"])
    ]
    assert paths == [[("self", "s")], [("self", "s"), ("mlops", "machine")]]
    assert command_of(own["Connect"])["workingDirectory"] == command_of(other["Connect"])["workingDirectory"]
    installed = [step["env"] for step in steps_of(other["Connect"]) if step.get("displayName") == "Install the machine"]
    assert installed == [{"MACHINE": "$(Pipeline.Workspace)/machine"}]


@pytest.mark.parametrize("source", SOURCES)
def test_each_source_of_secrets_ends_in_the_same_environment(tmp_path: Path, source: str) -> None:
    env = command_of(jobs_of(expand(consumer(tmp_path, **SOURCES[source])))["Connect"])["env"]
    usual = {"ACCOUNT", "USER", "WAREHOUSE", "ROLE", "DATABASE", "SCHEMA", "HOST", "PORT", "PROTOCOL", "AUTHENTICATOR"}
    secret = {"TOKEN_FILE_PATH"} if source == "workloadIdentity" else {"PRIVATE_KEY_FILE", "PRIVATE_KEY_PASSPHRASE"}
    assert {name.removeprefix("SNOWFLAKE_") for name in env if name.startswith("SNOWFLAKE_")} == usual | secret


def test_an_environment_may_have_a_connection_of_its_own(tmp_path: Path) -> None:
    environments = [{**DEV, "serviceConnection": "own"}, {**DEV, "name": "test"}]
    given = {"environments": environments, "secretSource": "workloadIdentity", "serviceConnection": "for all"}
    jobs = jobs_of(expand(consumer(tmp_path, **given)))
    used = [
        step["inputs"]["azureSubscription"]
        for name in ("Connect_dev", "Connect_test")
        for step in steps_of(jobs[name])
        if step.get("task") == "AzureCLI@2"
    ]
    assert used == ["own", "own", "for all", "for all"]


def test_a_key_from_a_vault_is_removed_whatever_happens(tmp_path: Path) -> None:
    steps = steps_of(jobs_of(expand(consumer(tmp_path, **SOURCES["keyVault"])))["Connect"])
    (removing,) = [step for step in steps if str(step.get("script", "")).startswith("rm ")]
    (writing,) = [step for step in steps if step.get("name") == "privateKey"]
    assert removing["condition"] == "always()"
    assert removing["env"]["KEY_FILE"] == writing["env"]["KEY_FILE"]


def test_use_cases_have_folders_of_their_own(tmp_path: Path) -> None:
    cases = [{"name": "churn", "content": "churn"}, {"name": "delay", "content": "flights/delay"}]
    jobs = jobs_of(expand(consumer(tmp_path, useCases=cases)))
    env = [step["env"] for step in steps_of(jobs["BuildModels"]) if "VERB" in step.get("env", {})]
    assert [each["CONTENT"] for each in env] == ["churn", "flights/delay"] * 2
    assert len({each["REPORT"] for each in env}) == 4
    assert [Path(each["PAGE"]).parent.name for each in env if each["PAGE"]] == ["churn", "delay"]


@pytest.mark.parametrize(
    ("template", "given", "sentence"),
    [
        ("retrain.yml", {"models": []}, "models is empty; name at least one model."),
        ("rollback.yml", {"model": "M", "reason": " "}, "reason is empty; say why"),
        ("rollback.yml", {"model": "M", "reason": "$(private_key_passphrase)"}, "version and reason are plain text"),
        ("rollback.yml", {"model": "M", "reason": "x", "version": "$(name)"}, "version and reason are plain text"),
        ("rollback.yml", {"model": "M"}, "A value for the 'reason' parameter must be provided"),
        ("plan.yml", {"environments": []}, "environments is empty"),
        ("janitor.yml", {"environments": []}, "environments is empty"),
    ],
    ids=str,
)
def test_wrong_use_of_the_other_templates(tmp_path: Path, template: str, given: dict[str, Any], sentence: str) -> None:
    assert sentence in mistakes(consumer(tmp_path, template, **given))


EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", (ROOT / "templates/README.md").read_text(), re.MULTILINE | re.DOTALL)


def test_the_example_of_the_readme_is_short_and_right(tmp_path: Path) -> None:
    pipeline, schedules = EXAMPLES
    assert len(pipeline.splitlines()) <= 30
    file = tmp_path / "azure-pipelines.yml"
    file.write_text(pipeline + schedules)
    tree = expand(file, name="YourProject/mlops", branch="main")
    assert names(tree)[-1] == "Deploy_prod"
    assert [each["cron"] for each in tree["schedules"]] == [each["cron"] for each in yaml.safe_load(schedules)["schedules"]]
