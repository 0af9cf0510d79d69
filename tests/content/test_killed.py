"""Killed at any moment, the account and the command together, and run again: the end is that of an undisturbed run.

Three tries as a test; KILLS=20 for as many as one likes.
"""

from __future__ import annotations

import json
import os
import random
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

from .account_state import differences, read_account
from .conftest import ROOT, Pipeline

STAGES = ("features", "models", "tasks")
KILLS = int(os.environ.get("KILLS", "3"))


class Undisturbed:
    """The account before each stage, and what it holds after it."""

    def __init__(self, folder: Path) -> None:
        self.before = {stage: folder / f"before-{stage}" for stage in STAGES}
        self.after: dict[str, dict[str, Any]] = {}
        self.seconds: dict[str, float] = {}
        for stage in STAGES:
            self._run(folder, stage)

    def _run(self, folder: Path, stage: str) -> None:
        with stand(folder):
            pass
        shutil.copytree(folder / "account", self.before[stage] / "account")
        with stand(folder) as pipeline:
            started = time.monotonic()
            assert apply(pipeline, stage).wait() == 0
            self.seconds[stage] = time.monotonic() - started
            with pipeline.connect() as connection:
                self.after[stage] = read_account(connection)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_and_run_again(undisturbed: Undisturbed, tmp_path: Path, number: int) -> None:
    chance = random.Random(number)
    stage = STAGES[number % len(STAGES)]
    moment = chance.uniform(0, undisturbed.seconds[stage])
    shutil.copytree(undisturbed.before[stage], tmp_path, dirs_exist_ok=True)
    with stand(tmp_path) as pipeline:
        command = apply(pipeline, stage)
        time.sleep(moment)
        command.kill()
        command.wait()
        pipeline.kill()
    with stand(tmp_path) as pipeline:
        assert apply(pipeline, stage).wait() == 0
        assert pipeline.run("plan", stage)[0] == 0
        with pipeline.connect() as connection:
            found = read_account(connection)
    assert differences(undisturbed.after[stage], found) == [], f"{stage} killed after {moment:.2f} s"


class Stand(Pipeline):
    process: subprocess.Popen[str]

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "stand.py"), str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        found = Stand(json.loads(process.stdout.readline()), folder)
        found.process = process
        yield found
    finally:
        process.communicate()


def apply(pipeline: Pipeline, stage: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mlops", "apply", stage]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **pipeline.environ}, stdout=subprocess.DEVNULL)
