"""Repositories for `checkout`: the work tree as it stands when the run starts, for every job alike.

A hosted agent fetches a commit. On a laptop the question is whether what is being edited works, so `self` is the work tree:
tracked files with their uncommitted changes, and untracked files that are not ignored. Another repository is taken at its ref.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import threading
from io import BytesIO
from pathlib import Path

from mlops_local.agent.folders import copy_tree, remove
from mlops_local.agent.repositories import Repository


class LocalSources:
    """Each repository is copied once, at its first checkout or at `freeze`, and from that copy into every job."""

    def __init__(self, root: Path, store: Path, leave_out: Path, others: dict[str, Repository]) -> None:
        self._root = root
        self._store = store
        self._leave_out = leave_out.resolve()
        self._others = others
        self._lock = threading.Lock()

    def freeze(self) -> None:
        with self._lock:
            _snapshot(self._root, self._store / "self", self._leave_out)

    def close(self) -> None:
        remove(self._store)

    def check_out(self, repository: str, folder: Path) -> str:
        if repository.casefold() == "self":
            copy_tree(self._store / "self", folder)
            return f"Checked out the work tree of {self._root} to {folder}."
        other = self._others.get(repository.casefold())
        if other is None:
            raise LookupError(f"The repository '{repository}' is not defined under resources.repositories.")
        if other.missing:
            raise LookupError(other.missing)
        with self._lock:
            copy = self._store / "others" / other.alias
            if not copy.exists():
                _export(other, copy)
        copy_tree(copy, folder)
        return f"Checked out {other.name} at {other.ref} to {folder}."


def _export(repository: Repository, target: Path) -> None:
    target.mkdir(parents=True)
    if repository.git_ref is None:
        _snapshot(repository.folder, target, target)
        return
    archived = subprocess.run(
        ["git", "-C", str(repository.folder), "archive", repository.git_ref], capture_output=True, check=True
    ).stdout
    with tarfile.open(fileobj=BytesIO(archived)) as archive:
        archive.extractall(target, filter="data")


def _snapshot(root: Path, target: Path, leave_out: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    listed = _git(root, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    if listed is None:
        _copy_folder(root, target, leave_out)
        return
    for name in filter(None, listed.split("\0")):
        file = root / name
        if not file.resolve().is_relative_to(leave_out) and (file.is_file() or file.is_symlink()):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target / name, follow_symlinks=False)
    _add_history(root, target)


def _copy_folder(root: Path, target: Path, leave_out: Path) -> None:
    def ignored(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if Path(folder, name).resolve() in (leave_out, target.resolve())]

    shutil.copytree(root, target, symlinks=True, dirs_exist_ok=True, ignore=ignored)


def _add_history(root: Path, target: Path) -> None:
    """Commits are borrowed from the repository and not copied, so `git log` and `git rev-parse HEAD` work in a job."""
    commit = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    if not commit:
        return
    bare = target.parent / f"{target.name}.git"
    if _git(root, "clone", "--quiet", "--shared", "--no-checkout", str(root), str(bare)) is None:
        return
    shutil.move(str(bare / ".git"), str(target / ".git"))
    remove(bare)
    _git(target, "update-ref", "--no-deref", "HEAD", commit.strip())
    _git(target, "reset", "--quiet")


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
