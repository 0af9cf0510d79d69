"""Where the files of stages and versions are kept.

A stage, a user or a table owns the folder ``stages/<object id>``, a version of a dataset or a model ``versions/<object id>``:
ids are never used twice, so a rename moves no file and a replaced stage is empty. Files are removed after the statement that
drops their owner has committed; what a killed process left behind is removed when the account opens again.
https://docs.snowflake.com/en/user-guide/data-load-local-file-system-create-stage
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError


@dataclass(frozen=True)
class StagedFile:
    """One file: its path inside its folder, as Snowflake shows it, and where it is."""

    relative: str
    path: Path
    size: int
    modified: datetime


def safe_path(relative: str) -> PurePosixPath:
    """A path inside a stage; one that leads out of it is refused."""
    parts = [part for part in relative.split("/") if part not in {"", "."}]
    if ".." in parts or any("\0" in part or "\\" in part for part in parts):
        detail = f"invalid path '{relative}': it may not contain '..', a backslash or NUL."
        raise AccountError(1011, "22023", f"SQL compilation error:\n{detail}")
    return PurePosixPath(*parts)


def list_files(folder: Path, prefix: str = "") -> list[StagedFile]:
    """Files whose path begins with the prefix, by path. Snowflake's prefix is text, not a folder."""
    found = (path for path in _walk(folder) if path.relative_to(folder).as_posix().startswith(prefix))
    described = (_describe(folder, path) for path in sorted(found))
    return [file for file in described if file is not None]


def _walk(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _describe(folder: Path, path: Path) -> StagedFile | None:
    """None when somebody has removed the file meanwhile."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    modified = datetime.fromtimestamp(stat.st_mtime, tz=UTC)
    return StagedFile(path.relative_to(folder).as_posix(), path, stat.st_size, modified)


class Stages:
    """The files of one account: below its data folder, or in a temporary one that ends with it."""

    def __init__(self, data: Path | None) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="account-") if data is None else None
        self.root = Path(self._temporary.name) if self._temporary else data or Path()
        self.incoming = self.root / "incoming"
        self.unpacked = self.root / "unpacked"
        # Not of any stage: what a statement puts by while it runs.
        self.spilled = self.root / "spilled"
        self._digests: dict[tuple[str, int, int], str] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        if self._temporary is not None:
            self._temporary.cleanup()

    @property
    def folders(self) -> tuple[Path, ...]:
        """Everywhere that a file of a stage can be while a statement reads it."""
        return (self.root / "stages", self.root / "versions", self.incoming, self.unpacked)

    def folder(self, owner: Entry) -> Path:
        """The folder of a stage, of a user (``@~``) or of a table (``@%t``)."""
        return self.root / "stages" / str(owner.id)

    def folder_of_version(self, version: Entry) -> Path:
        """The folder of a version of a dataset or a model."""
        return self.root / "versions" / str(version.id)

    def place(self, body: Path, folder: Path, relative: str) -> Path:
        """Moves a complete file to its path in the folder, all at once; readers see the old one or the new one."""
        target = folder / safe_path(relative)
        target.parent.mkdir(parents=True, exist_ok=True)
        with body.open("rb+") as file:
            os.fsync(file.fileno())
        body.replace(target)
        return target

    def remove(self, file: StagedFile, folder: Path) -> None:
        """Removes one file and the folders that it leaves empty."""
        file.path.unlink(missing_ok=True)
        for parent in file.path.parents:
            if parent == folder or any(parent.iterdir()):
                break
            parent.rmdir()

    def discard(self, owners: Iterable[int]) -> None:
        """The folders of objects that are gone."""
        for id_ in owners:
            for kind in ("stages", "versions"):
                shutil.rmtree(self.root / kind / str(id_), ignore_errors=True)

    def sweep(self, living: set[int]) -> None:
        """Removes what no object owns: left by a process that ended between a file and its commit."""
        for kind in ("stages", "versions"):
            folder = self.root / kind
            names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
            self.discard(int(name) for name in names if name.isdigit() and int(name) not in living)
        for folder in (self.incoming, self.unpacked, self.spilled):
            shutil.rmtree(folder, ignore_errors=True)

    def md5(self, file: StagedFile) -> str:
        """The MD5 that LIST shows, computed once per content."""
        key = (str(file.path), file.size, int(file.modified.timestamp() * 1_000_000))
        with self._lock:
            known = self._digests.get(key)
        if known is None:
            try:
                known = _md5(file.path)
            except FileNotFoundError as error:
                raise AccountError(2003, "02000", f"File '{file.relative}' has been removed while it was read.") from error
            with self._lock:
                self._digests[key] = known
        return known


def _md5(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
