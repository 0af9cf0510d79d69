"""Environments and what stands before them: approvals, branches, templates, locks between runs, stages that start by hand."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mlops_local.agent.approvals import Answer, Given
from mlops_local.agent.errors import WrongPipeline
from mlops_local.agent.run_locks import RunLocks, Wait, _ticket
from mlops_local.agent.terminal import Terminal

Project = Any

PIPELINE = """
    stages:
    - stage: Build
      jobs: [{job: J, steps: [{checkout: none}]}]
    - stage: Ship
      variables: {where: prod}
      jobs:
      - deployment: D
        environment: $(where).space
        strategy: {runOnce: {deploy: {steps: [{script: echo shipped, name: ship}]}}}
    - stage: After
      jobs: [{job: J, steps: [{checkout: none}]}]
    """
APPROVAL = "approval: {approvers: [Release managers], instructions: Read the plan.}\n"


class Person:
    """Answers as it was told to, and remembers the questions."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.questions: list[str] = []

    def ask(self, question: str, until: float | None, canceled: Callable[[], bool]) -> Answer:
        self.questions.append(question)
        return self.answer


def checks(ran: Any) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads((ran.result.out / "run.json").read_text())["stages"][1]["checks"]
    return found


@pytest.mark.parametrize(
    ("answer", "ship", "verdict", "decision"),
    [
        (Answer.YES, "Succeeded", "Succeeded", "approved"),
        (Answer.NO, "Failed", "Failed", "rejected"),
        (Answer.LATE, "Skipped", "Succeeded", "timed out"),
        (Answer.NOBODY, "Skipped", "Failed", "unanswered"),
        (Answer.CANCELED, "Canceled", "Canceled", "canceled"),
    ],
)
def test_a_person_is_asked_before_the_stage(project: Project, answer: Answer, ship: str, verdict: str, decision: str) -> None:
    project.environment("prod", APPROVAL)
    person = Person(answer)
    ran = project.root(PIPELINE).run(asker=person)
    assert person.questions == [
        "The stage Ship goes to the environment prod. Approvers: Release managers.\nRead the plan.\nApprove it?"
    ]
    assert ran.stages() == {"Build": "Succeeded", "Ship": ship, "After": "Succeeded" if ship == "Succeeded" else "Skipped"}
    (check,) = checks(ran)
    assert (check["environment"], check["check"], check["decision"]) == ("prod", "approval", decision)
    assert ran.verdict == verdict


@pytest.mark.parametrize(
    ("given", "result", "decision"),
    [
        (Given.of(["prod"], [], []), "Succeeded", "approved"),
        (Given.of(["all"], [], []), "Succeeded", "approved"),
        (Given.of(["all"], ["Prod"], []), "Failed", "rejected"),
        (Given.of(["prod"], ["all"], []), "Succeeded", "approved"),
    ],
)
def test_answers_may_be_given_with_the_command(project: Project, given: Given, result: str, decision: str) -> None:
    project.environment("prod", APPROVAL)
    person = Person(Answer.NOBODY)
    ran = project.root(PIPELINE).run(answers=given, asker=person)
    assert (ran.stages()["Ship"], person.questions) == (result, [])
    (check,) = checks(ran)
    assert check["decision"] == decision
    assert check["by"].endswith(" with the command")


def test_a_name_that_no_stage_goes_to_is_no_answer(project: Project) -> None:
    project.root("""
        jobs:
        - deployment: D
          environment: prod
          strategy: {runOnce: {deploy: {steps: [{script: a}]}}}
        """)
    with pytest.raises(WrongPipeline, match="--approve prd: the pipeline has no such environment; it has: prod"):
        project.run(answers=Given.of(["prd"], [], []))
    with pytest.raises(WrongPipeline, match="--start d: the pipeline has no such stage with 'trigger: manual'; it has: none"):
        project.run(answers=Given.of([], [], ["D"]))


@pytest.mark.parametrize(
    ("branches", "branch", "result"),
    [
        ("[refs/heads/main]", "main", "Succeeded"),
        ("[refs/heads/main]", "topic", "Failed"),
        ("'refs/heads/main, refs/heads/release/*'", "release/1", "Succeeded"),
        ("'*'", "topic", "Succeeded"),
    ],
)
def test_an_environment_takes_only_some_branches(project: Project, branches: str, branch: str, result: str) -> None:
    project.environment("prod", f"branchControl: {branches}\n{APPROVAL}")
    person = Person(Answer.YES)
    ran = project.root(PIPELINE).run(branch=branch, asker=person)
    assert ran.stages()["Ship"] == result
    assert len(person.questions) == (result == "Succeeded"), "nobody is asked about what cannot be"
    assert checks(ran)[0]["decision"] == ("passed" if result == "Succeeded" else "failed")


