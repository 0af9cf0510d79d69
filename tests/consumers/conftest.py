"""Our repository with a tag, as a clone of it is, and repositories that `python -m mlops init` makes for it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..mlops.templates_repository import ENVIRON, git

ROOT = Path(__file__).parents[2]
TAG, NEXT_TAG = "v1.0.0", "v1.1.0"


@dataclass(frozen=True)
class Consumer:
    folder: Path

    def call(self, *arguments: str, patience: float = 600) -> subprocess.CompletedProcess[str]:
        """`python -m` there, without the settings of any account."""
        command = [sys.executable, "-m", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=ENVIRON, capture_output=True, text=True, check=False, timeout=patience
        )


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work tree as a commit with a tag."""
    folder = tmp_path_factory.mktemp("clone") / "mlops"
    for path in git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0"):
        if path and (ROOT / path).exists():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, folder / path, follow_symlinks=False)
    commit(folder, TAG)
    return folder


def commit(folder: Path, tag: str) -> None:
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", tag)
    git(folder, "tag", tag)


@pytest.fixture(scope="session")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> Consumer:
    return make_consumer(tmp_path_factory.mktemp("consumer") / "orders")


def make_consumer(folder: Path) -> Consumer:
    made = Consumer(folder.parent).call("mlops", "init", folder.name, "--ref", TAG)
    assert made.returncode == 0, made.stderr
    return Consumer(folder)
