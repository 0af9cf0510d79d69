"""`checkout`: the repository of the pipeline, or another one, in the workspace of the job.

https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/steps-checkout
"""

from __future__ import annotations

import os
from pathlib import Path

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.history import Fetch
from mlops_local.agent.scalars import parse_number
from mlops_local.agent.steps import CHECKOUT as CHECKOUT_TASK
from mlops_local.agent.tasks.definition import Input, Task, boolean


def is_checkout(task: str) -> bool:
    return task.casefold() == CHECKOUT.guid or task.casefold() == "checkout"


def _run(step: StepContext) -> None:
    repository = step.text("repository") or "self"
    if repository.lower() == "none":
        step.say("This job checks out nothing.")
        return
    try:
        folder = _folder(step, repository)
        step.say(step.run.sources.check_out(repository, folder, Fetch(_depth(step), step.flag("fetchTags"))))
    except LookupError as error:
        raise TaskFailed(str(error.args[0])) from error
    if step.text("submodules").lower() not in ("", "false") and (folder / ".gitmodules").exists():
        raise TaskFailed("This agent checks out no submodules; fetch them in a step of your own.")
    _set_folders(step, repository, folder)


def _folder(step: StepContext, repository: str) -> Path:
    """`s`, or `s/NAME` when the job checks out several repositories; a path starts at the folder of the job."""
    slot = step.job.slot
    if step.text("path"):
        folder = Path(os.path.normpath(slot.workspace / step.text("path")))
        if slot.workspace not in folder.parents:
            raise TaskFailed(f"The path '{step.text('path')}' is not below $(Agent.BuildDirectory).")
        return folder
    return slot.sources / clone_folder(step.run.sources.name_of(repository)) if _is_one_of_several(step) else slot.sources


def _is_one_of_several(step: StepContext) -> bool:
    found = [each for each in step.job.job.steps if is_checkout(each.task) and each.enabled]
    return sum(each.inputs.get("repository", "").lower() != "none" for each in found) > 1


def clone_folder(name: str) -> str:
    """The folder that `git clone` makes of a name or address."""
    return name.rstrip("/").removesuffix(".git").replace(":", "/").rpartition("/")[2]


def _depth(step: StepContext) -> int:
    depth = parse_number(step.text("fetchDepth"))
    if depth is None or depth < 0 or depth != int(depth):
        raise TaskFailed(f"'fetchDepth' is a number of commits, or 0 for all, not '{step.text('fetchDepth')}'.")
    return int(depth)


def _set_folders(step: StepContext, repository: str, folder: Path) -> None:
    """https://learn.microsoft.com/azure/devops/pipelines/repos/multi-repo-checkout#checkout-path"""
    variables, several = step.job.variables, _is_one_of_several(step)
    if not several:
        variables.set("Build.SourcesDirectory", str(folder))
    if repository.lower() == "self" and (not several or step.text("path")):
        variables.set("Build.Repository.LocalPath", str(folder))
    if not several or step.flag("workspaceRepo"):
        variables.set("System.DefaultWorkingDirectory", str(folder))
        step.job.folder = folder


CHECKOUT = Task(
    "checkout",
    1,
    (
        Input("repository", "self"),
        Input("clean"),
        Input("fetchDepth", "1"),
        Input("fetchFilter"),
        boolean("fetchTags"),
        boolean("lfs"),
        Input("path"),
        boolean("persistCredentials"),
        Input("submodules"),
        boolean("workspaceRepo"),
    ),
    _run,
    guid=CHECKOUT_TASK.partition("@")[0],
)