TEMPLATE = """
    stages:
    - {stage: Build, jobs: [{job: J, steps: [{checkout: none}]}]}
    - stage: Ship
      jobs:
      - deployment: D
        environment: prod
        strategy: {runOnce: {deploy: {steps: [{script: echo shipped}]}}}
    """


@pytest.mark.parametrize(
    ("required", "root", "result"),
    [
        ("{repository: ml/templates, ref: refs/tags/v1, path: pipe.yml}", "extends: {template: pipe.yml@t}", "Succeeded"),
        ("{repository: ml/templates, path: /pipe.yml}", "extends: {template: pipe.yml@t}", "Succeeded"),
        ("{repository: ml/templates, ref: refs/tags/v2, path: pipe.yml}", "extends: {template: pipe.yml@t}", "Failed"),
        ("{repository: ml/templates, path: other.yml}", "extends: {template: pipe.yml@t}", "Failed"),
        ("{repository: ml/templates, path: pipe.yml}", "stages: [{template: pipe.yml@t}]", "Failed"),
        ("{repository: project, path: own.yml}", "extends: {template: own.yml}", "Succeeded"),
    ],
)
def test_an_environment_takes_only_pipelines_that_extend_a_template(
    project: Project, tmp_path: Path, required: str, root: str, result: str
) -> None:
    project.environment("prod", f"requiredTemplate: [{required}]\n")
    shared = tmp_path / "shared"
    shared.mkdir()
    for file in (shared / "pipe.yml", project.folder / "own.yml"):
        file.write_text("\n".join(line[4:] for line in TEMPLATE.splitlines()))
    project.file(
        "azure-pipelines.yml",
        f"resources: {{repositories: [{{repository: t, type: git, name: ml/templates, ref: refs/tags/v1}}]}}\n{root}\n",
    )
    ran = project.run(repositories=(f"ml/templates={shared}",))
    assert ran.stages()["Ship"] == result


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("aproval: {approvers: [a]}\n", r"prod\.yml:1:1: Unexpected value 'aproval' in an environment"),
        ("approval: {approvers: []}\n", "An approval names who may give it"),
        ("approval: {instructions: x}\n", "'approvers' is missing in an approval"),
        ("branchControl: [main]\n", "A branch is written in full here: refs/heads/main"),
        ("exclusiveLock: perhaps\n", "true or false is expected here"),
        ("- a\n", "This file is a mapping"),
    ],
)
def test_a_wrong_environment_is_refused_before_anything_runs(project: Project, text: str, sentence: str) -> None:
    project.environment("prod", text)
    project.root("""
        jobs:
        - deployment: D
          environment: prod
          strategy: {runOnce: {deploy: {steps: [{script: a}]}}}
        """)
    with pytest.raises(WrongPipeline, match=sentence):
        project.run()


MANUAL = """
    stages:
    - {stage: Build, isSkippable: false, jobs: [{job: J, steps: [{checkout: none}]}]}
    - {stage: Extra, trigger: manual, jobs: [{job: J, steps: [{checkout: none}]}]}
    """


@pytest.mark.parametrize(
    ("answer", "given", "result"),
    [
        (Answer.YES, Given(), "Succeeded"),
        (Answer.NO, Given(), "Skipped"),
        (Answer.NOBODY, Given(), "Skipped"),
        (Answer.NOBODY, Given.of([], [], ["Extra"]), "Succeeded"),
        (Answer.NOBODY, Given.of([], [], ["all"]), "Succeeded"),
    ],
)
def test_a_stage_may_start_by_hand(project: Project, answer: Answer, given: Given, result: str) -> None:
    ran = project.root(MANUAL).run(asker=Person(answer), answers=given)
    assert ran.stages() == {"Build": "Succeeded", "Extra": result}
    assert ran.verdict == "Succeeded"


def test_a_stage_that_cannot_be_left_out_is_not(project: Project) -> None:
    project.root(MANUAL)
    with pytest.raises(WrongPipeline, match=r"azure-pipelines\.yml:2:3: The stage 'Build' cannot be left out"):
        project.run(stages=("Extra",))
    assert project.run(stages=("Build", "Extra")).stages()["Extra"] == "Succeeded"


@contextmanager
def waiting(locks: RunLocks, *, latest_only: bool) -> Iterator[tuple[list[Wait], threading.Event, threading.Thread]]:
    """Another run that wants the lock, once it really waits; what became of it is in the list."""
    outcomes: list[Wait] = []
    waits, end = threading.Event(), threading.Event()

    def run() -> None:
        with locks.held("prod", latest_only=latest_only, canceled=end.is_set, on_wait=waits.set) as outcome:
            outcomes.append(outcome)
            waits.set()

    thread = threading.Thread(target=run)
    thread.start()
    waits.wait(10)
    try:
        yield outcomes, end, thread
    finally:
        end.set()
        thread.join()


