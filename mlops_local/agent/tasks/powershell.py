"""PowerShell@2, `pwsh:` and `powershell:`, by the PowerShell of this machine.

https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/powershell-v2
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.machine import find_program
from mlops_local.agent.tasks.definition import Input, Task, boolean
from mlops_local.agent.tasks.shell import run_program, script_file

PROGRAM = "pwsh"
_CHOICES = ("default", "stop", "continue", "silentlyContinue")
# Each preference and what it is unless the pipeline says otherwise.
_PREFERENCES = {
    "errorAction": "stop",
    "warning": "default",
    "information": "default",
    "verbose": "default",
    "debug": "default",
    "progress": "silentlyContinue",
}


def run_powershell(
    step: StepContext,
    script: str,
    *,
    preferences: Mapping[str, str],
    heed_exit_code: bool,
    environment: Mapping[str, str] | None = None,
    operator: str = ".",
) -> None:
    """The script below its preferences; the exit code of the last program that it ran is its own."""
    file = script_file(step, "\ufeff" + "\n".join(script_lines(script, preferences, heed_exit_code)), ".ps1")
    command = [_program(step), "-NoLogo", "-NoProfile", "-NonInteractive", "-Command", f"{operator} {_quoted(file)}"]
    run_program(step, command, what="PowerShell", environment=environment)


def script_lines(script: str, preferences: Mapping[str, str], heed_exit_code: bool) -> list[str]:
    lines = [f"${name} = '{value}'" for name, value in preferences.items() if value.lower() != "default"]
    lines.append(script)
    if heed_exit_code:
        lines.append("if (Test-Path -LiteralPath variable:\\LASTEXITCODE) { exit $LASTEXITCODE }")
    return lines


def dotted(file: Path) -> str:
    return f". {_quoted(file)}"


def _quoted(file: Path) -> str:
    return "'" + str(file).replace("'", "''") + "'"


def _program(step: StepContext) -> str:
    found = find_program(PROGRAM, step.environment())
    if found is None:
        raise TaskFailed(
            f"There is no {PROGRAM} on the PATH of this job; install PowerShell (https://aka.ms/powershell), or use bash."
        )
    return found


def _run(step: StepContext) -> None:
    run_powershell(
        step,
        _script(step),
        preferences={f"{name[0].upper()}{name[1:]}Preference": step.text(f"{name}Preference") for name in _PREFERENCES},
        heed_exit_code=not step.flag("ignoreLASTEXITCODE"),
        operator="&" if step.flag("runScriptInSeparateScope") else ".",
    )


def _script(step: StepContext) -> str:
    if step.text("targetType").lower() == "inline":
        return step.text("script")
    file = step.path(step.text("filePath"))
    if not file.is_file() or file.suffix.lower() != ".ps1":
        raise TaskFailed(f"The script {file} does not exist, or its name does not end with .ps1.")
    return f"{dotted(file)} {step.text('arguments')}".strip()


POWERSHELL = Task(
    "PowerShell",
    2,
    (
        Input("targetType", "filePath", options=("filePath", "inline")),
        Input("filePath", required=True, when=("targetType", ("filePath",))),
        Input("arguments"),
        Input("script", required=True, when=("targetType", ("inline",))),
        *(Input(f"{name}Preference", default, options=_CHOICES) for name, default in _PREFERENCES.items()),
        boolean("failOnStderr"),
        boolean("showWarnings", refused="warnings of a script are printed as they are; remove it."),
        boolean("ignoreLASTEXITCODE"),
        boolean("pwsh"),
        Input("workingDirectory"),
        boolean("runScriptInSeparateScope"),
    ),
    _run,
    program=lambda values: PROGRAM,
    guid="e213ff0f-5d5c-4791-802d-52ea3e7be1f1",
)
