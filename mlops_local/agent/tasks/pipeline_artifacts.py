"""PublishPipelineArtifact@1 and @0, and DownloadPipelineArtifact@2, also as `publish:` and `download:`.

https://learn.microsoft.com/azure/devops/pipelines/artifacts/pipeline-artifacts
"""

from __future__ import annotations

import re
from pathlib import Path

from mlops_local.agent.artifacts import Artifact, ArtifactError
from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.folders import copy_any
from mlops_local.agent.globs import choose
from mlops_local.agent.later import later
from mlops_local.agent.tasks.definition import Input, Task, boolean
from mlops_local.agent.uploads import files_of, refuse_secrets

_pathspec = later("pathspec")
_IGNORE = ".artifactignore"
_NO_PROPERTIES = "properties of artifacts are kept by Azure DevOps alone; remove it."
_SPECIFIC = ("source", ("specific",))
OTHER_RUNS = "this agent has the artifacts of the current run only; remove it."


def _publish(step: StepContext) -> None:
    source = step.path(step.text("targetPath"))
    if not source.exists():
        raise TaskFailed(f"The path {source} does not exist; there is nothing to publish.")
    files = _not_ignored(source)
    refuse_secrets(step, files)
    try:
        artifact = step.run.record.artifacts.publish(step.text("artifactName") or _name_of_job(step))
    except ArtifactError as error:
        raise TaskFailed(str(error)) from error
    artifact.folder.mkdir(parents=True)
    for file in files:
        copy_any(file, artifact.folder / (file.name if file == source else file.relative_to(source)))
    step.say(f"Published {len(files)} files of {source} as the artifact '{artifact.name}'.")


def _not_ignored(source: Path) -> list[Path]:
    """Without what `.artifactignore` names, in the way of `.gitignore`."""
    files = files_of(source)
    ignore = source / _IGNORE
    if not ignore.is_file():
        return files
    spec = _pathspec().GitIgnoreSpec.from_lines(ignore.read_text(encoding="utf-8").splitlines())
    return [file for file in files if file != ignore and not spec.match_file(file.relative_to(source).as_posix())]


def _name_of_job(step: StepContext) -> str:
    """`Stage.Job`, and the leg of a matrix: https://github.com/microsoft/azure-pipelines-agent, NormalizeJobIdentifier."""
    job = step.job
    leg = job.record.name.removeprefix(job.job.name).removeprefix("_")
    named = ".".join(filter(None, [job.stage.name, job.job.name, leg]))
    return re.sub(r"[^a-zA-Z0-9 .-]", "", named)


def _download(step: StepContext) -> None:
    if step.text("source").lower() == "none":
        step.say("This job downloads no artifacts.")
        return
    target, wanted = step.path(step.text("path")), step.text("artifact")
    target.mkdir(parents=True, exist_ok=True)
    for name in [wanted] if wanted else step.run.record.artifacts.names:
        artifact = find_artifact(step, name)
        # Patterns of a single pipeline artifact begin inside of it, all others with the artifact's name.
        inside = artifact.container if wanted else name
        fetch(step, artifact, inside, target if wanted else target / name, "patterns")
    step.set_variable("BuildNumber", step.job.variables.get("Build.BuildId") or "", output=True)


def find_artifact(step: StepContext, name: str) -> Artifact:
    try:
        return step.run.record.artifacts.find(name)
    except ArtifactError as error:
        raise TaskFailed(str(error)) from error


def fetch(step: StepContext, artifact: Artifact, inside: str, target: Path, patterns: str) -> None:
    """Files whose path, with `inside` before it, fits the patterns of that input."""
    files = files_of(artifact.folder)
    shown = {artifact.folder / inside / file.relative_to(artifact.folder): file for file in files}
    chosen = choose(shown, artifact.folder, step.lines(patterns) or ["**"])
    for file in (shown[path] for path in chosen):
        copy_any(file, target / file.relative_to(artifact.folder))
    step.say(f"Downloaded {len(chosen)} of {len(files)} files of the artifact '{artifact.name}' to {target}.")


PUBLISH = Task(
    "PublishPipelineArtifact",
    1,
    (
        Input("targetPath", "$(Pipeline.Workspace)", aliases=("path",), required=True),
        Input("artifactName", aliases=("artifact",)),
        Input(
            "artifactType",
            "pipeline",
            aliases=("publishLocation",),
            required=True,
            options=("pipeline", "filepath"),
            done=("pipeline",),
        ),
        Input(
            "fileSharePath",
            required=True,
            when=("artifactType", ("filepath",)),
            refused="it publishes to the pipeline only; remove it.",
        ),
        boolean("parallel"),
        Input("parallelCount", "8"),
        Input("properties", refused=_NO_PROPERTIES),
    ),
    _publish,
    guid="ecdc45f6-832d-4ad9-b52b-ee49e94659be",
)
PUBLISH_0 = Task(
    "PublishPipelineArtifact",
    0,
    (
        Input("artifactName", "drop", required=True),
        Input("targetPath", required=True),
        Input("properties", refused=_NO_PROPERTIES),
    ),
    _publish,
    guid="ecdc45f6-832d-4ad9-b52b-ee49e94659be",
)
DOWNLOAD = Task(
    "DownloadPipelineArtifact",
    2,
    (
        # `download: ALIAS` names a pipeline of the resources, and `download: none` no artifacts at all.
        Input("source", "current", aliases=("buildType",), required=True, done=("current", "none")),
        Input("project", required=True, when=_SPECIFIC, refused=OTHER_RUNS),
        Input("pipeline", aliases=("definition",), required=True, when=_SPECIFIC, refused=OTHER_RUNS),
        boolean("preferTriggeringPipeline", aliases=("specificBuildWithTriggering",), refused=OTHER_RUNS),
        Input(
            "runVersion",
            "latest",
            aliases=("buildVersionToDownload",),
            options=("latest", "latestFromBranch", "specific"),
            refused=OTHER_RUNS,
        ),
        Input("runBranch", "refs/heads/master", aliases=("branchName",), refused=OTHER_RUNS),
        Input("runId", aliases=("pipelineId", "buildId"), required=True, when=("runVersion", ("specific",)), refused=OTHER_RUNS),
        Input("tags", refused=OTHER_RUNS),
        boolean("allowPartiallySucceededBuilds", refused=OTHER_RUNS),
        boolean("allowFailedBuilds", refused=OTHER_RUNS),
        Input("artifact", aliases=("artifactName",)),
        Input("patterns", "**", aliases=("itemPattern",)),
        Input("path", "$(Pipeline.Workspace)", aliases=("targetPath", "downloadPath"), required=True),
    ),
    _download,
    guid="61f2a582-95ae-4948-b34d-a1b3c4f6a737",
)
