"""What an update would do to each file: (as it was written, as it is, as it will be written) -> changes. Writes nothing."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlops.errors import RepositoryError
from mlops.scaffold.git import run_git
from mlops.scaffold.record import Record, decode, digest, encode

# What could not be merged stands beside the file under its name with this at the end.
BESIDE = ".new"


@dataclass(frozen=True)
class Change:
    """`before` is the owner's text, `after` what `target` is to hold; a change that has no `target` is only told."""

    action: str
    path: str
    why: str
    target: str = ""
    before: str = ""
    after: str = ""

    def diff(self) -> str:
        if not self.target:
            return ""
        before, after = self.before.splitlines(keepends=True), self.after.splitlines(keepends=True)
        lines = difflib.unified_diff(before, after, f"a/{self.path}" if before else "/dev/null", f"b/{self.target}")
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


@dataclass(frozen=True)
class Comparison:
    """`old` is what the record's tag would write; empty when that tag cannot be read any more."""

    root: Path
    record: Record
    old: Mapping[str, str]
    new: Mapping[str, str]
    environ: Mapping[str, str]

    def changes(self) -> Iterator[Change]:
        for path, text in self.new.items():
            yield from self._of_file(path, text)
        for path in sorted(set(self.record.files) - set(self.new)):
            if self._read(path) is not None:
                yield Change("retire", path, "the templates do not bring it any more: remove it if you do not need it")

    def _of_file(self, path: str, new: str) -> Iterator[Change]:
        there, written = self._read(path), self.record.files.get(path)
        if there == new or written == digest(new):
            return
        if there is None and written is None:
            yield Change("add", path, "new at this tag", path, "", new)
        elif there is None:
            yield Change("leave out", path, "you have removed it")
        elif written == digest(there):
            yield Change("replace", path, "you have not edited it", path, there, new)
        else:
            yield self._merge(path, there, new)

    def _merge(self, path: str, there: str, new: str) -> Change:
        base = self._base(path)
        if base is None:
            return self._beside(path, there, new, "you have edited it, and what it was made from is not known")
        merged = merge(there, base, new, self.environ)
        if merged is None:
            return self._beside(path, there, new, "you have edited the lines that change")
        if merged == there:
            return Change("keep", path, "your edits hold the new text already")
        return Change("merge", path, "your edits are kept", path, there, merged)

    def _base(self, path: str) -> str | None:
        """A tag that has been moved renders something else than what was written."""
        base = self.old.get(path)
        return base if base is not None and digest(base) == self.record.files.get(path) else None

    def _beside(self, path: str, there: str, new: str, why: str) -> Change:
        target = f"{path}{BESIDE}"
        return Change("put beside", path, f"{why}: it stays, and the new text goes to {target}", target, there, new)

    def _read(self, path: str) -> str | None:
        file = self.root / path
        if file.exists() and not (file.is_file() and file.resolve().is_relative_to(self.root)):
            raise RepositoryError(f"{path} is a folder, or a link that leads out of the repository: move it away first.")
        return decode(file.read_bytes()) if file.exists() else None


def merge(mine: str, base: str, new: str, environ: Mapping[str, str]) -> str | None:
    """Both changes of `base`, or None when they touch the same lines: https://git-scm.com/docs/git-merge-file"""
    with tempfile.TemporaryDirectory(prefix="mlops-merge-") as temporary:
        folder = Path(temporary)
        for name, text in (("mine", mine), ("base", base), ("new", new)):
            (folder / name).write_bytes(encode(text))
        done = run_git(folder, "merge-file", "--stdout", "mine", "base", "new", environ=environ)
    return decode(done.stdout) if done.returncode == 0 else None
