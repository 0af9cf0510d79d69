"""`python -m mlops_local expand` and `run`, as a person calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

Project = Any


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mlops_local", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_expand_prints_yaml(project: Project) -> None:
    project.root("parameters: [{name: who}]\nsteps:\n- script: ${{ parameters.who }} ${{ variables.mood }}\n")
    done = call(project.folder, "expand", "azure-pipelines.yml", "--set", "who=you", "--variable", "mood=glad")
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load(done.stdout)["stages"][0]["jobs"][0]["steps"] == [{"script": "you glad"}]


def test_expand_leaves_with_2_and_says_where(project: Project) -> None:
    project.root("steps:\n- scrpt: a\n- script: ${{ nosuch }}\n")
    done = call(project.folder, "expand", "azure-pipelines.yml")
    assert (done.returncode, done.stdout) == (2, "")
    places = [line.split(": ")[0] for line in done.stderr.splitlines()]
    assert places == ["azure-pipelines.yml:2:3", "azure-pipelines.yml:3:11"]


def test_run_leaves_with_0_1_and_2(project: Project) -> None:
    library = str(project.library)
    project.root("steps:\n- script: echo hello\n")
    done = call(project.folder, "run", "--library", library)
    assert done.returncode == 0, done.stderr
    assert "All" in done.stdout
    assert json.loads((project.folder / "out" / "run.json").read_text())["result"] == "Succeeded"
    project.root("steps:\n- script: exit 3\n")
    done = call(project.folder, "run", "--library", library)
    assert done.returncode == 1
    assert "exited with code '3'" in done.stdout
    project.root("steps:\n- task: NoSuch@1\nvariables:\n- group: none\n")
    done = call(project.folder, "run", "--library", library, "--out", "elsewhere")
    assert done.returncode == 2
    said = sorted(done.stderr.splitlines())
    assert said[0].startswith("azure-pipelines.yml:2:9: This agent does not know the task NoSuch@1")
    assert said[1].startswith("azure-pipelines.yml:4:3: The variable group 'none' does not exist")
    assert not (project.folder / "elsewhere").exists()


def test_run_takes_stages_reason_and_branch(project: Project) -> None:
    project.root("""
        stages:
        - {stage: A, jobs: [{job: J, steps: [{script: exit 1}]}]}
        - stage: B
          jobs: [{job: J, steps: [{script: "echo $BUILD_REASON $BUILD_SOURCEBRANCH $SYSTEM_PULLREQUEST_SOURCEBRANCH"}]}]
        """)
    done = call(
        project.folder, "run", "--library", "none", "--stage", "b", "--reason", "PullRequest", "--branch", "topic", "--verbose"
    )
    assert done.returncode == 0, done.stderr
    assert "PullRequest refs/pull/1/merge refs/heads/topic" in done.stdout
    assert "There is no stage 'C'" in call(project.folder, "run", "--library", "none", "--stage", "C").stderr


def test_run_says_why_azure_would_not_start_and_runs_nothing(project: Project) -> None:
    project.root("trigger:\n  batch: true\n  branches: [main]\n  paths: [src]\nsteps:\n- script: echo for $BUILD_REASON\n")
    push = ("run", "--library", "none", "--reason", "IndividualCI", "--branch", "main", "--verbose")
    done = call(project.folder, *push, "--changed", "docs/a.md")
    assert (done.returncode, done.stdout) == (
        0,
        "Azure would not start this pipeline.\n"
        "azure-pipelines.yml:4:10: 'docs/a.md' is not among the paths that start this pipeline: src.\n",
    )
    assert call(project.folder, *push, "--changed", "--if-not-started", "3").returncode == 3
    assert not (project.folder / "out").exists()
    done = call(project.folder, *push, "--changed", "docs/a.md", "src/b.py")
    assert done.returncode == 0, done.stderr
    assert "for BatchedCI" in done.stdout


def test_run_knows_the_target_of_a_pull_request_and_tags(project: Project) -> None:
    project.root(
        "pr: [releases/*]\ntrigger: {tags: [v*]}\nsteps:\n- script: echo $SYSTEM_PULLREQUEST_TARGETBRANCH $BUILD_SOURCEBRANCHNAME\n"
    )
    request = ("run", "--library", "none", "--verbose", "--reason", "PullRequest", "--branch", "topic")
    assert "The target branch 'main' is not among those" in call(project.folder, *request).stdout
    done = call(project.folder, *request, "--target-branch", "releases/1")
    assert "refs/heads/releases/1 merge" in done.stdout
    done = call(project.folder, "run", "--library", "none", "--verbose", "--reason", "IndividualCI", "--branch", "refs/tags/v1")
    assert " v1" in done.stdout, done.stdout
    assert "No schedule starts" in call(project.folder, "run", "--reason", "Schedule", "--at", "2026-01-31T03:00").stdout


def test_wrong_arguments_are_explained(project: Project) -> None:
    project.root("steps:\n- script: a\n")
    assert "takes NAME=VALUE" in call(project.folder, "expand", "azure-pipelines.yml", "--set", "x").stderr
    assert "there is no file absent.yml" in call(project.folder, "expand", "absent.yml").stderr
    assert "invalid" in call(project.folder, "run", "--at", "noon").stderr
    assert "There is no command 'ru'" in call(project.folder, "ru").stderr
