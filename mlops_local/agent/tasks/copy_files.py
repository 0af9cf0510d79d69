"""CopyFiles@2.

https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/copy-files-v2
"""

from __future__ import annotations

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.folders import copy_any, remove
from mlops_local.agent.globs import find_files
from mlops_local.agent.tasks.definition import Input, Task, boolean


def _run(step: StepContext) -> None:
    source, target = step.path(step.text("SourceFolder")), step.path(step.text("TargetFolder"))
    if not source.is_dir():
        raise TaskFailed(f"The source folder {source} does not exist.")
    if step.flag("CleanTargetFolder"):
        remove(target)
    target.mkdir(parents=True, exist_ok=True)
    copied = 0
    for file in find_files(source, step.lines("Contents")):
        place = target / (file.name if step.flag("flattenFolders") else file.relative_to(source))
        if step.flag("OverWrite") or not place.exists():
            copy_any(file, place)
            copied += 1
    step.say(f"Copied {copied} files from {source} to {target}.")


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
        Input("retryCount", "0"),
        Input("delayBetweenRetries", "1000"),
        boolean("ignoreMakeDirErrors"),
    ),
    _run,
)
