"""Files reach the disk whole or not at all."""

from __future__ import annotations

import glob
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from mlops.errors import RepositoryError
from mlops.scaffold.git import demand_git
from mlops.scaffold.record import encode


def write_repository(folder: Path, files: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """All files and an empty history. Made beside its place and renamed, so that the place never holds half of it."""
    _require_empty(folder)
    beside = folder.with_name(f".{folder.name}.init-{os.getpid()}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        for path, text in files.items():
            _write(beside / path, text)
        demand_git(beside, "init", "--quiet", "--initial-branch", "main", environ=environ)
        # Takes the place of an empty folder, and of nothing else: https://man7.org/linux/man-pages/man2/rename.2.html
        beside.rename(folder)
    except OSError as error:
        raise RepositoryError(f"{folder} cannot be written ({error.strerror}): name another folder.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def replace_file(file: Path, text: str) -> None:
    """With the mode of the file that was there."""
    beside = file.with_name(f".{file.name}.update-{os.getpid()}")
    try:
        _write(beside, text)
        if file.exists():
            shutil.copymode(file, beside)
        beside.replace(file)
    except OSError as error:
        raise RepositoryError(f"{file} cannot be written ({error.strerror}); what was written before it stays.") from error
    finally:
        beside.unlink(missing_ok=True)


def _require_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() or folder.is_symlink():
        raise RepositoryError(f"{folder} is there and is not an empty folder: name one that is new or empty.")


def _remove_leftovers(folder: Path) -> None:
    """What an init left that was killed; one that is still at work is left alone."""
    for other in folder.parent.glob(f".{glob.escape(folder.name)}.init-*"):
        number = re.fullmatch(r"[0-9]+", other.name.rpartition("-")[2])
        if number and not Path("/proc", number[0]).exists():
            shutil.rmtree(other, ignore_errors=True)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(encode(text))
