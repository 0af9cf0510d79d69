"""Shorthand steps and the tasks behind them.

A parameter of type stepList sees tasks, so that a security template can test `step.task`.
https://learn.microsoft.com/azure/devops/pipelines/security/templates
"""

from __future__ import annotations

from dataclasses import replace

from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence

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
    "download": (DOWNLOAD, "source", {}, {"artifact": "artifact", "patterns": "patterns", "path": "path"}),
}


def shorthand_of(step: Mapping) -> str | None:
    return next((key.text for key, _ in step.pairs if key.text in SHORTHANDS), None)


def normalise(node: Node, kind: str) -> Node:
    """A step, job or stage as parameters of those types show it: shorthands written out as tasks."""
    if not isinstance(node, Mapping):
        return node
    if kind == "step":
        return as_task(node)
    return Mapping([(key, _inside(key, value)) for key, value in node.pairs], node.mark)


def _inside(key: Scalar, value: Node) -> Node:
    element = {"steps": "step", "jobs": "job"}.get(key.text)
    if key.text == "templateContext":
        return value
    if element and isinstance(value, Sequence):
        return Sequence([normalise(item, element) for item in value.items], value.mark)
    if isinstance(value, Mapping) and key.text in (
        "strategy",
        "runOnce",
        "preDeploy",
        "deploy",
        "routeTraffic",
        "postRouteTraffic",
    ):
        return normalise(value, "job")
    if isinstance(value, Mapping) and key.text in ("on", "success", "failure"):
        return normalise(value, "job")
    return value


def as_task(step: Mapping) -> Mapping:
    """`script: x` as `task: CmdLine@2` with `inputs`; a step that is a task already stays as it is."""
    short = shorthand_of(step)
    if short is None:
        return step
    task, main_input, fixed, moved = SHORTHANDS[short]
    key = step.key(short)
    assert key is not None
    inputs: list[tuple[Scalar, Node]] = [(_word(name, key), _word(value, key)) for name, value in fixed.items()]
    rest: list[tuple[Scalar, Node]] = []
    for name, value in step.pairs:
        if name is key:
            inputs.append((_word(main_input, key), value))
        elif name.text in moved:
            inputs.append((replace(name, value=moved[name.text], literal=True), value))
        else:
            rest.append((name, value))
    return Mapping([(_word("task", key), _word(task, key)), *rest, (_word("inputs", key), Mapping(inputs, step.mark))], step.mark)


def _word(text: str, near: Scalar) -> Scalar:
    return Scalar(text, near.mark, literal=True)
