"""Which keys and values a pipeline may have, after expansion.

https://learn.microsoft.com/azure/devops/pipelines/yaml-schema
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from mlops_local.agent.errors import Problems
from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence, is_null
from mlops_local.agent.scalars import parse_boolean, parse_number
from mlops_local.agent.schedules import CronError, check_cron

Check = Callable[[Node, Problems], None]
# A value that is only known while the pipeline runs.
_LATER = re.compile(r"\$\(|\$\[")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


def _kind(node: Node) -> str:
    return "text" if isinstance(node, Scalar) else "list" if isinstance(node, Sequence) else "mapping"


def anything(node: Node, problems: Problems) -> None:
    """Sections that the agent carries along and does not read."""


def text(node: Node, problems: Problems) -> None:
    if not isinstance(node, Scalar):
        problems.add(node.mark, f"A text is expected here, not a {_kind(node)}.")


def identifier(node: Node, problems: Problems) -> None:
    text(node, problems)
    if isinstance(node, Scalar) and node.text and not _NAME.match(node.text):
        problems.add(
            node.mark, f"'{node.text}' is not a valid name; use letters, digits and '_', and begin with a letter or '_'."
        )


def boolean(node: Node, problems: Problems) -> None:
    text(node, problems)
    if isinstance(node, Scalar) and not is_null(node) and not _LATER.search(node.text) and parse_boolean(node.text) is None:
        problems.add(node.mark, f"true or false is expected here, not '{node.text}'.")


def number(node: Node, problems: Problems) -> None:
    text(node, problems)
    if isinstance(node, Scalar) and not is_null(node) and not _LATER.search(node.text) and parse_number(node.text) is None:
        problems.add(node.mark, f"A number is expected here, not '{node.text}'.")


def one_of(*values: str) -> Check:
    def check(node: Node, problems: Problems) -> None:
        text(node, problems)
        if isinstance(node, Scalar) and node.text not in values and not _LATER.search(node.text):
            problems.add(node.mark, f"'{node.text}' is not allowed here; it is one of: {', '.join(values)}.")

    return check


def texts(node: Node, problems: Problems) -> None:
    """A text or a list of texts, as `dependsOn` takes it."""
    for item in node.items if isinstance(node, Sequence) else [node]:
        text(item, problems)


def text_or(check: Check) -> Check:
    return lambda node, problems: None if isinstance(node, Scalar) else check(node, problems)


def list_of(check: Check) -> Check:
    def each(node: Node, problems: Problems) -> None:
        if is_null(node):
            return
        if not isinstance(node, Sequence):
            problems.add(node.mark, f"A list is expected here, not a {_kind(node)}.")
            return
        for item in node.items:
            check(item, problems)

    return each


def table_of(check: Check) -> Check:
    """A mapping with free names, such as `env`."""

    def each(node: Node, problems: Problems) -> None:
        if is_null(node):
            return
        if not isinstance(node, Mapping):
            problems.add(node.mark, f"A mapping is expected here, not a {_kind(node)}.")
            return
        for _, value in node.pairs:
            check(value, problems)

    return each


def mapping(keys: dict[str, Check], required: Iterable[str] = (), what: str = "this mapping") -> Check:
    def check(node: Node, problems: Problems) -> None:
        if not isinstance(node, Mapping):
            if not is_null(node) or required:
                problems.add(node.mark, f"A mapping is expected here, not a {_kind(node)}.")
            return
        for key, value in node.pairs:
            if key.text in keys:
                keys[key.text](value, problems)
            else:
                problems.add(key.mark, f"Unexpected value '{key.text}' in {what}{_nearest(key.text, keys)}.")
        for name in required:
            if node.find(name) is None:
                problems.add(node.mark, f"'{name}' is missing in {what}.")

    return check


def _nearest(word: str, known: Iterable[str]) -> str:
    same = [name for name in known if name.casefold() == word.casefold()]
    return f"; did you mean '{same[0]}'? Keywords are case-sensitive" if same else ""


_TARGET = text_or(
    mapping({"container": text, "commands": one_of("any", "restricted"), "settableVariables": anything}, what="a target")
)
_COMMON: dict[str, Check] = {
    "condition": text,
    "continueOnError": boolean,
    "displayName": text,
    "enabled": boolean,
    "env": table_of(text),
    "name": identifier,
    "target": _TARGET,
    "timeoutInMinutes": number,
    "retryCountOnTaskFailure": number,
    "templateContext": anything,
}
_SCRIPT: dict[str, Check] = {**_COMMON, "workingDirectory": text, "failOnStderr": boolean}
_POWERSHELL: dict[str, Check] = {
    **_SCRIPT,
    "errorActionPreference": text,
    "warningPreference": text,
    "informationPreference": text,
    "verbosePreference": text,
    "debugPreference": text,
    "progressPreference": text,
    "ignoreLASTEXITCODE": boolean,
}
STEPS: dict[str, Check] = {
    "task": mapping({**_COMMON, "task": text, "inputs": table_of(text)}, what="a task step"),
    "script": mapping({**_SCRIPT, "script": text}, what="a script step"),
    "bash": mapping({**_SCRIPT, "bash": text}, what="a bash step"),
    "pwsh": mapping({**_POWERSHELL, "pwsh": text}, what="a pwsh step"),
    "powershell": mapping({**_POWERSHELL, "powershell": text}, what="a powershell step"),
    "checkout": mapping(
        {
            **_COMMON,
            "checkout": text,
            "clean": text,
            "fetchDepth": text,
            "fetchFilter": text,
            "fetchTags": boolean,
            "lfs": boolean,
            "path": text,
            "persistCredentials": boolean,
            "submodules": text,
            "workspaceRepo": boolean,
        },
        what="a checkout step",
    ),
    "publish": mapping({**_COMMON, "publish": text, "artifact": text}, what="a publish step"),
    "download": mapping({**_COMMON, "download": text, "artifact": text, "patterns": text, "path": text}, what="a download step"),
    "downloadBuild": mapping({**_COMMON, "downloadBuild": text, "artifact": text, "path": text, "patterns": text}, what="a step"),
    "getPackage": mapping({**_COMMON, "getPackage": text, "path": text}, what="a getPackage step"),
    "reviewApp": mapping({**_COMMON, "reviewApp": text}, what="a reviewApp step"),
}


def step(node: Node, problems: Problems) -> None:
    if not isinstance(node, Mapping):
        problems.add(node.mark, f"A step is a mapping, not a {_kind(node)}.")
        return
    kind = next((key.text for key, _ in node.pairs if key.text in STEPS), None)
    if kind:
        STEPS[kind](node, problems)
        return
    for key, _ in node.pairs[:1]:
        problems.add(key.mark, f"Unexpected value '{key.text}': a step begins with one of {', '.join(STEPS)} or template.")


def variable(node: Node, problems: Problems) -> None:
    """After expansion a variable has a name, or is a group."""
    if isinstance(node, Mapping) and node.find("group"):
        mapping({"group": text}, what="a variable group")(node, problems)
    else:
        mapping({"name": text, "value": text, "readonly": boolean}, ["name", "value"], "a variable")(node, problems)


_POOL = text_or(mapping({"name": text, "demands": texts, "vmImage": text, "os": text, "image": text}, what="a pool"))
_CONTAINER = text_or(anything)
_WORKSPACE = mapping({"clean": one_of("outputs", "resources", "all")}, what="a workspace")
_HOOK = mapping({"steps": list_of(step), "pool": _POOL}, what="a deployment hook")
_HOOKS = {
    "preDeploy": _HOOK,
    "deploy": _HOOK,
    "routeTraffic": _HOOK,
    "postRouteTraffic": _HOOK,
    "on": mapping({"success": _HOOK, "failure": _HOOK}, what="'on'"),
}
_DEPLOYMENT_STRATEGY = mapping(
    {
        "runOnce": mapping(_HOOKS, what="runOnce"),
        "rolling": mapping({**_HOOKS, "maxParallel": text}, what="rolling"),
        "canary": mapping({**_HOOKS, "increments": anything}, what="canary"),
    },
    what="a deployment strategy",
)
_MATRIX_STRATEGY = mapping(
    {"matrix": text_or(table_of(table_of(text))), "parallel": number, "maxParallel": number}, what="a job strategy"
)
_ENVIRONMENT = text_or(
    mapping({"name": text, "resourceName": text, "resourceId": text, "resourceType": text, "tags": text}, what="an environment")
)
_JOB_COMMON: dict[str, Check] = {
    "displayName": text,
    "dependsOn": texts,
    "condition": text,
    "continueOnError": boolean,
    "timeoutInMinutes": number,
    "cancelTimeoutInMinutes": number,
    "variables": list_of(variable),
    "pool": _POOL,
    "container": _CONTAINER,
    "services": anything,
    "workspace": _WORKSPACE,
    "uses": anything,
    "templateContext": anything,
}
_JOB = mapping({**_JOB_COMMON, "job": identifier, "steps": list_of(step), "strategy": _MATRIX_STRATEGY}, what="a job")
_DEPLOYMENT = mapping(
    {**_JOB_COMMON, "deployment": identifier, "environment": _ENVIRONMENT, "strategy": _DEPLOYMENT_STRATEGY},
    ["strategy"],
    what="a deployment job",
)


def job(node: Node, problems: Problems) -> None:
    if isinstance(node, Mapping) and node.key("deployment"):
        _DEPLOYMENT(node, problems)
    elif isinstance(node, Mapping) and not node.key("job") and node.pairs:
        key = node.pairs[0][0]
        problems.add(key.mark, f"Unexpected value '{key.text}': a job begins with 'job', 'deployment' or 'template'.")
    else:
        _JOB(node, problems)


_STAGE = mapping(
    {
        "stage": identifier,
        "displayName": text,
        "dependsOn": texts,
        "condition": text,
        "variables": list_of(variable),
        "jobs": list_of(job),
        "pool": _POOL,
        "lockBehavior": one_of("sequential", "runLatest"),
        "trigger": one_of("manual", "automatic"),
        "isSkippable": boolean,
        "templateContext": anything,
        "group": text,
    },
    what="a stage",
)


def stage(node: Node, problems: Problems) -> None:
    if isinstance(node, Mapping) and not node.key("stage") and node.pairs:
        key = node.pairs[0][0]
        problems.add(key.mark, f"Unexpected value '{key.text}': a stage begins with 'stage' or 'template'.")
    else:
        _STAGE(node, problems)


def names_only(node: Node, problems: Problems) -> None:
    """Triggers are read before there are variables."""
    texts(node, problems)
    for item in node.items if isinstance(node, Sequence) else [node]:
        if isinstance(item, Scalar) and _LATER.search(item.text):
            problems.add(item.mark, f"'{item.text}' is not replaced in a trigger, because no variable has a value yet.")


_INCLUDE_EXCLUDE = mapping({"include": names_only, "exclude": names_only}, what="a filter")


def _filter(node: Node, problems: Problems) -> None:
    (_INCLUDE_EXCLUDE if isinstance(node, Mapping) else names_only)(node, problems)


def cron(node: Node, problems: Problems) -> None:
    text(node, problems)
    if isinstance(node, Scalar):
        try:
            check_cron(node.text)
        except CronError as error:
            problems.add(node.mark, str(error))


_TRIGGER_KEYS: dict[str, Check] = {"batch": boolean, "branches": _filter, "paths": _filter, "tags": _filter, "enabled": boolean}
_PR_KEYS: dict[str, Check] = {"autoCancel": boolean, "branches": _filter, "paths": _filter, "drafts": boolean, "enabled": boolean}


def _events(keys: dict[str, Check], what: str) -> Check:
    full = mapping(keys, what=what)
    return lambda node, problems: full(node, problems) if isinstance(node, Mapping) else names_only(node, problems)


_SCHEDULE = mapping(
    {"cron": cron, "displayName": text, "branches": _filter, "batch": boolean, "always": boolean}, ["cron"], what="a schedule"
)
_REPOSITORY = mapping(
    {"repository": identifier, "type": one_of("git", "github", "githubenterprise", "bitbucket"), "name": text, "ref": text}
    | {"endpoint": text, "project": text, "trigger": _events(_TRIGGER_KEYS, "a trigger")},
    ["repository"],
    what="a repository resource",
)
_RESOURCES = mapping(
    {
        "repositories": list_of(_REPOSITORY),
        "pipelines": anything,
        "builds": anything,
        "containers": anything,
        "packages": anything,
        "webhooks": anything,
    },
    what="'resources'",
)
PIPELINE = mapping(
    {
        "name": text,
        "appendCommitMessageToRunName": boolean,
        "trigger": _events(_TRIGGER_KEYS, "a trigger"),
        "pr": _events(_PR_KEYS, "a pr trigger"),
        "schedules": list_of(_SCHEDULE),
        "resources": _RESOURCES,
        "variables": list_of(variable),
        "pool": _POOL,
        "lockBehavior": one_of("sequential", "runLatest"),
        "stages": list_of(stage),
        "container": _CONTAINER,
        "workspace": _WORKSPACE,
        "services": anything,
    },
    ["stages"],
    what="a pipeline",
)