@pytest.mark.parametrize(
    ("latest_only", "outcomes"), [(False, [[Wait.HELD], [Wait.HELD]]), (True, [[Wait.SUPERSEDED], [Wait.HELD]])]
)
def test_runs_take_their_turn_or_only_the_latest_goes_on(tmp_path: Path, latest_only: bool, outcomes: list[Any]) -> None:
    first = RunLocks(tmp_path, "1").held("prod", latest_only=latest_only, canceled=lambda: False, on_wait=lambda: None)
    with first as outcome, waiting(RunLocks(tmp_path, "2"), latest_only=latest_only) as second:
        assert outcome is Wait.HELD
        with waiting(RunLocks(tmp_path, "3"), latest_only=latest_only) as third:
            first.__exit__(None, None, None)
            for _, _, thread in (second, third):
                thread.join(10)
            assert [second[0], third[0]] == outcomes


def test_a_run_whose_turn_a_later_one_took_and_ended_meanwhile_gives_up(tmp_path: Path) -> None:
    holding = {"latest_only": True, "canceled": lambda: False, "on_wait": lambda: None}
    with RunLocks(tmp_path, "1").held("prod", **holding):
        (place,) = tmp_path.iterdir()
    with _ticket(place, "2") as number:
        with RunLocks(tmp_path, "3").held("prod", **holding) as outcome:
            assert outcome is Wait.HELD
        assert RunLocks(tmp_path, "2")._wait(place, number, True, lambda: False, lambda: None) == (Wait.SUPERSEDED, None)


def test_a_run_that_is_cancelled_waits_no_longer(tmp_path: Path) -> None:
    with (
        RunLocks(tmp_path, "1").held("prod", latest_only=False, canceled=lambda: False, on_wait=lambda: None),
        waiting(RunLocks(tmp_path, "2"), latest_only=False) as (outcomes, end, thread),
    ):
        end.set()
        thread.join(10)
        assert outcomes == [Wait.CANCELED]


def test_a_lock_is_held_while_the_stage_runs_and_freed_after_it(project: Project) -> None:
    project.environment("prod", "exclusiveLock: true\n")
    ran = project.root(PIPELINE).run()
    assert [(check["check"], check["decision"]) for check in checks(ran)] == [("exclusive lock", "held")]
    assert project.run().stages()["Ship"] == "Succeeded"


class Screen:
    @contextmanager
    def held(self) -> Iterator[None]:
        yield


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("y\n", Answer.YES), ("perhaps\nNO\n", Answer.NO), ("", Answer.NOBODY)],
)
def test_the_terminal_asks_until_it_understands(typed: str, answer: Answer) -> None:
    read, write = os.pipe()
    os.write(write, typed.encode())
    os.close(write)
    shown = io.StringIO()
    with os.fdopen(read, buffering=1) as source:
        assert Terminal(Screen(), source, shown).ask("Approve it?", None, lambda: False) is answer
    assert shown.getvalue().count("yes or no? ") == typed.count("\n") + (not typed)


def test_the_terminal_waits_as_long_as_it_may(project: Project) -> None:
    read, write = os.pipe()
    with os.fdopen(read) as source:
        terminal = Terminal(Screen(), source, io.StringIO())
        assert terminal.ask("Approve it?", time.monotonic(), lambda: False) is Answer.LATE
        assert terminal.ask("Approve it?", None, lambda: True) is Answer.CANCELED
    os.close(write)


@pytest.mark.parametrize(("typed", "code"), [("yes\n", 0), ("no\n", 1)])
def test_a_real_terminal_asks_and_the_command_answers(project: Project, typed: str, code: int) -> None:
    project.environment("prod", APPROVAL)
    project.root(PIPELINE)
    command = [sys.executable, "-m", "mlops_local", "run", "--library", str(project.library)]
    leader, follower = pty.openpty()
    environment = {**os.environ, "MLOPS_LOCAL_CACHE": str(project.cache), "TERM": "xterm", "COLUMNS": "150"}
    with subprocess.Popen(
        command, cwd=project.folder, env=environment, stdin=follower, stdout=follower, stderr=follower, close_fds=True
    ) as process:
        os.close(follower)
        shown = ""
        while "yes or no?" not in shown:
            shown += os.read(leader, 4096).decode()
        os.write(leader, typed.encode())
        while process.poll() is None:
            try:
                shown += os.read(leader, 4096).decode()
            except OSError:
                break
        assert process.wait() == code
    os.close(leader)
    assert "Read the plan." in shown
