"""DownloadSecureFile@1: a file from the library, readable by this job alone and gone when it ends, however it ends.

https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/download-secure-file-v1
"""

from __future__ import annotations

import os
from pathlib import Path

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.library import Library, LibraryError
from mlops_local.agent.tasks.definition import Input, Task, Values, is_known

# Lines of a key or a settings file are masked like secrets; a larger file is data.
_LARGEST_TEXT = 1 << 16
_SHORTEST_LINE = 20


def _run(step: StepContext) -> None:
    try:
        source = step.run.library.secure_file(step.text("secureFile"))
    except LibraryError as error:
        raise TaskFailed(str(error)) from error
    content = source.read_bytes()
    target = step.job.slot.temp / source.name
    step.job.after_job.append((f"remove the secure file {source.name}", lambda _step, _succeeded: target.unlink(missing_ok=True)))
    _write_private(target, content)
    _mask_lines(step, content)
    step.set_variable("secureFilePath", str(target), output=True)
    step.say(f"Downloaded the secure file {source.name} to {target}.")


def _needs(values: Values, library: Library) -> None:
    if is_known(values["secureFile"]):
        library.secure_file(values["secureFile"])


def _write_private(target: Path, content: bytes) -> None:
    target.unlink(missing_ok=True)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _mask_lines(step: StepContext, content: bytes) -> None:
    if len(content) > _LARGEST_TEXT:
        return
    for line in content.decode("utf-8", errors="ignore").splitlines():
        if len(line.strip()) >= _SHORTEST_LINE and not line.startswith("-----"):
            step.run.masker.add(line.strip())


DOWNLOAD_SECURE_FILE = Task(
    "DownloadSecureFile",
    1,
    (Input("secureFile", required=True), Input("retryCount", "8"), Input("socketTimeout")),
    _run,
    guid="2a6ca863-f2ce-4f4d-8bcb-15e64608ec4b",
    before_job=lambda values: True,
    needs=_needs,
)
