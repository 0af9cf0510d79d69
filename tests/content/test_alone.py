"""Every file of the content applies what it declares, and what that needs, on an account where nothing is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mlops.collect import collect

from .conftest import ROOT, Pipeline

FILES = sorted({one.file for one in collect(ROOT).declared})


@pytest.mark.parametrize("file", FILES)
def test_a_file_alone(pipeline: Pipeline, tmp_path: Path, file: str) -> None:
    summary = tmp_path / "summary.md"
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, ROOT / file, "--summary", summary],
            cwd=tmp_path,
            env=pipeline.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    first, second = summary.read_text().split("## Apply\n")[1:]
    assert "| create |" in first or "### Done" not in first
    assert "### Done" not in second


def test_together_they_are_the_whole(pipeline: Pipeline) -> None:
    code, summary = pipeline.run("plan")
    assert code == 0, summary
