"""AzureCLI@2: a script with the identity of a service connection; the token comes from the issuer of this machine.

Nothing signs in to Azure: there is none here. A script that calls `az` finds the machine's own, or a sentence that says it is missing.
https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/azure-cli-v2
"""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.folders import remove
from mlops_local.agent.library import AZURE, Connection, Library, LibraryError
from mlops_local.agent.machine import find_program
from mlops_local.agent.subjects import subject_of
from mlops_local.agent.tasks.definition import Input, Task, Values, boolean, is_known
from mlops_local.agent.tasks.powershell import PROGRAM, dotted, run_powershell
from mlops_local.agent.tasks.shell import bash_program, run_program, script_file

_PREFERENCES = ("stop", "continue", "silentlyContinue")
_MISSING = """#!/bin/sh
echo "There is no Azure CLI on this machine: install it (https://aka.ms/azure-cli), or do without az in this script." >&2
exit 127
"""


def _run(step: StepContext) -> None:
    try:
        connection = step.run.library.connection(step.text("connectedServiceNameARM"), AZURE)
    except LibraryError as error:
        raise TaskFailed(str(error)) from error
    # As the task does, which makes the folder rather than fail.
    step.path(step.text("workingDirectory")).mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="azurecli-", dir=step.job.slot.temp))
    try:
        environment = {**_configuration(step, folder), **_path(step, folder), **_identity(step, connection)}
        _run_script(step, environment)
    finally:
        remove(folder)


def _configuration(step: StepContext, folder: Path) -> dict[str, str]:
    """A configuration of az for this step alone, unless the job's own is asked for."""
    return {} if step.flag("useGlobalConfig") else {"AZURE_CONFIG_DIR": str(folder / "config")}


def _path(step: StepContext, folder: Path) -> dict[str, str]:
    """Where there is no az, one that says so comes last on the PATH: only a script that calls it fails."""
    environment = step.environment()
    if find_program("az", environment) is not None:
        return {}
    programs = folder / "bin"
    programs.mkdir()
    (programs / "az").write_text(_MISSING, encoding="utf-8")
    (programs / "az").chmod(0o755)
    return {"PATH": f"{environment['PATH']}:{programs}"}


def _identity(step: StepContext, connection: Connection) -> dict[str, str]:
    if not step.flag("addSpnToEnvironment"):
        return {}
    collection, project = (step.job.variables.get(f"System.{name}") or "" for name in ("CollectionUri", "TeamProject"))
    subject = subject_of(collection, project, connection.name)
    token = step.run.issuer.token(subject)
    step.run.masker.add(token)
    step.run.masker.add(token.rpartition(".")[2])
    step.say(
        f"idToken is for {subject}, by the issuer that {step.run.issuer.address()}/.well-known/openid-configuration describes."
    )
    return {**{name: connection.settings[name] for name in ("servicePrincipalId", "tenantId")}, "idToken": token}


def _run_script(step: StepContext, environment: dict[str, str]) -> None:
    inline = step.text("scriptLocation").lower() == "inlinescript"
    if step.text("scriptType").lower() == "bash":
        file = script_file(step, step.text("inlineScript")) if inline else _named(step, ".sh")
        arguments = shlex.split(step.text("scriptArguments"))
        run_program(step, [bash_program(step), str(file), *arguments], what="The script", environment=environment)
        return
    file = script_file(step, step.text("inlineScript"), ".ps1") if inline else _named(step, ".ps1")
    run_powershell(
        step,
        f"{dotted(file)} {step.text('scriptArguments')}".strip(),
        preferences={"ErrorActionPreference": step.text("powerShellErrorActionPreference")},
        heed_exit_code=not step.flag("powerShellIgnoreLASTEXITCODE"),
        environment=environment,
    )


def _named(step: StepContext, ending: str) -> Path:
    file = step.path(step.text("scriptPath"))
    if not file.is_file() or file.suffix.lower() != ending:
        raise TaskFailed(f"The script {file} does not exist, or its name does not end with {ending}.")
    return file


def _needs(values: Values, library: Library) -> None:
    if is_known(values["connectedServiceNameARM"]):
        library.connection(values["connectedServiceNameARM"], AZURE)


AZURE_CLI = Task(
    "AzureCLI",
    2,
    (
        Input("connectedServiceNameARM", aliases=("azureSubscription",), required=True),
        Input("scriptType", required=True, options=("ps", "pscore", "batch", "bash"), done=("bash", "pscore")),
        Input("scriptLocation", "scriptPath", required=True, options=("inlineScript", "scriptPath")),
        Input("scriptPath", required=True, when=("scriptLocation", ("scriptPath",))),
        Input("inlineScript", required=True, when=("scriptLocation", ("inlineScript",))),
        Input("scriptArguments", aliases=("arguments",)),
        Input("powerShellErrorActionPreference", "stop", options=_PREFERENCES),
        boolean("addSpnToEnvironment"),
        boolean("useGlobalConfig"),
        Input("workingDirectory", aliases=("cwd",)),
        boolean("failOnStandardError"),
        boolean("powerShellIgnoreLASTEXITCODE"),
        boolean("visibleAzLogin", "true"),
        boolean("keepAzSessionActive", refused="nothing signs in to Azure here, so no session is kept; remove it."),
    ),
    _run,
    guid="46e4be58-730b-4389-8a2f-ea10b3e5e815",
    program=lambda values: PROGRAM if values["scriptType"].lower() == "pscore" else "",
    needs=_needs,
)
