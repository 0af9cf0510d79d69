"""CmdLine@2 and Bash@3: `script:` and `bash:`.

On Linux both are `bash --noprofile --norc FILE` without -e: only the exit code of the last command counts.
https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/bash-v3
"""

from __future__ import annotations

import shlex
import uuid
from collections.abc import Mapping
from pathlib import Path

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.machine import find_program
from mlops_local.agent.tasks.definition import Input, Task, boolean


def run_script(step: StepContext, script: str, *, what: str, environment: Mapping[str, str] | None = None) -> None:
    run_program(step, _bash_command(step, script_file(step, script)), what=what, environment=environment)


def script_file(step: StepContext, script: str, ending: str = ".sh") -> Path:
    """A file for this job alone; its folder is gone when the job ends."""
    file = step.job.slot.temp / f"{uuid.uuid4()}{ending}"
    file.write_text(script + "\n", encoding="utf-8")
    file.chmod(0o700)
    return file


def run_program(step: StepContext, command: list[str], *, what: str, environment: Mapping[str, str] | None = None) -> None:
    """Run it in the step's working directory and fail on a bad exit code, or on error output when that is asked for."""
    errors: list[str] = []

    def note_error(line: str) -> None:
        errors.append(line)
        step.printed(line)

    is_strict = step.flag("failOnStderr") or step.flag("failOnStandardError")
    code = step.execute(
        command,
        folder=_working_directory(step),
        on_error_line=note_error if is_strict else None,
        env=dict(environment or {}),
    )
    if code != 0:
        raise TaskFailed(f"{what} exited with code '{code}'.")
    if errors:
        raise TaskFailed(f"{what} wrote one or more lines to the standard error stream.")


def _working_directory(step: StepContext) -> Path:
    folder = step.path(step.text("workingDirectory"))
    if not folder.is_dir():
        raise TaskFailed(f"The working directory {folder} does not exist.")
    return folder


def _bash_command(step: StepContext, file: Path) -> list[str]:
    return [bash_program(step), "--noprofile", "--norc", str(file)]


def bash_program(step: StepContext) -> str:
    found = find_program("bash", step.environment())
    if found is None:
        raise TaskFailed("There is no bash on this machine; install it.")
    return found


def _cmd_line(step: StepContext) -> None:
    run_script(step, step.text("script"), what="Script")


def _bash_task(step: StepContext) -> None:
    environment = {"BASH_ENV": step.text("bashEnvValue")} if step.text("bashEnvValue") else {}
    if step.text("targetType").lower() == "inline":
        run_script(step, step.text("script"), what="Bash", environment=environment)
        return
    file = step.path(step.text("filePath"))
    if not step.text("filePath") or not file.is_file():
        raise TaskFailed(f"The script {file} does not exist.")
    # The arguments are shell code: the task writes them behind the file's name and lets bash read the line.
    line = f"exec bash {shlex.quote(str(file))} {step.text('arguments')}"
    run_script(step, line, what="Bash", environment=environment)


CMD_LINE = Task(
    "CmdLine",
    2,
    (Input("script", required=True), Input("workingDirectory"), boolean("failOnStderr")),
    _cmd_line,
    guid="d9bafed4-0b18-4f58-968d-86655b4d2ce9",
)
BASH = Task(
    "Bash",
    3,
    (
        Input("targetType", "filePath", options=("filePath", "inline")),
        Input("filePath", required=True, when=("targetType", ("filePath",))),
        Input("arguments"),
        Input("script", required=True, when=("targetType", ("inline",))),
        Input("workingDirectory"),
        boolean("failOnStderr"),
        Input("bashEnvValue"),
    ),
    _bash_task,
    guid="6c731c3c-3c68-459a-a5c9-bde6e6595b5b",
)
