"""Files with placeholders, `@@name@@`, become the files of a repository. They are data: nothing of a scaffold is executed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from mlops.errors import RepositoryError

FILES = Path(__file__).parent / "files"
_PLACEHOLDER = re.compile(r"@@([a-z]+)@@")
# `dot-gitignore` becomes `.gitignore`: under its own name it would be obeyed where it is kept.
_DOT = "dot-"


def render(folder: Path, values: Mapping[str, str]) -> dict[str, str]:
    """Text by path below the repository, with forward slashes."""
    return {_target(file.relative_to(folder)): _fill(file, values) for file in sorted(_files(folder))}


def _files(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        parts = file.relative_to(folder).parts
        if file.is_file() and not any(part == "__pycache__" or part.startswith(".") for part in parts):
            yield file


def _target(path: Path) -> str:
    return PurePosixPath(*(re.sub(f"^{_DOT}", ".", part) for part in path.parts)).as_posix()


def _fill(file: Path, values: Mapping[str, str]) -> str:
    text = file.read_bytes().decode()
    if unknown := sorted(set(_PLACEHOLDER.findall(text)) - set(values)):
        raise RepositoryError(
            f"{file.name} asks for {', '.join(unknown)}, which this version of mlops does not know: install mlops of that tag first."
        )
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text)
