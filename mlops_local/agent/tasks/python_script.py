"""PythonScript@0: a script from a file or written into the pipeline.

https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/python-script-v0
"""

from __future__ import annotations

import shlex
import uuid

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.machine import find_program
from mlops_local.agent.tasks.definition import Input, Task, boolean
from mlops_local.agent.tasks.shell import run_program


def _run(step: StepContext) -> None:
    if step.text("scriptSource").lower() == "inline":
        file = step.job.slot.temp / f"{uuid.uuid4()}.py"
        file.write_text(step.text("script"), encoding="utf-8")
    else:
        file = step.path(step.text("scriptPath"))
        if not file.is_file():
            raise TaskFailed(f"The script {file} does not exist.")
    name = step.text("pythonInterpreter") or "python"
    python = find_program(name, step.environment()) or find_program("python3", step.environment())
    if python is None:
        raise TaskFailed("There is no python on the PATH of this job; put UsePythonVersion@0 before this step.")
    run_program(step, [python, str(file), *shlex.split(step.text("arguments"))], what=f"The script {file.name}")


PYTHON_SCRIPT = Task(
    "PythonScript",
    0,
    (
        Input("scriptSource", "filePath", options=("filePath", "inline")),
        Input("scriptPath", required=True, when=("scriptSource", ("filePath",))),
        Input("script", required=True, when=("scriptSource", ("inline",))),
        Input("arguments"),
        Input("pythonInterpreter"),
        Input("workingDirectory"),
        boolean("failOnStderr"),
    ),
    _run,
    guid="6392f95f-7e76-4a18-b3c7-7f078d2f7700",
)
