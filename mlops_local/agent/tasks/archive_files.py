"""ArchiveFiles@2: zip and tar archives.

https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/archive-files-v2
"""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.tasks.definition import Input, Task, boolean

_COMPRESSED: dict[str, Literal["w:gz", "w:bz2", "w:xz"]] = {"gz": "w:gz", "bz2": "w:bz2", "xz": "w:xz"}


def _run(step: StepContext) -> None:
    root, archive = step.path(step.text("rootFolderOrFile")), step.path(step.text("archiveFile"))
    if not root.exists():
        raise TaskFailed(f"There is no file or folder {root}; there is nothing to archive.")
    if archive.is_dir():
        raise TaskFailed(f"The archive {archive} cannot be written: it is a folder.")
    if step.flag("replaceExistingArchive"):
        archive.unlink(missing_ok=True)
    start = root.parent if step.flag("includeRootFolder") or root.is_file() else root
    # Read before the archive is made, which may lie in the folder itself.
    entries = [(path, path.relative_to(start).as_posix()) for path in _entries(root, start) if path != archive]
    archive.parent.mkdir(parents=True, exist_ok=True)
    (_zip if step.text("archiveType").lower() == "zip" else _tar)(step, archive, entries)
    step.say(f"Archived {len(entries)} files and folders of {root} in {archive}.")


def _entries(root: Path, start: Path) -> Iterator[Path]:
    if root != start:
        yield root
    if root.is_dir():
        yield from sorted(root.rglob("*"))


def _zip(step: StepContext, archive: Path, entries: list[tuple[Path, str]]) -> None:
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED, strict_timestamps=False) as target:
        there = set(target.namelist())
        for path, name in entries:
            if name in there:
                raise TaskFailed(f"{archive} holds {name} already; let 'replaceExistingArchive' be true.")
            target.write(path, name)


def _tar(step: StepContext, archive: Path, entries: list[tuple[Path, str]]) -> None:
    compressed = _COMPRESSED.get(step.text("tarCompression").lower())
    if archive.exists() and compressed:
        raise TaskFailed(f"{archive} exists, and tar adds nothing to a compressed archive; let 'replaceExistingArchive' be true.")
    with tarfile.open(archive, compressed) if compressed else tarfile.open(archive, "a") as target:
        for path, name in entries:
            target.add(path, name, recursive=False)


ARCHIVE_FILES = Task(
    "ArchiveFiles",
    2,
    (
        Input("rootFolderOrFile", "$(Build.BinariesDirectory)", required=True),
        boolean("includeRootFolder", "true"),
        Input("archiveType", "zip", required=True, options=("zip", "7z", "tar", "wim"), done=("zip", "tar")),
        Input(
            "sevenZipCompression",
            "normal",
            options=("ultra", "maximum", "normal", "fast", "fastest", "none"),
            refused="it makes no 7z archives; remove it.",
        ),
        Input("tarCompression", "gz", options=("gz", "bz2", "xz", "none")),
        Input("archiveFile", "$(Build.ArtifactStagingDirectory)/$(Build.BuildId).zip", required=True),
        boolean("replaceExistingArchive", "true"),
        boolean("verbose"),
        boolean("quiet"),
    ),
    _run,
    guid="d8b84976-e99a-4b86-b885-4849694435b0",
)
