"""Wrong use of the templates ends before anything runs, with a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .expanding import DEV, consumer, expand, jobs_of, mistakes, steps_of

TRIED = {**DEV, "environment": "e", "integrationTests": ["a"]}
ENVIRONMENT = {
    "empty": ([], "environments is empty; name at least one."),
    "a mapping": ({"name": "dev"}, "An entry of environments has no name"),
    "a text": ("dev", "'each' needs a list or a mapping"),
    "without a name": ([{"variableGroup": "g"}], "An entry of environments has no name"),
    "a name that no stage can have": ([{**DEV, "name": "dev-1"}], "The environment dev-1 needs another name"),
    "without a group": ([{"name": "dev"}], "The environment dev has no variableGroup"),
    "a key with a slip": ([{**DEV, "enviroment": "e"}], "An environment has no enviroment; see"),
    "a branch as a ref": ([{**DEV, "branch": "refs/heads/main"}], "The branch of dev is written without refs/heads/."),
    "tests and no approval": ([{**DEV, "integrationTests": ["a"]}], "dev has integrationTests and no environment; only what"),
    "no tests": ([{**DEV, "integrationTests": []}], "integrationTests of dev is a list of folders or files; name at least one."),
    "clones without tests": ([{**DEV, "clones": {"variableGroup": "g"}}], "clones of dev is read with integrationTests alone"),
    "clones without a group": (
        [{**TRIED, "clones": {"keyVault": "v"}}],
        "clones of dev has no variableGroup; name the variable group of the user who makes clones.",
    ),
    "clones with a slip": (
        [{**TRIED, "clones": {"variableGroup": "g", "group": "h"}}],
        "clones has no group; it has variableGroup, serviceConnection and keyVault.",
    ),
    "twice": ([DEV, DEV], "The stage 'Connect_dev' exists twice"),
}
OTHERS: list[tuple[dict[str, Any], str]] = [
    (
        {
            "secretSource": "keyVault",
            "serviceConnection": "c",
            "keyVault": "v",
            "environments": [{**TRIED, "clones": {"variableGroup": "g"}}],
        },
        "clones of dev needs a keyVault of its own",
    ),
    (
        {
            "secretSource": "workloadIdentity",
            "serviceConnection": "c",
            "environments": [{**TRIED, "clones": {"variableGroup": "g"}}],
        },
        "clones of dev needs a serviceConnection of its own",
    ),
    ({"environments": [{**TRIED, "clones": {"variableGroup": "g", "keyVault": "v"}}]}, "keyVault of clones is not read by"),
    (
        {"environments": [{**TRIED, "clones": {"variableGroup": "g", "serviceConnection": "c"}}]},
        "serviceConnection of clones is not",
    ),
    ({"environment": "x"}, "Unexpected parameter 'environment'"),
    ({"runTests": "apples"}, "apples"),
    ({"pythonVersion": "3.9"}, "The parameter 'pythonVersion' cannot be '3.9'; it is one of: 3.11, 3.12, 3.13."),
    ({"timeoutInMinutes": 0}, "timeoutInMinutes is at least 1"),
    ({"useCases": [{"name": "a"}]}, "An entry of useCases is {name, content}"),
    ({"useCases": [{"name": "a", "content": ".", "files": []}]}, "A use case has no files; it has name and content."),
    ({"secretSource": "password"}, "it is one of: secureFile, keyVault, workloadIdentity."),
    ({"secretSource": "keyVault", "keyVault": "v"}, "The secret source keyVault needs serviceConnection"),
    ({"secretSource": "keyVault", "serviceConnection": "c"}, "The secret source keyVault needs keyVault"),
    ({"secretSource": "workloadIdentity"}, "The secret source workloadIdentity needs serviceConnection"),
    ({"keyVault": "v"}, "keyVault is not read by the secret source secureFile"),
    ({"serviceConnection": "c"}, "serviceConnection is not read by the secret source secureFile"),
]
STEPS: list[tuple[dict[str, Any], str]] = [
    ({"checkout": "self", "persistCredentials": True}, "may not check out"),
    ({"checkout": "mlops"}, "may not check out"),
    ({"task": "AzureCLI@2", "inputs": {}}, "may not use the task AzureCLI@2"),
    ({"task": "DownloadSecureFile@1", "inputs": {"secureFile": "x"}}, "may not use the task DownloadSecureFile@1"),
    ({"bash": "a", "env": {"KEY": "$(private_key_passphrase)"}}, "may not bring variables in by env"),
    ({"bash": "a", "env": {"TOKEN": "$(System.AccessToken)"}}, "may not bring variables in by env"),
    ({"bash": "echo $(private_key_passphrase)"}, "may not name private_key"),
    ({"script": "cat $PRIVATEKEY_SECUREFILEPATH"}, "may not name privateKey"),
    ({"bash": "cat $(Agent.TempDirectory)/snowflake-token"}, "may not name snowflake-token"),
    ({"bash": "a", "continueOnError": True}, "may not go on after an error"),
]


@pytest.mark.parametrize(("environments", "sentence"), ENVIRONMENT.values(), ids=ENVIRONMENT)
def test_wrong_environments(tmp_path: Path, environments: Any, sentence: str) -> None:
    assert sentence in mistakes(consumer(tmp_path, environments=environments))


@pytest.mark.parametrize(("parameters", "sentence"), OTHERS, ids=str)
def test_wrong_parameters(tmp_path: Path, parameters: dict[str, Any], sentence: str) -> None:
    assert sentence in mistakes(consumer(tmp_path, **parameters))


@pytest.mark.parametrize("hook", ["preSteps", "postSteps"])
@pytest.mark.parametrize(("step", "sentence"), STEPS, ids=str)
def test_wrong_hooks(tmp_path: Path, hook: str, step: dict[str, Any], sentence: str) -> None:
    assert f"{hook} {sentence}" in mistakes(consumer(tmp_path, **{hook: [step]}))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    told = mistakes(consumer(tmp_path, environments=[], timeoutInMinutes=0, preSteps=[{"checkout": "self"}]))
    assert len(told.splitlines()) == 3


def test_a_hook_runs_restricted_whatever_it_says_itself(tmp_path: Path) -> None:
    hook = {"bash": "echo hello", "displayName": "Say hello", "env": {"WHO": "you"}, "target": {"commands": "any"}}
    steps = steps_of(jobs_of(expand(consumer(tmp_path, preSteps=[hook])))["Connect"])
    (found,) = [step for step in steps if step.get("displayName") == "Say hello"]
    assert found["target"] == {"commands": "restricted", "settableVariables": "none"}
    assert found["env"] == {"WHO": "you"}
