"""The `.git` of a checkout: commits borrowed from a repository of this machine, as many as a fetch of that depth would bring.

https://learn.microsoft.com/azure/devops/pipelines/repos/pipeline-options-for-git#shallow-fetch
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

# A job has no credentials for the repository, and its commits shall not end up in the one that it was run from.
_NO_PUSH = "file:///a-job-of-a-local-run-cannot-push"


@dataclass(frozen=True)
class Fetch:
    """`depth` of 0 brings all commits and branches; tags come only when they are asked for."""

    depth: int = 1
    tags: bool = False


def head_of(repository: Path) -> str:
    """The commit that is checked out; "" without git or without any commit."""
    return (git(repository, "rev-parse", "--verify", "--quiet", "HEAD") or "").strip()


def add_history(repository: Path, commit: str, target: Path, fetch: Fetch) -> None:
    """Make the folder a checkout of that commit, without touching its files."""
    objects = git(repository, "rev-parse", "--path-format=absolute", "--git-path", "objects")
    if objects is None or git(target, "init", "--quiet") is None:
        return
    (target / ".git/objects/info/alternates").write_text(objects, encoding="utf-8")
    refs = _refs(repository, fetch)
    _write_shallow(repository, target, [commit, *refs.values()], fetch.depth)
    lines = "".join(f"create {name} {sha}\n" for name, sha in refs.items())
    git(target, "update-ref", "--stdin", stdin=lines)
    for setting in (("remote.origin.url", str(repository)), ("remote.origin.pushurl", _NO_PUSH)):
        git(target, "config", *setting)
    git(target, "update-ref", "--no-deref", "HEAD", commit)
    git(target, "reset", "--quiet")


def _refs(repository: Path, fetch: Fetch) -> dict[str, str]:
    """Branches as those of `origin`, and tags, with the objects that they name."""
    kinds = [*(["refs/heads"] if fetch.depth == 0 else []), *(["refs/tags"] if fetch.tags else [])]
    listed = git(repository, "for-each-ref", "--format=%(refname) %(objectname)", *kinds) if kinds else ""
    pairs = [line.split(" ") for line in (listed or "").splitlines()]
    return {name.replace("refs/heads/", "refs/remotes/origin/"): sha for name, sha in pairs}


def _write_shallow(repository: Path, target: Path, tips: Sequence[str], depth: int) -> None:
    """Commits at which the history ends: those of the depth, and those at which the repository's own one ends."""
    own = git(repository, "rev-parse", "--path-format=absolute", "--git-path", "shallow")
    file = Path((own or "").strip())
    ends = set(file.read_text(encoding="utf-8").split()) if own and file.is_file() else set()
    if depth > 0:
        ends |= _at_depth(repository, tips, depth)
    if ends:
        (target / ".git/shallow").write_text("".join(f"{sha}\n" for sha in sorted(ends)), encoding="utf-8")


def _at_depth(repository: Path, tips: Sequence[str], depth: int) -> set[str]:
    peeled = git(repository, "rev-parse", *(f"{tip}^{{commit}}" for tip in tips))
    level = set((peeled or "").split())
    if depth == 1:
        return level
    listed = git(repository, "rev-list", "--parents", "--stdin", stdin="".join(f"{tip}\n" for tip in level))
    parents = {line.split(" ")[0]: line.split(" ")[1:] for line in (listed or "").splitlines()}
    for _ in range(depth - 1):
        level = _before(level, parents)
    return level


def _before(commits: Iterable[str], parents: dict[str, list[str]]) -> set[str]:
    return {parent for commit in commits for parent in parents.get(commit, [])}


def git(folder: Path, *arguments: str, stdin: str | None = None) -> str | None:
    """What git prints; nothing when it fails or is not there."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
