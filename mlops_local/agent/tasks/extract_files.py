"""ExtractFiles@1: zip and tar archives.

https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/extract-files-v1
"""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from pathlib import Path

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.folders import empty
from mlops_local.agent.globs import choose, files_below, place_of
from mlops_local.agent.tasks.definition import Input, Task, boolean

# Endings by which the task knows the archives that it extracts without 7-zip; those that Python reads too.
_ZIP = (".zip", ".jar", ".war", ".ear")
_TAR = (".tar", ".tar.gz", ".tgz", ".taz", ".tar.bz2", ".tz2", ".tbz2", ".tbz", ".tar.lzma", ".tlz", ".tar.xz", ".txz")


def _run(step: StepContext) -> None:
    archives = _archives(step)
    if not archives:
        step.warn(f"No archive matches {step.text('archiveFilePatterns')}.")
    target = step.path(step.text("destinationFolder"))
    if step.flag("cleanDestinationFolder"):
        inside = [str(archive) for archive in archives if archive.is_relative_to(target)]
        if inside:
            raise TaskFailed(f"Cleaning {target} would delete {', '.join(inside)}; let 'cleanDestinationFolder' be false.")
        empty(target)
    target.mkdir(parents=True, exist_ok=True)
    for archive in archives:
        _extract(step, archive, target)


def _archives(step: StepContext) -> list[Path]:
    found: set[Path] = set()
    for pattern in step.lines("archiveFilePatterns"):
        path = step.path(pattern)
        if "*" in pattern or "?" in pattern:
            found |= set(choose(files_below(place_of(str(path))), path, [str(path)], braces=True, hidden=False))
        elif not path.is_file():
            raise TaskFailed(f"The archive {path} does not exist.")
        else:
            found.add(path)
    return sorted(found)


def _extract(step: StepContext, archive: Path, target: Path) -> None:
    try:
        if archive.name.endswith(_ZIP):
            count = _unzip(archive, target, overwrite=step.flag("overwriteExistingFiles"))
        elif archive.name.endswith(_TAR):
            count = _untar(archive, target, overwrite=step.flag("overwriteExistingFiles"))
        else:
            raise TaskFailed(f"{archive} is neither a zip nor a tar archive; this agent extracts no others.")
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise TaskFailed(f"{archive} cannot be extracted: {error}.") from error
    step.say(f"Extracted {count} files of {archive} to {target}.")


def _unzip(archive: Path, target: Path, *, overwrite: bool) -> int:
    with zipfile.ZipFile(archive) as source:
        files = [each for each in source.infolist() if not each.is_dir()]
        _refuse_existing(archive, target, [each.filename for each in files], overwrite)
        for each in source.infolist():
            place = Path(source.extract(each, target))
            mode = each.external_attr >> 16 & 0o777
            if mode and not each.is_dir():
                place.chmod(mode | 0o600)
    return len(files)


def _untar(archive: Path, target: Path, *, overwrite: bool) -> int:
    """Links and names that lead out of the folder are refused by the filter."""
    with tarfile.open(archive) as source:
        files = [each.name for each in source.getmembers() if not each.isdir()]
        _refuse_existing(archive, target, files, overwrite)
        for name in files:
            _make_room(target / name)
        source.extractall(target, filter="data")
    return len(files)


def _refuse_existing(archive: Path, target: Path, names: list[str], overwrite: bool) -> None:
    there = [name for name in names if (target / name).exists()]
    if there and not overwrite:
        raise TaskFailed(f"{target / there[0]} of {archive} exists already; let 'overwriteExistingFiles' be true.")


def _make_room(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)


EXTRACT_FILES = Task(
    "ExtractFiles",
    1,
    (
        Input("archiveFilePatterns", "**/*.zip", required=True),
        Input("destinationFolder", required=True),
        boolean("cleanDestinationFolder", "true"),
        boolean("overwriteExistingFiles"),
        Input("pathToSevenZipTool", refused="it extracts zip and tar archives, without 7-zip; remove it."),
    ),
    _run,
    guid="5e1e3830-fbfb-11e5-aab1-090c92bc4988",
)
