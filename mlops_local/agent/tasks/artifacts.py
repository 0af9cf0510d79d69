"""PublishPipelineArtifact@1 and DownloadPipelineArtifact@2, also as `publish:` and `download:`.

https://learn.microsoft.com/azure/devops/pipelines/artifacts/pipeline-artifacts
"""

from __future__ import annotations

from pathlib import Path

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.folders import copy_any
from mlops_local.agent.globs import find_files
from mlops_local.agent.obey import refuse_secrets
from mlops_local.agent.tasks.definition import Input, Task, boolean


def _publish(step: StepContext) -> None:
    source = step.path(step.text("targetPath"))
    if step.text("publishLocation").lower() not in ("pipeline", "container"):
        raise TaskFailed("This agent publishes artifacts to the pipeline only; remove 'publishLocation: filepath'.")
    if not source.exists():
        raise TaskFailed(f"The path {source} does not exist; there is nothing to publish.")
    refuse_secrets(step, source)
    name = step.text("artifact") or f"{step.job.stage.name}.{step.job.job.name}"
    try:
        target = step.run.record.claim_artifact(name)
    except FileExistsError as error:
        raise TaskFailed(str(error)) from error
    copy_any(source, target if source.is_dir() else target / source.name)
    step.say(f"Published {source} as the artifact '{name}'.")


def _download(step: StepContext) -> None:
    if step.text("buildType").lower() == "none":
        step.say("This job downloads no artifacts.")
        return
    if step.text("buildType").lower() != "current":
        raise TaskFailed("This agent has the artifacts of the current run only; use 'download: current'.")
    wanted = step.text("artifactName")
    published = sorted(step.run.record.artifacts)
    if wanted and wanted not in published:
        raise TaskFailed(f"The artifact '{wanted}' is not published in this run; there are: {', '.join(published) or 'none'}.")
    target = step.job.slot.workspace / step.text("targetPath")
    for name in [wanted] if wanted else published:
        _fetch(step, name, target if step.text("targetPath") and wanted else target / name)


def _fetch(step: StepContext, name: str, target: Path) -> None:
    source = step.run.record.artifact(name)
    files = find_files(source, step.lines("itemPattern") or ["**"])
    for file in files:
        copy_any(file, target / file.relative_to(source))
    step.say(f"Downloaded {len(files)} files of the artifact '{name}' to {target}.")


PUBLISH = Task(
    "PublishPipelineArtifact",
    1,
    (
        Input("targetPath", "$(Pipeline.Workspace)", aliases=("path",), required=True),
        Input("artifact", aliases=("artifactName",)),
        Input("publishLocation", "pipeline", aliases=("artifactType",), options=("pipeline", "filepath")),
        Input("fileSharePath"),
        boolean("parallel"),
        Input("parallelCount", "8"),
        Input("properties"),
    ),
    _publish,
    guid="ecdc45f6-832d-4ad9-b52b-ee49e94659be",
)
DOWNLOAD = Task(
    "DownloadPipelineArtifact",
    2,
    (
        Input("buildType", "current", aliases=("source",)),
        Input("artifactName", aliases=("artifact",)),
        Input("itemPattern", "**", aliases=("patterns",)),
        Input("targetPath", aliases=("path", "downloadPath")),
        Input("project"),
        Input("definition", aliases=("pipeline",)),
        Input("buildVersionToDownload", aliases=("runVersion",)),
        Input("pipelineId", aliases=("runId",)),
        Input("tags"),
        Input("branchName", aliases=("runBranch",)),
    ),
    _download,
    guid="61f2a582-95ae-4948-b34d-a1b3c4f6a737",
)
