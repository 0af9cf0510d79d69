"""Where template files come from: the pipeline's own folder, and folders that stand for other repositories.

https://learn.microsoft.com/azure/devops/pipelines/process/templates#use-other-repositories
"""

from __future__ import annotations

import posixpath
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from mlops_local.agent.errors import KnownError, Mark, Origin, PipelineError, Problems
from mlops_local.agent.interpolation import check_syntax
from mlops_local.agent.nodes import Mapping, Node, load, scalars
from mlops_local.agent.resources import check_expressions

DEFAULT_REF = "refs/heads/main"
MAX_FILES = 100
MAX_BYTES = 10 * 1024 * 1024
# In these sections Azure evaluates nothing, so what looks like an expression there is an error of its own.
_WITHOUT_EXPRESSIONS = ("trigger", "pr", "schedules", "parameters")


@dataclass(frozen=True)
class LocalRepository:
    """`NAME[@REF]=FOLDER` of the command line."""

    name: str
    ref: str | None
    folder: Path


@dataclass(frozen=True)
class Repository:
    """One alias of `resources.repositories`; with `git_ref` files are read from that ref and not from the work tree.

    `missing` says why this machine does not have it, which matters only to who reads or checks it out.
    """

    alias: str
    name: str
    ref: str
    folder: Path
    git_ref: str | None = None
    missing: str = ""

    def read(self, path: str) -> bytes | None:
        if self.git_ref is None:
            file = self.folder / path
            return file.read_bytes() if file.is_file() else None
        shown = subprocess.run(
            ["git", "-C", str(self.folder), "show", f"{self.git_ref}:{path}"], capture_output=True, check=False
        )
        return shown.stdout if shown.returncode == 0 else None


def parse_local(text: str) -> LocalRepository:
    name, separator, folder = text.partition("=")
    if not separator or not name or not folder:
        raise ValueError(f"--repository takes NAME[@REF]=FOLDER, not '{text}'.")
    name, _, ref = name.partition("@")
    return LocalRepository(name, ref or None, Path(folder).resolve())


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)


def find_local(alias: str, name: str, ref: str, known: list[LocalRepository]) -> Repository:
    """The folder for a repository at a ref; a git repository without a given ref is read at the pipeline's ref."""
    named = [local for local in known if local.name.casefold() == name.casefold()]
    for local in named:
        if local.ref is not None and _full(local.ref) == ref:
            return Repository(alias, name, ref, local.folder)
    for local in named:
        if local.ref is None:
            return _at_ref(alias, name, ref, local.folder)
    given = f"; folders are given for {', '.join(f'{n.name}@{n.ref}' for n in named)}" if named else ""
    sentence = f"The repository '{name}' at '{ref}' has no folder on this machine{given}; pass --repository {name}=FOLDER."
    return Repository(alias, name, ref, Path(), missing=sentence)


def _full(ref: str) -> str:
    return ref if ref.startswith("refs/") else f"refs/heads/{ref}"


