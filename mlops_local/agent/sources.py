"""Repositories for `checkout`: the work tree as it stands when the run starts, for every job alike.

A hosted agent fetches a commit. On a laptop the question is whether what is being edited works, so `self` is the work tree:
tracked files with their uncommitted changes, and untracked files that are not ignored. Another repository is taken at its ref.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mlops_local.agent.file_locks import lock_file, locked
from mlops_local.agent.folders import copy_tree, remove
from mlops_local.agent.history import Fetch, add_history, git, head_of
from mlops_local.agent.repositories import Repository


@contextmanager
def store_of(cache: Path) -> Iterator[Path]:
    """A folder for the copies of one run; what killed runs have left is removed first."""
    cache.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        with locked(cache / "runs.lock"):
            for left in cache.glob("run-*"):
                _remove_unused(left)
            store = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="run-", dir=cache)))
            lock = lock_file(store / "lock")
        assert lock is not None
        held.callback(os.close, lock)
        yield store


def _remove_unused(store: Path) -> None:
    lock = lock_file(store / "lock")
    if lock is not None:
        remove(store)
        os.close(lock)


class LocalSources:
    """Files of each folder are copied once, at the first checkout or at `freeze`, and from that copy into every job."""

    def __init__(self, root: Path, store: Path, leave_out: Path, others: dict[str, Repository]) -> None:
        self._root = root
        self._store = store
        self._leave_out = leave_out.resolve()
        self._others = others
        self._lock = threading.Lock()
        self._commits: dict[Path, str] = {}

    def freeze(self) -> None:
        self._snapshot(self._root, "self")

    def name_of(self, repository: str) -> str:
        """What the repository is called where it comes from."""
        return self._root.name if repository.casefold() == "self" else self._other(repository).name

    def check_out(self, repository: str, folder: Path, fetch: Fetch) -> str:
        if repository.casefold() == "self":
            self._copy(self._root, "self", folder, fetch)
            return f"Checked out the work tree of {self._root} to {folder}."
        other = self._other(repository)
        if other.git_ref is None:
            self._copy(other.folder, other.alias, folder, fetch)
        else:
            _export(other, folder, fetch)
        return f"Checked out {other.name} at {other.ref} to {folder}."

    def _other(self, alias: str) -> Repository:
        other = self._others.get(alias.casefold())
        if other is None:
            raise LookupError(f"The repository '{alias}' is not defined under resources.repositories.")
        if other.missing:
            raise LookupError(other.missing)
        return other

    def _copy(self, root: Path, name: str, folder: Path, fetch: Fetch) -> None:
        copy_tree(self._snapshot(root, name), folder)
        if self._commits[root]:
            add_history(root, self._commits[root], folder, fetch)

    def _snapshot(self, root: Path, name: str) -> Path:
        copy = self._store / "sources" / name
        with self._lock:
            if not copy.exists():
                self._commits[root] = head_of(root)
                _snapshot(root, copy, self._leave_out)
        return copy


def _export(repository: Repository, target: Path, fetch: Fetch) -> None:
    commit = (git(repository.folder, "rev-parse", "--verify", f"{repository.git_ref}^{{commit}}") or "").strip()
    target.mkdir(parents=True, exist_ok=True)
    add_history(repository.folder, commit, target, fetch)
    done = subprocess.run(
        ["git", "-C", str(target), "checkout", "--quiet", "--force", "--detach", commit],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LookupError(f"{repository.name} could not be checked out at {repository.ref}: {done.stderr.strip()}")


def _snapshot(root: Path, target: Path, leave_out: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    listed = git(root, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    if listed is None:
        _copy_folder(root, target, leave_out)
        return
    for name in filter(None, listed.split("\0")):
        file = root / name
        if not file.resolve().is_relative_to(leave_out) and (file.is_file() or file.is_symlink()):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target / name, follow_symlinks=False)


def _copy_folder(root: Path, target: Path, leave_out: Path) -> None:
    def ignored(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if Path(folder, name).resolve() in (leave_out, target.resolve())]

    shutil.copytree(root, target, symlinks=True, dirs_exist_ok=True, ignore=ignored)
