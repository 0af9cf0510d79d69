"""Scaffolds as they are at tags of a repository: read from git, never executed."""

from __future__ import annotations

import re
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from mlops.errors import RepositoryError
from mlops.scaffold.git import demand_git, run_git
from mlops.scaffold.rendering import FILES, render

# Where `files/` stands in the repository of the templates. Older tags are read by newer versions, so it stays there.
_FILES = "mlops/scaffold/files"
_PROJECT = "pyproject.toml"
_RELEASE = re.compile(r"refs/tags/v?([0-9]+)\.([0-9]+)\.([0-9]+)")


@dataclass(frozen=True)
class Scaffold:
    version: str
    folder: Path

    def render(self, values: Mapping[str, str]) -> dict[str, str]:
        return render(self.folder, values)


def own_scaffold() -> Scaffold:
    """Of this version, whether it is installed or runs from its sources, as in a job of this repository's own pipeline."""
    root = FILES.parents[2]
    version = _version_of(root) if (root / _FILES).is_dir() and (root / _PROJECT).is_file() else metadata.version("mlops")
    return Scaffold(version, FILES)


def newest_ref(source: str, environ: Mapping[str, str]) -> str:
    listed = demand_git(Path(), "ls-remote", "--tags", "--refs", "--", source, environ=environ)
    releases = {number: line.split("\t")[1] for line in listed.splitlines() if (number := release_of(line.split("\t")[1]))}
    if not releases:
        raise RepositoryError(f"{shown(source)} has no tag like v1.2.0: name one by --to.")
    return releases[max(releases)]


def release_of(ref: str) -> tuple[int, ...]:
    """The numbers of a version; empty for a tag that is none."""
    found = _RELEASE.fullmatch(ref)
    return tuple(int(number) for number in found.groups()) if found else ()


def shown(source: str) -> str:
    """Without what an address may hold of a password."""
    return re.sub(r"//[^/@]*@", "//", source)


@contextmanager
def scaffold_at(source: str, ref: str, environ: Mapping[str, str]) -> Iterator[Scaffold | None]:
    """None when the repository has no such tag."""
    with tempfile.TemporaryDirectory(prefix="mlops-tag-") as temporary:
        yield _check_out(Path(temporary), source, ref, environ)


def _check_out(folder: Path, source: str, ref: str, environ: Mapping[str, str]) -> Scaffold | None:
    demand_git(folder, "init", "--quiet", environ=environ)
    if run_git(folder, "fetch", "--quiet", "--depth", "1", "--", source, ref, environ=environ).returncode != 0:
        # Which of the two it is: no repository there, or none with that tag.
        demand_git(folder, "ls-remote", "--", source, environ=environ)
        return None
    demand_git(folder, "checkout", "--quiet", "FETCH_HEAD", environ=environ)
    if not (folder / _FILES).is_dir():
        return None
    _refuse_ways_out(folder)
    return Scaffold(_version_of(folder), folder / _FILES)


def _version_of(folder: Path) -> str:
    return str(tomllib.loads((folder / _PROJECT).read_text(encoding="utf-8"))["project"]["version"])


def _refuse_ways_out(folder: Path) -> None:
    """A link may lead to another file of the repository, as that of setup/account.sql does, and to nothing else."""
    for file in (folder / _FILES).rglob("*"):
        if not file.resolve().is_relative_to(folder.resolve()):
            raise RepositoryError(f"{file.relative_to(folder)} of that tag is a link out of its repository: take another tag.")
