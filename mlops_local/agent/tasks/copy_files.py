"""CopyFiles@2.

https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/copy-files-v2
"""

from __future__ import annotations

import shutil
from pathlib import Path

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.folders import empty
from mlops_local.agent.globs import find_files
from mlops_local.agent.tasks.definition import Input, Task, boolean

_NO_RETRIES = "a copy on this machine is not tried again; remove it."


def _run(step: StepContext) -> None:
    source, target = step.path(step.text("SourceFolder")), step.path(step.text("TargetFolder"))
    if not source.is_dir():
        raise TaskFailed(f"The source folder {source} does not exist.")
    files = find_files(source, step.lines("Contents"))
    # As in the task, nothing happens to the target when there is nothing to copy.
    if files and step.flag("CleanTargetFolder"):
        empty(target)
    copied = sum(
        _copy(step, file, target / (file.name if step.flag("flattenFolders") else file.relative_to(source))) for file in files
    )
    step.say(f"Copied {copied} of {len(files)} files from {source} to {target}.")


def _copy(step: StepContext, file: Path, place: Path) -> bool:
    if place.is_dir():
        raise TaskFailed(f"The file {file} cannot be copied: {place} is a folder.")
    if place.exists() and not step.flag("OverWrite"):
        return False
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, place)
    if step.flag("preserveTimestamp"):
        shutil.copystat(file, place)
    return True


COPY_FILES = Task(
    "CopyFiles",
    2,
    (
        Input("SourceFolder"),
        Input("Contents", "**", required=True),
        Input("TargetFolder", required=True),
        boolean("CleanTargetFolder"),
        boolean("OverWrite"),
        boolean("flattenFolders"),
        boolean("preserveTimestamp"),
        Input("retryCount", "0", refused=_NO_RETRIES),
        Input("delayBetweenRetries", "1000"),
        boolean("ignoreMakeDirErrors", refused="a folder that cannot be made fails the step; remove it."),
    ),
    _run,
    guid="5bfb729a-a7c8-4a78-a7c3-8d717bb7c13c",
)
