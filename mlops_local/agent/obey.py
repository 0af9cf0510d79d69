"""What each logging command does.

https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mlops_local.agent.commands import RESTRICTED, Command
from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.folders import copy_any
from mlops_local.agent.record import file_name
from mlops_local.agent.uploads import files_of, refuse_secrets, upload

Handler = Callable[[StepContext, Command], None]


def obey(step: StepContext, command: Command) -> None:
    if step.step.target.restricted and command.name not in RESTRICTED:
        step.warn(f"The command {command.name} is not allowed in this step, because its target restricts commands.")
        return
    handler = HANDLERS.get(command.name)
    if handler is None:
        step.warn(f"This agent does not know the command {command.name}; it was ignored.")
        return
    handler(step, command)


def _set_variable(step: StepContext, command: Command) -> None:
    name = command.properties.get("variable", "").strip()
    if not name:
        raise TaskFailed("task.setvariable needs the name of a variable.")
    settable = step.step.target.settable
    if settable is not None and name.casefold() not in (allowed.casefold() for allowed in settable):
        step.warn(f"The variable '{name}' was not set, because the step's target does not list it under settableVariables.")
        return
    step.set_variable(
        name,
        command.data,
        secret=command.flag("issecret"),
        output=command.flag("isoutput"),
        readonly=command.flag("isreadonly"),
    )


def _set_secret(step: StepContext, command: Command) -> None:
    step.run.masker.add(command.data)


def _issue(step: StepContext, command: Command) -> None:
    kind = command.properties.get("type", "").lower()
    if kind not in ("error", "warning"):
        raise TaskFailed("task.logissue needs type=error or type=warning.")
    place = command.properties.get("sourcepath", "")
    line = command.properties.get("linenumber", "")
    step.issue(kind, f"{place}{f'({line})' if line else ''}{': ' if place else ''}{command.data}")


def _complete(step: StepContext, command: Command) -> None:
    step.complete(command.properties.get("result", "Succeeded"))
    if command.data:
        step.say(command.data)


def _prepend_path(step: StepContext, command: Command) -> None:
    step.prepend_path(command.data)


def _upload_summary(step: StepContext, command: Command) -> None:
    file = _named_file(step, command.data)
    step.run.record.add_summary(step.job.place, file.read_text(encoding="utf-8", errors="replace"))


def _upload_file(step: StepContext, command: Command) -> None:
    _keep(step, _named_file(step, command.data), "files")


def _add_attachment(step: StepContext, command: Command) -> None:
    _keep(step, _named_file(step, command.data), command.properties.get("type", "attachment"))


def _upload_artifact(step: StepContext, command: Command) -> None:
    """Unlike a pipeline artifact, this one grows with every command that names it."""
    name = command.properties.get("artifactname", "")
    if not name:
        raise TaskFailed("artifact.upload needs the name of an artifact: artifactname=NAME.")
    upload(step, _named_file(step, command.data), name, command.properties.get("containerfolder") or name)


def _keep(step: StepContext, file: Path, kind: str) -> None:
    refuse_secrets(step, files_of(file))
    job = step.job
    copy_any(
        file, step.run.record.folder / "attachments" / file_name(job.stage.name) / file_name(job.job.name) / kind / file.name
    )


def _named_file(step: StepContext, text: str) -> Path:
    file = step.path(text)
    if not text.strip() or not file.exists():
        raise TaskFailed(f"The file {file} does not exist.")
    return file


def _add_tag(step: StepContext, command: Command) -> None:
    step.run.record.add_tag(step.run.masker.mask(command.data.strip()))


def _update_build_number(step: StepContext, command: Command) -> None:
    step.job.variables.set("Build.BuildNumber", command.data.strip())
    step.run.record.add_fact("buildNumber", command.data.strip())


def _quiet(step: StepContext, command: Command) -> None:
    """Progress bars and debug lines belong to Azure's own pages."""


HANDLERS: dict[str, Handler] = {
    "task.setvariable": _set_variable,
    "task.setsecret": _set_secret,
    "task.logissue": _issue,
    "task.complete": _complete,
    "task.prependpath": _prepend_path,
    "task.setprogress": _quiet,
    "task.logdetail": _quiet,
    "task.debug": _quiet,
    "task.uploadsummary": _upload_summary,
    "task.uploadfile": _upload_file,
    "task.addattachment": _add_attachment,
    "build.addbuildtag": _add_tag,
    "build.updatebuildnumber": _update_build_number,
    "build.uploadlog": _upload_file,
    "artifact.upload": _upload_artifact,
}
