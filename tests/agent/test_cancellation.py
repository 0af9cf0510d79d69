"""Ctrl-C, once and twice, and a kill: what still runs, what is ended, and what is left."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

Project = Any


def record(project: Project) -> Any:
    return json.loads((project.folder / "out/run.json").read_text())


def results(project: Project) -> dict[str, str]:
    return {job["name"]: job["result"] for stage in record(project)["stages"] for job in stage["jobs"]}


def steps_of(project: Project) -> list[Any]:
    return [step for job in record(project)["stages"][0]["jobs"] for step in job["steps"]]


def is_alive(file: Path) -> bool:
    """One that nobody has asked for its exit code yet is over, too."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", file.read_text().strip()], capture_output=True, text=True, check=False)
    return shown.stdout.strip()[:1] not in ("", "Z")


def test_ctrl_c_ends_what_runs_and_lets_clean_up_what_asked_for_it(project: Project) -> None:
    child, detached = project.folder / "child.pid", project.folder / "detached.pid"
    project.root(f"""
        jobs:
        - job: Works
          steps:
          - checkout: none
          - script: |
              setsid sh -c 'echo $$ > {detached}; exec sleep 60' &
              sleep 60 & echo $! > {child}
              while ! test -s {detached}; do sleep 0.05; done
              echo ready; wait
          - {{script: echo no, displayName: ordinary}}
          - {{script: echo cleaned, condition: canceled(), displayName: cleans}}
        - {{job: Waits, steps: [{{checkout: none}}, {{script: echo no, condition: always()}}]}}
        - {{job: Next, dependsOn: Works, steps: [{{checkout: none}}]}}
        - {{job: Repairs, dependsOn: Works, condition: always(), steps: [{{checkout: none}}, {{script: echo repaired}}]}}
        """)
    with project.running(at_once=1) as process:
        process.send_signal(signal.SIGINT)
        said = process.communicate()[0]
    assert process.returncode == 1
    assert "Cancelling" in said
    assert ("cleaned" in said, "repaired" in said) == (True, True)
    assert results(project) == {"Works": "Canceled", "Waits": "Canceled", "Next": "Canceled", "Repairs": "Succeeded"}
    works = record(project)["stages"][0]["jobs"][0]
    assert [step["result"] for step in works["steps"]] == ["Succeeded", "Canceled", "Skipped", "Succeeded"]
    assert not is_alive(child)
    assert not is_alive(detached)


def test_a_second_ctrl_c_ends_everything_at_once(project: Project) -> None:
    project.file("library/secure-files/key.p8", "secret")
    project.root("""
        jobs:
        - job: J
          steps:
          - checkout: none
          - {task: DownloadSecureFile@1, inputs: {secureFile: key.p8}}
          - script: trap '' INT TERM; echo ready; while true; do sleep 60; done
          - {script: sleep 60, condition: always(), displayName: cleans}
        - {job: Repairs, dependsOn: J, condition: always(), steps: [{script: sleep 60}]}
        """)
    with project.running() as process:
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout
        while "Cancelling" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        said = process.communicate()[0]
    assert time.monotonic() - started < 6
    assert "Everything ends now" in said
    assert results(project) == {"J": "Canceled", "Repairs": "Canceled"}
    assert (record(project)["result"], process.returncode) == ("Canceled", 1)
    assert not list((project.folder / "cache").rglob("key.p8"))


def test_a_killed_run_can_still_be_read(project: Project) -> None:
    project.root("""
        steps:
        - checkout: none
        - {script: echo first, name: first}
        - {script: echo ready; sleep 60, name: second}
        """)
    with project.running() as process:
        while not any(step["name"] == "second" and step["started"] for step in steps_of(project)):
            threading.Event().wait(0.05)
        process.kill()
    written = record(project)
    (job,) = written["stages"][0]["jobs"]
    assert (written["state"], written["result"], job["state"], job["result"]) == ("inProgress", None, "inProgress", None)
    first, second = job["steps"][1:]
    assert (first["state"], first["result"], second["state"], second["finished"]) == (
        "completed",
        "Succeeded",
        "inProgress",
        None,
    )
    assert written["stages"][0]["started"] <= first["started"] <= first["finished"] <= second["started"]
    assert (project.folder / "out" / first["log"]).read_text() == "first\n"
    assert (project.folder / "out" / second["log"]).read_text() == "ready\n"


def test_a_stage_that_runs_always_takes_its_lock_after_a_cancellation(project: Project) -> None:
    project.file("library/environments/prod.yml", "exclusiveLock: true\n")
    project.root("""
        stages:
        - stage: Work
          jobs: [{job: J, steps: [{checkout: none}, {script: echo ready; sleep 60}]}]
        - stage: Repair
          condition: always()
          jobs:
          - deployment: D
            condition: always()
            environment: prod
            strategy: {runOnce: {deploy: {steps: [{script: echo repaired}]}}}
        """)
    with project.running() as process:
        process.send_signal(signal.SIGINT)
        said = process.communicate()[0]
    assert "repaired" in said
    assert {stage["name"]: stage["result"] for stage in record(project)["stages"]} == {"Work": "Canceled", "Repair": "Succeeded"}
