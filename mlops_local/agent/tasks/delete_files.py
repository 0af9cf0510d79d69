"""DeleteFiles@1.

https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/delete-files-v1
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.folders import remove
from mlops_local.agent.globs import choose
from mlops_local.agent.tasks.definition import Input, Task, boolean


def _run(step: StepContext) -> None:
    folder, patterns = step.path(step.text("SourceFolder")), step.lines("Contents")
    everything = list(_below(folder))
    chosen = choose(everything, folder, patterns, braces=True, names=True, hidden=step.flag("RemoveDotFiles"))
    kept = set(everything) - set(chosen)
    if any(pattern.startswith("!") for pattern in patterns):
        # A folder that holds something to keep is not deleted as a whole.
        chosen = [path for path in chosen if not any(path in each.parents for each in kept)]
    for path in sorted(chosen, key=lambda each: len(each.parts), reverse=True):
        _delete(path, step)
    step.say(f"Deleted {len(chosen)} files and folders below {folder}.")
    if step.flag("RemoveSourceFolder") and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _below(folder: Path) -> Iterator[Path]:
    for top, folders, files in os.walk(folder):
        yield from (Path(top, name) for name in (*folders, *files))


def _delete(path: Path, step: StepContext) -> None:
    """Nothing outside of what belongs to this agent: the rest of the machine is its owner's."""
    if not path.resolve().is_relative_to(step.job.slot.folder.resolve()) and not path.is_symlink():
        raise TaskFailed(f"{path} lies outside of the folders of this job and was not deleted.")
    remove(path)


DELETE_FILES = Task(
    "DeleteFiles",
    1,
    (
        Input("SourceFolder"),
        Input("Contents", "myFileShare", required=True),
        boolean("RemoveSourceFolder"),
        boolean("RemoveDotFiles"),
    ),
    _run,
    guid="b7e8b412-0437-4065-9371-edc5881de25b",
)
