"""Every file of the content applies what it declares, and what that needs, on an account where nothing is."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from mlops.collect import collect

from .conftest import ROOT, Pipeline, no_other_sessions

FILES = sorted({one.file for one in collect(ROOT).declared})


@pytest.mark.parametrize("file", FILES)
def test_a_file_alone(pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    summary = tmp_path / "summary.md"
    done = subprocess.run(
        [sys.executable, ROOT / file, "--summary", summary],
        cwd=tmp_path,
        env=pipeline.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    run_here(file, summary, pipeline, monkeypatch)
    first, second = summary.read_text().split("## Apply\n")[1:]
    assert "| create |" in first or "### Done" not in first
    assert "### Done" not in second


def run_here(file: str, summary: Path, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once more, in this process, which has imported the clients already."""
    monkeypatch.chdir(summary.parent)
    monkeypatch.setattr(sys, "argv", [file, "--summary", str(summary)])
    for name, value in pipeline.environ.items():
        monkeypatch.setenv(name, value)
    with no_other_sessions(), pytest.raises(SystemExit) as end:
        runpy.run_path(str(ROOT / file), run_name="__main__")
    assert end.value.code == 0


def test_together_they_are_the_whole(pipeline: Pipeline) -> None:
    code, summary = pipeline.run("plan")
    assert code == 0, summary
