"""Shorthand steps and the tasks behind them.

A parameter of type stepList sees tasks, so that a security template can test `step.task`.
https://learn.microsoft.com/azure/devops/pipelines/security/templates
"""

from __future__ import annotations

from dataclasses import replace

from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence, as_texts, word

CHECKOUT = "6d15af64-176c-496d-b583-fd2ae21d4df4@1"
PUBLISH = "PublishPipelineArtifact@1"
DOWNLOAD = "DownloadPipelineArtifact@2"

# Shorthand key: task, the input that takes the shorthand's value, fixed inputs, keys of the step that become inputs.
_SCRIPT_INPUTS = {"workingDirectory": "workingDirectory", "failOnStderr": "failOnStderr"}
_POWERSHELL_INPUTS = {
    **_SCRIPT_INPUTS,
    "errorActionPreference": "errorActionPreference",
    "ignoreLASTEXITCODE": "ignoreLASTEXITCODE",
}
_CHECKOUT_INPUTS = {
    key: key
    for key in (
        "clean",
        "fetchDepth",
        "fetchFilter",
        "fetchTags",
        "lfs",
        "path",
        "persistCredentials",
        "submodules",
        "workspaceRepo",
    )
}
SHORTHANDS: dict[str, tuple[str, str, dict[str, str], dict[str, str]]] = {
    "script": ("CmdLine@2", "script", {}, _SCRIPT_INPUTS),
    "bash": ("Bash@3", "script", {"targetType": "inline"}, _SCRIPT_INPUTS),
    "pwsh": ("PowerShell@2", "script", {"targetType": "inline", "pwsh": "true"}, _POWERSHELL_INPUTS),
    "powershell": ("PowerShell@2", "script", {"targetType": "inline"}, _POWERSHELL_INPUTS),
    "checkout": (CHECKOUT, "repository", {}, _CHECKOUT_INPUTS),
    "publish": (PUBLISH, "targetPath", {}, {"artifact": "artifact"}),
    "download": (DOWNLOAD, "source", {}, {"artifact": "artifact", "patterns": "patterns"}),
    "downloadBuild": (
        "DownloadBuildArtifacts@0",
        "buildType",
        {},
        {"artifact": "artifactName", "patterns": "itemPattern", "path": "downloadPath"},
    ),
    "getPackage": ("DownloadPackage@1", "definition", {}, {"path": "downloadPath"}),
    "reviewApp": ("ReviewApp@0", "resourceName", {}, {}),
}
BEGINNINGS = ("task", *SHORTHANDS)


def shorthand_of(step: Mapping) -> str | None:
    return next((key.text for key, _ in step.pairs if key.text in SHORTHANDS), None)


def normalise(node: Node, kind: str) -> Node:
    """A step, job or stage as parameters of those types show it: short forms of every kind written out."""
    if not isinstance(node, Mapping):
        return node
    if kind == "step":
        return as_task(node)
    return Mapping([(key, _inside(key, value)) for key, value in node.pairs], node.mark)


_HOOKS = {"strategy", "runOnce", "rolling", "canary", "preDeploy", "deploy", "routeTraffic", "postRouteTraffic"}
_HOOKS |= {"on", "success", "failure"}
# A text stands for a mapping with this key.
_NAMED = {"pool": "name", "container": "alias", "environment": "name"}


def _inside(key: Scalar, value: Node) -> Node:
    element = {"steps": "step", "jobs": "job"}.get(key.text)
    if element and isinstance(value, Sequence):
        return Sequence([normalise(item, element) for item in value.items], value.mark)
    if key.text == "templateContext":
        return as_texts(value)
    if key.text in _HOOKS and isinstance(value, Mapping):
        return normalise(value, "hook")
    if isinstance(value, Scalar) and value.text:
        return _written_out(key, value)
    return value


def _written_out(key: Scalar, value: Scalar) -> Node:
    if key.text == "dependsOn":
        return Sequence([value], value.mark)
    if key.text not in _NAMED:
        return value
    name, dot, resource = (
        value.text.partition(".") if key.text == "environment" and "$(" not in value.text else (value.text, "", "")
    )
    pairs: list[tuple[Scalar, Node]] = [(word(_NAMED[key.text], key.mark), replace(value, value=name))]
    if dot:
        pairs.append((word("resourceName", key.mark), replace(value, value=resource)))
    return Mapping(pairs, value.mark)


def as_task(step: Mapping) -> Mapping:
    """`script: x` as `task: CmdLine@2` with `inputs`; a step that is a task already stays as it is."""
    short = shorthand_of(step)
    if short is None:
        return step
    task, main_input, fixed, moved = SHORTHANDS[short]
    key = step.key(short)
    assert key is not None
    inputs: list[tuple[Scalar, Node]] = [(word(name, key.mark), word(value, key.mark)) for name, value in fixed.items()]
    rest: list[tuple[Scalar, Node]] = []
    for name, value in step.pairs:
        if name is key:
            inputs.append((word(main_input, key.mark), value))
        elif name.text in moved:
            inputs.append((replace(name, value=moved[name.text], literal=True), value))
        else:
            rest.append((name, as_texts(value) if name.text == "templateContext" else value))
    artifact = step.find("artifact")
    if short == "download" and isinstance(artifact, Scalar) and artifact.text:
        # Into a folder of its own in the workspace, where the task by itself makes no folder.
        inputs.append((word("path", key.mark), replace(artifact, value=f"$(Pipeline.Workspace)/{artifact.text}")))
    if short == "downloadBuild" and artifact is None:
        inputs.append((word("downloadType", key.mark), word("specific", key.mark)))
    return Mapping(
        [(word("task", key.mark), word(task, key.mark)), *rest, (word("inputs", key.mark), Mapping(inputs, step.mark))], step.mark
    )
