"""`checkout`: the repository of the pipeline, or another one, in the workspace of the job.

https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/steps-checkout
"""

from __future__ import annotations

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.steps import CHECKOUT as CHECKOUT_TASK
from mlops_local.agent.tasks.definition import Input, Task, boolean


def is_checkout(task: str) -> bool:
    return task.casefold() == CHECKOUT.guid or task.casefold() == "checkout"


def _run(step: StepContext) -> None:
    repository = step.text("repository") or "self"
    if repository.lower() == "none":
        step.say("This job checks out nothing.")
        return
    slot = step.job.slot
    several = sum(1 for each in step.job.job.steps if is_checkout(each.task)) > 1
    folder = slot.workspace / step.text("path") if step.text("path") else slot.sources
    if several and not step.text("path"):
        folder = slot.sources / (
            step.job.variables.get("Build.Repository.Name") or "self" if repository == "self" else repository
        )
    try:
        said = step.run.sources.check_out(repository, folder)
    except LookupError as error:
        raise TaskFailed(str(error.args[0])) from error
    step.say(said)


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
