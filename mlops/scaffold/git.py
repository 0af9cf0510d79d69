"""The few things that git is asked for."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from mlops.errors import RepositoryError

# Set by git for its hooks; a command that runs in one would work on that hook's repository.
_PLACES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR")


def run_git(folder: Path, *arguments: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    """Never asks for a password on the terminal; a helper or an SSH agent may give one."""
    own = {name: value for name, value in environ.items() if name not in _PLACES}
    try:
        return subprocess.run(
            ["git", *arguments], cwd=folder, env={**own, "GIT_TERMINAL_PROMPT": "0"}, capture_output=True, check=False
        )
    except FileNotFoundError:
        raise RepositoryError("git was not found: install it, or put its folder into PATH.") from None


def demand_git(folder: Path, *arguments: str, environ: Mapping[str, str]) -> str:
    done = run_git(folder, *arguments, environ=environ)
    if done.returncode != 0:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        raise RepositoryError(f"git {arguments[0]} failed: {told[-1] if told else f'exit code {done.returncode}'}")
    return done.stdout.decode(errors="replace")
