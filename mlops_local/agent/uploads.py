"""Files that leave a job: copied as they are, so never one that holds a secret."""

from __future__ import annotations

import gzip
import itertools
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mlops_local.agent.artifacts import ArtifactError
from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.folders import copy_any
from mlops_local.agent.record import file_name

_TARS = (".tar", ".gz", ".tgz", ".bz2", ".xz")
_ENCRYPTED = 1
# Whatever is named like an archive and is none, or is a broken one.
_UNREADABLE = (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, zlib.error, NotImplementedError)


def refuse_secrets(step: StepContext, files: list[Path]) -> None:
    for file in files:
        if step.run.masker.finds(str(file).encode()) or any(map(step.run.masker.finds, contents_of(file))):
            raise TaskFailed(f"The file {file} holds a secret and was not published; remove the secret from it.")


def contents_of(file: Path) -> Iterator[bytes]:
    """What is in a file, and what is in the files of an archive as far as it can be read."""
    yield file.read_bytes()
    with suppress(*_UNREADABLE):
        yield from _packed(file)


def _packed(file: Path) -> Iterator[bytes]:
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            yield from (archive.read(member) for member in archive.infolist() if not member.flag_bits & _ENCRYPTED)
    elif file.suffix in _TARS and tarfile.is_tarfile(file):
        with tarfile.open(file) as packed:
            yield from (found.read() for member in packed if (found := packed.extractfile(member)))
    elif file.suffix == ".gz":
        yield gzip.decompress(file.read_bytes())


def files_of(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())


def keep_text(step: StepContext, kind: str, name: str, text: str) -> None:
    """A text, masked, in the folder of that kind that the job has in the record; of two with one name both are kept."""
    folder = kept_in(step, kind)
    folder.mkdir(parents=True, exist_ok=True)
    stem, dot, ending = name.partition(".")
    for number in itertools.count(1):
        target = folder / (name if number == 1 else f"{stem}-{number}{dot}{ending}")
        if not target.exists():
            target.write_text(step.run.masker.mask(text), encoding="utf-8")
            return


def kept_in(step: StepContext, kind: str) -> Path:
    return step.run.record.folder / kind / file_name(step.job.stage.name) / file_name(step.job.record.name)


def upload(step: StepContext, source: Path, name: str, container: str) -> None:
    """A file or the content of a folder into a container of files; an empty folder is only warned of, as on Azure."""
    files = files_of(source)
    if not files:
        step.warn(f"The folder {source} is empty; nothing was added to the artifact '{name}'.")
        return
    refuse_secrets(step, files)
    try:
        target = step.run.record.artifacts.grow(name, container).folder
    except ArtifactError as error:
        raise TaskFailed(str(error)) from error
    copy_any(source, target if source.is_dir() else target / source.name)
    step.say(f"Added {len(files)} files of {source} to the artifact '{name}'.")
