"""Which keys and values a pipeline may have, in its files and after expansion.

https://learn.microsoft.com/azure/devops/pipelines/yaml-schema
"""

from __future__ import annotations

from mlops_local.agent import worlds
from mlops_local.agent.errors import Problems
from mlops_local.agent.nodes import Mapping, Node
from mlops_local.agent.shapes import (
    Check,
    Kind,
    alias,
    anything,
    boolean,
    both,
    cron,
    expression_in,
    fixed,
    identifier,
    list_of,
    mapping,
    names,
    number,
    one_kind,
    one_of,
    table_of,
    text,
    text_or,
    texts,
    value,
)

_TARGET = text_or(
    mapping({"container": text, "commands": one_of("any", "restricted"), "settableVariables": anything}, what="a target")
)
_COMMON: dict[str, Check] = {
    "condition": expression_in(worlds.STEP),
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
    "ignoreLASTEXITCODE": boolean,
}
_CHECKOUT: dict[str, Check] = {
    "clean": text,
    "fetchDepth": text,
    "fetchFilter": text,
    "fetchTags": boolean,
    "lfs": boolean,
    "path": text,
    "persistCredentials": boolean,
    "submodules": text,
    "workspaceRepo": boolean,
}
_FILES: dict[str, Check] = {"artifact": text, "patterns": text}
STEPS: dict[str, dict[str, Check]] = {
    "task": {**_COMMON, "task": fixed, "inputs": table_of(text)},
    "script": {**_SCRIPT, "script": text},
    "bash": {**_SCRIPT, "bash": text},
    "pwsh": {**_POWERSHELL, "pwsh": text},
    "powershell": {**_POWERSHELL, "powershell": text},
    "checkout": {**_COMMON, **_CHECKOUT, "checkout": fixed},
    "publish": {**_COMMON, "publish": text, "artifact": text},
    "download": {**_COMMON, **_FILES, "download": text},
    "downloadBuild": {**_COMMON, **_FILES, "downloadBuild": text, "path": text},
    "getPackage": {**_COMMON, "getPackage": text, "path": text},
    "reviewApp": {**_COMMON, "reviewApp": text},
}
_REFERENCE: dict[str, Check] = {"template": fixed, "parameters": anything}


_TEMPLATE = Kind("a template item", _REFERENCE)
step = one_kind(
    "step",
    {"template": _TEMPLATE, **{kind: Kind(f"a {kind} step", keys) for kind, keys in STEPS.items()}},
    f"one of {', '.join(STEPS)} or template",
)
variable = one_kind(
    "variable",
    {
        "template": _TEMPLATE,
        "group": Kind("a variable group", {"group": fixed}),
        "name": Kind("a variable", {"name": fixed, "value": value, "readonly": boolean}, ("value",)),
    },
    "'name', 'group' or 'template'",
)


def variables(node: Node, problems: Problems) -> None:
    """A list of them, or a mapping of names and values, which expansion turns into a list."""
    (table_of(value) if isinstance(node, Mapping) else list_of(variable))(node, problems)


_POOL = text_or(mapping({"name": text, "demands": texts, "vmImage": text, "os": text, "image": text}, what="a pool"))
_CONTAINER = text_or(anything, value)
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
    {"matrix": text_or(table_of(table_of(text)), value), "parallel": both(number, value), "maxParallel": both(number, value)},
    what="a job strategy",
)
_ENVIRONMENT = text_or(
    mapping({"name": text, "resourceName": text, "resourceId": text, "resourceType": text, "tags": text}, what="an environment")
)
_JOB_COMMON: dict[str, Check] = {
    "displayName": text,
    "dependsOn": texts,
    "condition": expression_in(worlds.JOB),
    "continueOnError": both(boolean, value),
    "timeoutInMinutes": both(number, value),
    "cancelTimeoutInMinutes": number,
    "variables": variables,
    "pool": _POOL,
    "container": _CONTAINER,
    "services": anything,
    "workspace": _WORKSPACE,
    "uses": anything,
    "templateContext": anything,
}
job = one_kind(
    "job",
    {
        "template": _TEMPLATE,
        "deployment": Kind(
            "a deployment job",
            {**_JOB_COMMON, "deployment": identifier, "environment": _ENVIRONMENT, "strategy": _DEPLOYMENT_STRATEGY},
            ("strategy",),
        ),
        "job": Kind("a job", {**_JOB_COMMON, "job": identifier, "steps": list_of(step), "strategy": _MATRIX_STRATEGY}),
    },
    "'job', 'deployment' or 'template'",
)
_STAGE: dict[str, Check] = {
    "stage": identifier,
    "displayName": text,
    "dependsOn": texts,
    "condition": expression_in(worlds.STAGE),
    "variables": variables,
    "jobs": list_of(job),
    "pool": _POOL,
    "lockBehavior": one_of("sequential", "runLatest"),
    "trigger": one_of("manual", "automatic"),
    "isSkippable": boolean,
    "templateContext": anything,
    "group": text,
}
stage = one_kind("stage", {"template": _TEMPLATE, "stage": Kind("a stage", _STAGE)}, "'stage' or 'template'")

_INCLUDE_EXCLUDE = mapping({"include": names, "exclude": names}, what="a filter")


def _filter(node: Node, problems: Problems) -> None:
    (_INCLUDE_EXCLUDE if isinstance(node, Mapping) else names)(node, problems)


_TRIGGER_KEYS: dict[str, Check] = {"batch": boolean, "branches": _filter, "paths": _filter, "tags": _filter}
_PR_KEYS: dict[str, Check] = {"autoCancel": boolean, "branches": _filter, "paths": _filter, "drafts": boolean}


def _events(keys: dict[str, Check], what: str) -> Check:
    full = mapping(keys, what=what)
    return lambda node, problems: full(node, problems) if isinstance(node, Mapping) else names(node, problems)


_SCHEDULE = mapping(
    {"cron": cron, "displayName": text, "branches": _filter, "batch": boolean, "always": boolean}, ["cron"], what="a schedule"
)
_REPOSITORY = mapping(
    {"repository": alias, "type": one_of("git", "github", "githubenterprise", "bitbucket"), "name": fixed, "ref": fixed}
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
_PIPELINE: dict[str, Check] = {
    "name": text,
    "appendCommitMessageToRunName": boolean,
    "trigger": _events(_TRIGGER_KEYS, "a trigger"),
    "pr": _events(_PR_KEYS, "a pr trigger"),
    "schedules": list_of(_SCHEDULE),
    "resources": _RESOURCES,
    "variables": variables,
    "pool": _POOL,
    "lockBehavior": one_of("sequential", "runLatest"),
    "stages": list_of(stage),
    "container": _CONTAINER,
    "workspace": _WORKSPACE,
    "services": anything,
}
PIPELINE = mapping(_PIPELINE, what="a pipeline")
# The keys of a file that holds a pipeline, or a part of one; a root of steps or jobs also takes keys of its only job.
FILE: dict[str, Check] = {
    **_JOB_COMMON,
    **_PIPELINE,
    "parameters": anything,
    "extends": mapping(_REFERENCE, ["template"], what="'extends'"),
    "jobs": list_of(job),
    "steps": list_of(step),
    "strategy": _MATRIX_STRATEGY,
}
ROOT = mapping(FILE, what="a pipeline")
