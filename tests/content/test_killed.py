"""Killed at any moment, the command, the account or both, and run again: the end is that of an undisturbed run.

A few tries as a test; as many as one likes, at other moments, by `python -m tests.content.kill --times 20 --seed 1`.
"""

from __future__ import annotations

import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.few_rows import NO_FLIGHTS

from .account_state import comparable, differences, read_account
from .conftest import ROOT, Pipeline, copy_trials, pipeline_on

STAGES = ("features", "models", "tasks")
# Without its command, a procedure goes on in the account; without its account, a command waits for it to come back.
VICTIMS = ("both", "command", "account")
KILLS = int(os.environ.get("KILLS", "3"))
SEED = int(os.environ.get("KILLS_SEED", "0"))
PATIENCE = 600
# A training set that an apply stores, beside the one whose rows each training takes for itself.
STORED = """
from dataclasses import replace
KEPT_SCREENINGS = replace(TRIAL_SCREENINGS, name="KEPT_SCREENINGS", version="V1")
"""


class Undisturbed:
    """The account before each stage, what it holds after it, and the content that was applied."""

    def __init__(self, folder: Path) -> None:
        self.content = folder / "content"
        self.before = {stage: folder / f"before-{stage}" for stage in STAGES}
        self.after: dict[str, dict[str, Any]] = {}
        self.seconds: dict[str, float] = {}
        with pipeline_on(folder, *NO_FLIGHTS):
            pass
        copy_trials(self.content)
        with (self.content / "models" / "trial_eligibility.py").open("a") as file:
            file.write(STORED)
        for stage in STAGES:
            shutil.copytree(folder / "account", self.before[stage])
            self._run(folder / "account", stage)

    def _run(self, data: Path, stage: str) -> None:
        with stand(data) as pipeline:
            started = time.monotonic()
            assert self.apply(pipeline, stage).wait() == 0
            self.seconds[stage] = time.monotonic() - started
            with pipeline.connect() as connection:
                self.after[stage] = read_account(connection)

    def apply(self, pipeline: Pipeline, stage: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "mlops", "apply", stage, "--content", str(self.content)]
        return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **pipeline.environ}, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_and_run_again(undisturbed: Undisturbed, tmp_path: Path, number: int) -> None:
    stage, victim = STAGES[number % 3], VICTIMS[(number + number // 3) % 3]
    moment = random.Random(SEED + number).uniform(0, undisturbed.seconds[stage])
    data = tmp_path / "account"
    shutil.copytree(undisturbed.before[stage], data)
    with stand(data) as pipeline:
        command = undisturbed.apply(pipeline, stage)
        time.sleep(moment)
        if victim != "account":
            command.kill()
            command.wait()
        if victim == "command":
            found = end_of(undisturbed, stage, pipeline)
        else:
            pipeline.kill()
    if victim != "command":
        with stand(data, port=pipeline.environ["SNOWFLAKE_PORT"]) as pipeline:
            # A command that was not killed ends by itself, with its work done or with a refusal.
            command.wait(PATIENCE)
            found = end_of(undisturbed, stage, pipeline)
    assert differences(undisturbed.after[stage], found) == [], f"{stage}: {victim} killed after {moment:.2f} s"


def test_only_the_age_of_the_data_may_differ_between_two_ends() -> None:
    """An undisturbed run may end before the data gets a day older, and the one that was killed after it."""
    before, after = ({"GATE": "freshness", "VALUE": days, "SENTENCE": f"It is {days:.0f} days old."} for days in (325.49, 325.51))
    assert comparable("GATE_RESULTS", before) == comparable("GATE_RESULTS", after)
    one, other = ({"GATE": "nulls", "VALUE": value, "SENTENCE": "Some are missing."} for value in (0.1, 0.2))
    assert comparable("GATE_RESULTS", one) != comparable("GATE_RESULTS", other)


def end_of(undisturbed: Undisturbed, stage: str, pipeline: Pipeline) -> dict[str, Any]:
    """What the account holds when the stage has been run again."""
    assert undisturbed.apply(pipeline, stage).wait() == 0
    assert pipeline.run("plan", stage, content=undisturbed.content)[0] == 0
    with pipeline.connect() as connection:
        return read_account(connection)


class Stand(Pipeline):
    """An account in a process of its own, which can be killed."""

    process: subprocess.Popen[str]

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)


@contextmanager
def stand(data: Path, port: str = "0") -> Iterator[Stand]:
    process = subprocess.Popen(
        [sys.executable, "-m", "mlops_local", "serve", "--data", str(data), "--port", port, "--user", "MLOPS_DEV_PIPELINE"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        found = Stand(_settings(process), data.parent)
        found.process = process
        yield found
    finally:
        process.terminate()
        process.communicate()


def _settings(process: subprocess.Popen[str]) -> dict[str, str]:
    """`export NAME=value` lines, up to the last one that a client needs."""
    settings: dict[str, str] = {}
    assert process.stdout is not None
    while "SNOWFLAKE_SCHEMA" not in settings and (line := process.stdout.readline()):
        name, _, value = shlex.split(line.removeprefix("export "))[0].partition("=")
        settings[name] = value
    return settings
