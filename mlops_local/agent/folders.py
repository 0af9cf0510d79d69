"""Copying and emptying folders."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path


def copy_tree(source: Path, target: Path) -> None:
    """Links stay links; what is already in the target stays unless the source has it too."""
    shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)


def copy_any(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        copy_tree(source, target)
    else:
        shutil.copy2(source, target)


def empty(folder: Path) -> None:
    """Without what is in it; a file in its place goes too."""
    if folder.is_dir() and not folder.is_symlink():
        for path in folder.iterdir():
            remove(path)
    else:
        folder.unlink(missing_ok=True)


def remove(folder: Path) -> None:
    """Everything below, also what a job has made read-only; another process may be removing it too."""
    if folder.is_file() or folder.is_symlink():
        folder.unlink()
    if not folder.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        return
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(stat.S_IRWXU)
    shutil.rmtree(folder, ignore_errors=True)