def _at_ref(alias: str, name: str, ref: str, folder: Path) -> Repository:
    top = _git(folder, "rev-parse", "--show-toplevel", "--is-bare-repository")
    is_root = folder.is_dir() and ((folder / ".git").exists() or (top.returncode == 0 and top.stdout.strip() == "true"))
    if not is_root:
        return Repository(alias, name, ref, folder)
    if _git(folder, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").returncode != 0:
        sentence = f"The git repository {folder} has no ref '{ref}'; fetch it, or pass --repository {name}@{ref}=FOLDER."
        return Repository(alias, name, ref, folder, missing=sentence)
    return Repository(alias, name, ref, folder, git_ref=ref)


@dataclass
class Files:
    """Template files by alias and path, each read and checked once; counts what Azure limits. `extended` are those of `extends`."""

    root: Path
    problems: Problems
    shown_root: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    extended: list[Origin] = field(default_factory=list)
    _files: dict[tuple[str, str], Mapping | None] = field(default_factory=dict)
    _bytes: int = 0

    def __post_init__(self) -> None:
        self.repositories["self"] = Repository("self", "self", "", self.root)

    def add(self, repository: Repository, mark: Mark) -> None:
        known = self.repositories.get(repository.alias.casefold())
        if known and (known.name.casefold(), known.ref) != (repository.name.casefold(), repository.ref):
            raise PipelineError(mark, f"The repository alias '{repository.alias}' is already defined.")
        self.repositories[repository.alias.casefold()] = repository

    def resolve(self, reference: str, start: Origin, mark: Mark) -> Origin:
        """`path` is relative to the file `start`, `/path` and `path@alias` to the root of the repository."""
        if found := re.search(r"\$\([^()]+\)", reference):
            raise PipelineError(mark, f"{found.group()} is not replaced here, because no variable has a value yet.")
        path, at, alias = reference.strip().replace("\\", "/").partition("@")
        alias = (alias if at else start.alias).casefold()
        if alias not in self.repositories:
            known = ", ".join(sorted(self.repositories))
            raise PipelineError(
                mark, f"The repository alias '{alias}' is not defined under resources.repositories; known here: {known}."
            )
        folder = "" if path.startswith("/") or at else posixpath.dirname(start.path)
        full = posixpath.normpath(posixpath.join(folder, path.lstrip("/")))
        return self.origin(alias, full)

    def origin(self, alias: str, path: str) -> Origin:
        shown = posixpath.join(self.shown_root, path) if alias == "self" else f"{path}@{alias}"
        return Origin(shown, alias, path)

    def open(self, origin: Origin, mark: Mark) -> Mapping:
        """The file's top mapping; a mistake in the file is reported once, however often it is included."""
        key = (origin.alias, origin.path)
        if key not in self._files:
            content = self._content(origin, mark)
            self._files[key] = None
            self._files[key] = self._read(origin, content, mark)
        found = self._files[key]
        if found is None:
            raise KnownError(mark)
        return found

    def opened(self) -> list[Mapping]:
        """The files that could be read, in the order in which they were."""
        return [file for file in self._files.values() if file is not None]

    def _content(self, origin: Origin, mark: Mark) -> bytes:
        # The root file includes and is not included.
        if len(self._files) > MAX_FILES:
            raise PipelineError(mark, f"A pipeline may include at most {MAX_FILES} files.")
        repository = self.repositories[origin.alias]
        if repository.missing:
            raise PipelineError(mark, repository.missing)
        content = None if origin.path.startswith("..") else _content(repository, origin, mark)
        if content is None:
            raise PipelineError(mark, f"The file {origin.shown} does not exist; a path is relative to the file that names it.")
        return content

    def _read(self, origin: Origin, content: bytes, mark: Mark) -> Mapping:
        self._bytes += len(content)
        if self._bytes > MAX_BYTES:
            raise PipelineError(mark, f"All files of a pipeline together may have at most {MAX_BYTES // 1024 // 1024} MB.")
        node = load(_decoded(content, origin), origin)
        if not isinstance(node, Mapping):
            raise PipelineError(node.mark, "A pipeline or template file is a mapping, for example with 'steps'.")
        self._check(node)
        # An expression that cannot be read is not reported again where it is evaluated.
        self.problems.settle()
        return node

    def _check(self, node: Mapping) -> None:
        for key, value in node.pairs:
            if key.text == "resources":
                check_expressions(value, self.problems)
            if key.text in _WITHOUT_EXPRESSIONS:
                if key.text != "parameters":
                    _refuse_expressions(value, key.text, self.problems)
            else:
                check_syntax(Mapping([(key, value)], key.mark), self.problems)


def _content(repository: Repository, origin: Origin, mark: Mark) -> bytes | None:
    try:
        return repository.read(origin.path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise PipelineError(mark, f"The file {origin.path[:80]} cannot be read: {reason}.") from error


def _decoded(content: bytes, origin: Origin) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PipelineError(Mark(origin, line, 1), "This is no UTF-8 text; save the file in UTF-8.") from error


def _refuse_expressions(node: Node, section: str, problems: Problems) -> None:
    for scalar in scalars(node):
        if "${{" in scalar.text:
            problems.add(scalar.mark, f"A template expression is not allowed in '{section}'.")
