"""PublishBuildArtifacts@1, DownloadBuildArtifacts@1 and @0: containers of files, which other steps may add to.

https://learn.microsoft.com/azure/devops/pipelines/artifacts/build-artifacts
"""

from __future__ import annotations

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.folders import empty
from mlops_local.agent.tasks.definition import Input, Task, boolean
from mlops_local.agent.tasks.pipeline_artifacts import OTHER_RUNS, fetch, find_artifact
from mlops_local.agent.uploads import upload

_NO_TAR = "it neither packs nor unpacks archives of artifacts; use ArchiveFiles@2 or ExtractFiles@1."
_NO_SHARE = "it publishes to the run only; remove it."


def _publish(step: StepContext) -> None:
    source, name = step.path(step.text("PathtoPublish")), step.text("ArtifactName")
    if not source.exists():
        raise TaskFailed(f"The path {source} does not exist; there is nothing to publish.")
    upload(step, source, name, name)


def _download(step: StepContext) -> None:
    target = step.path(step.text("downloadPath"))
    if step.flag("cleanDestinationFolder"):
        empty(target)
    target.mkdir(parents=True, exist_ok=True)
    single = step.text("downloadType").lower() == "single"
    if single and not step.text("artifactName"):
        raise TaskFailed("A single artifact needs the input 'artifactName'; or write 'downloadType: specific'.")
    for name in [step.text("artifactName")] if single else step.run.record.artifacts.names:
        artifact = find_artifact(step, name)
        if artifact.container:
            fetch(step, artifact, artifact.container, target / artifact.container, "itemPattern")
        elif step.step.version == 0:
            raise TaskFailed(f"'{name}' is a pipeline artifact; DownloadBuildArtifacts@0 takes build artifacts only.")
        else:
            fetch(step, artifact, "" if single else name, target if single else target / name, "itemPattern")
    step.set_variable("BuildNumber", step.job.variables.get("Build.BuildId") or "", output=True)


PUBLISH_BUILD_ARTIFACTS = Task(
    "PublishBuildArtifacts",
    1,
    (
        Input("PathtoPublish", "$(Build.ArtifactStagingDirectory)", required=True),
        Input("ArtifactName", "drop", required=True),
        Input(
            "ArtifactType",
            "Container",
            aliases=("publishLocation",),
            required=True,
            options=("Container", "FilePath"),
            done=("Container",),
        ),
        Input("MaxArtifactSize", "0", refused="it limits no sizes; remove it."),
        Input("TargetPath", required=True, when=("ArtifactType", ("FilePath",)), refused=_NO_SHARE),
        boolean("Parallel"),
        Input("ParallelCount", "8"),
        boolean("StoreAsTar", refused=_NO_TAR),
    ),
    _publish,
    guid="2ff763a7-ce83-4e1f-bc89-0ae63477cebe",
)
_SPECIFIC = ("buildType", ("specific",))
_DOWNLOAD_INPUTS = (
    Input("buildType", "current", required=True, options=("current", "specific"), done=("current",)),
    Input("project", required=True, when=_SPECIFIC, refused=OTHER_RUNS),
    Input("definition", aliases=("pipeline",), required=True, when=_SPECIFIC, refused=OTHER_RUNS),
    boolean("specificBuildWithTriggering", refused=OTHER_RUNS),
    Input("buildVersionToDownload", "latest", options=("latest", "latestFromBranch", "specific"), refused=OTHER_RUNS),
    boolean("allowPartiallySucceededBuilds", refused=OTHER_RUNS),
    Input("branchName", "refs/heads/master", refused=OTHER_RUNS),
    Input("buildId", required=True, when=("buildVersionToDownload", ("specific",)), refused=OTHER_RUNS),
    Input("tags", refused=OTHER_RUNS),
    Input("downloadType", "single", required=True, options=("single", "specific")),
    Input("artifactName", required=True, when=("downloadType", ("single",))),
    Input("itemPattern", "**"),
    Input("downloadPath", "$(System.ArtifactsDirectory)", required=True),
    boolean("cleanDestinationFolder"),
    Input("parallelizationLimit", "8"),
    boolean("checkDownloadedFiles"),
    Input("retryDownloadCount", "4"),
    boolean("extractTars", refused=_NO_TAR),
)
_DOWNLOAD_GUID = "a433f589-fce1-4460-9ee6-44a624aeb1fb"
DOWNLOAD_BUILD_ARTIFACTS = Task("DownloadBuildArtifacts", 1, _DOWNLOAD_INPUTS, _download, _DOWNLOAD_GUID)
DOWNLOAD_BUILD_ARTIFACTS_0 = Task(
    "DownloadBuildArtifacts", 0, (*_DOWNLOAD_INPUTS, Input("retryRedirectDownloadCount", "0")), _download, _DOWNLOAD_GUID
)
