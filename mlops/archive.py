"""Code for Snowflake to import: a function's own files, or the part of the machine that runs inside together with the content."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mlops.collect import FAMILIES

_MODULES = (
    "__init__",
    "errors",
    "names",
    "typed",
    "statements",
    "thresholds",
    "outputs",
    "marks",
    "collect",
    "archive",
    "fingerprint",
    "properties",
    "estimate",
    "guard",
    "labels",
    "rows",
    "datasets",
    "tables",
    "gates",
    "ledger",
    "runs",
    "cards",
)
_PACKAGES = ("definitions", "inside")
# The oldest date a zip can hold: the same files always give the same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)

Entry = tuple[str, Path]


@dataclass(frozen=True)
class Archive:
    content: bytes
    digest: str

    @property
    def path(self) -> str:
        """Below its stage. New content is a new path, so nothing is pulled from under a procedure that runs."""
        return f"{self.digest}/code.zip"


def code_archive(root: Path) -> Archive:
    machine = Path(__file__).parent
    own = [(f"mlops/{module}.py", machine / f"{module}.py") for module in _MODULES]
    packages = [(f"mlops/{name}/{file.name}", file) for name in _PACKAGES for file in (machine / name).glob("*.py")]
    # A repository need not have every family.
    content = [entry for family in FAMILIES if (root / family).is_dir() for entry in _python_files(root, root / family)]
    return _zip((*own, *packages, *content))


def function_archive(root: Path, files: Iterable[str]) -> Archive:
    return _zip(entry for file in files for entry in (*_packages_above(root, file), *_python_files(root, root / file)))


def _python_files(root: Path, path: Path) -> Iterator[Entry]:
    for file in sorted(path.rglob("*.py")) if path.is_dir() else (path,):
        yield file.relative_to(root).as_posix(), file


def _packages_above(root: Path, file: str) -> Iterator[Entry]:
    for folder in PurePosixPath(file).parents:
        package = root / folder / "__init__.py"
        if folder.name and package.is_file():
            yield (folder / "__init__.py").as_posix(), package


def _zip(entries: Iterable[Entry]) -> Archive:
    contents = {name: file.read_bytes() for name, file in entries}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted((_missing_packages(contents) | contents).items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    content = buffer.getvalue()
    return Archive(content, hashlib.sha256(content).hexdigest()[:16])


def _missing_packages(names: Iterable[str]) -> dict[str, bytes]:
    """A folder without `__init__.py` can be imported from a disk, but not from an archive without entries for folders."""
    folders = {folder for name in names for folder in PurePosixPath(name).parents if folder.name}
    return {(folder / "__init__.py").as_posix(): b"" for folder in folders}
