"""Files of secrets in a library: readable by their owner alone, and never in reach of `git add`."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

_NOT_IGNORED = 1


def why_open(file: Path) -> str:
    """Why secrets must not stand in this file as it is; empty when they may."""
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        return f"{file} holds secrets and has mode {mode:04o}, so that others may read it; run 'chmod 600' on it."
    if _reachable_by_git(file):
        return f"{file} holds secrets and git would take it; add it to .gitignore."
    return ""


def _reachable_by_git(file: Path) -> bool:
    """Tracked, or not ignored; 128 is a folder outside of every repository."""
    command = ["git", "-C", str(file.resolve().parent), "check-ignore", "--quiet", file.name]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == _NOT_IGNORED
    except FileNotFoundError:
        return False
