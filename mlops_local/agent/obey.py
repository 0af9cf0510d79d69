"""What each logging command does.

https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

from mlops_local.agent.commands import RESTRICTED, Command
from mlops_local.agent.context import RESULTS, StepContext, TaskFailed
from mlops_local.agent.folders import copy_any
from mlops_local.agent.uploads import kept_in, refuse_secrets, upload

Handler = Callable[[StepContext, Command], None]


def obey(step: StepContext, command: Command) -> None:
    """As Azure's agent: a command of an unknown area is warned of, one that an area does not have fails the step."""
    handler = HANDLERS.get(command.name)
    if handler is None:
        _refuse_unknown(step, command)
    elif step.step.target.restricted and command.name not in RESTRICTED:
        step.warn(f"The command {command.name} is not allowed in this step, because its target restricts commands.")
    else:
        handler(step, command)


def _refuse_unknown(step: StepContext, command: Command) -> None:
    area = command.name.partition(".")[0]
    known = [name for name in HANDLERS if name.startswith(f"{area}.")]
    if known:
        raise TaskFailed(f"There is no command {command.name}; of this area there are: {', '.join(known)}.")
    step.warn(f"There is no command {command.name}; it was ignored.")


def _set_variable(step: StepContext, command: Command) -> None:
    name = command.properties.get("variable", "").strip()
    if not name:
        raise TaskFailed("task.setvariable needs the name of a variable.")
    secret = command.flag("issecret")
    if secret:
        step.run.masker.add(command.data)
    if _is_settable(step, name):
        step.set_variable(
            name,
            command.data,
            secret=secret,
            output=command.flag("isoutput"),
            readonly=command.flag("isreadonly"),
        )


def _is_settable(step: StepContext, name: str) -> bool:
    """Names that are listed may have wildcards."""
    settable = step.step.target.settable
    if settable is None or any(fnmatchcase(name.casefold(), allowed.casefold()) for allowed in settable):
        return True
    step.warn(f"The variable '{name}' was not set, because the step's target does not list it under settableVariables.")
    return False


def _set_task_variable(step: StepContext, command: Command) -> None:
    """Such a variable is for later phases of the same task, of which a script has none."""
    if not command.properties.get("variable", "").strip():
        raise TaskFailed("task.settaskvariable needs the name of a variable.")
    if command.flag("issecret"):
        step.run.masker.add(command.data)


def _set_secret(step: StepContext, command: Command) -> None:
    step.run.masker.add(command.data)


def _issue(step: StepContext, command: Command) -> None:
    kind = command.properties.get("type", "").lower()
    if kind not in _ISSUES:
        raise TaskFailed("task.logissue needs type=error or type=warning.")
    place, line, column, code = (
        command.properties.get(name, "") for name in ("sourcepath", "linenumber", "columnnumber", "code")
    )
    where = f"{place}({line},{column}): {kind} {code}: " if place else ""
    step.issue(kind, f"{where}{command.data}")


def _complete(step: StepContext, command: Command) -> None:
    result = command.properties.get("result", "")
    if result not in RESULTS:
        raise TaskFailed(f"task.complete needs the result {', '.join(RESULTS[:-1])} or {RESULTS[-1]}, not '{result}'.")
    step.complete(result)
    if command.data:
        step.say(command.data)


def _prepend_path(step: StepContext, command: Command) -> None:
    if not command.data.strip():
        raise TaskFailed("task.prependpath needs a folder.")
    if _is_settable(step, "PATH"):
        step.prepend_path(command.data.strip())


def _debug(step: StepContext, command: Command) -> None:
    if (step.job.variables.get("System.Debug") or "").lower() == "true":
        step.say(f"##[debug]{command.data}")


def _upload_summary(step: StepContext, command: Command) -> None:
    file = _named_file(step, command.data)
    step.run.record.add_summary(step.job.place, file.read_text(encoding="utf-8", errors="replace"))


def _upload_file(step: StepContext, command: Command) -> None:
    file = _named_file(step, command.data)
    _keep(step, file, "files", file.name)


def _add_attachment(step: StepContext, command: Command) -> None:
    kind, name = (command.properties.get(each, "") for each in ("type", "name"))
    if not kind or not name or {kind, name} & {".", ".."} or "/" in kind + name:
        raise TaskFailed("task.addattachment needs type=TYPE and name=NAME, neither with a slash.")
    _keep(step, _named_file(step, command.data), kind, name)


def _upload_artifact(step: StepContext, command: Command) -> None:
    """Unlike a pipeline artifact, this one grows with every command that names it."""
    name = command.properties.get("artifactname", "")
    if not name:
        raise TaskFailed("artifact.upload needs the name of an artifact: artifactname=NAME.")
    upload(step, _existing(step, command.data), name, command.properties.get("containerfolder") or name)


def _keep(step: StepContext, file: Path, kind: str, name: str) -> None:
    refuse_secrets(step, [file])
    copy_any(file, kept_in(step, "attachments") / kind / name)


def _existing(step: StepContext, text: str) -> Path:
    path = step.path(text)
    if not text.strip() or not path.exists():
        raise TaskFailed(f"The file {path} does not exist.")
    return path


def _named_file(step: StepContext, text: str) -> Path:
    path = _existing(step, text)
    if not path.is_file():
        raise TaskFailed(f"{path} is no file.")
    return path


def _add_tag(step: StepContext, command: Command) -> None:
    if not command.data.strip():
        raise TaskFailed("build.addbuildtag needs a tag.")
    step.run.record.add_tag(step.run.masker.mask(command.data.strip()))


def _update_build_number(step: StepContext, command: Command) -> None:
    if not command.data.strip():
        raise TaskFailed("build.updatebuildnumber needs a number.")
    step.job.variables.set("Build.BuildNumber", command.data.strip())
    step.run.record.add_fact("buildNumber", command.data.strip())


def _quiet(step: StepContext, command: Command) -> None:
    """Progress bars, details and telemetry belong to Azure's own pages."""


def _not_here(step: StepContext, command: Command) -> None:
    raise TaskFailed(f"This agent does not do {command.name}; {_INSTEAD[command.name]}.")


_ISSUES = ("error", "warning")
# What there is no local form of, and what to use instead.
_INSTEAD = {
    "task.setendpoint": "write the service connection into the library",
    "artifact.associate": "use artifact.upload",
    "codecoverage.publish": "use PublishCodeCoverageResults@2",
    "release.updatereleasename": "it is for classic releases",
    "results.publish": "use PublishTestResults@2",
}
HANDLERS: dict[str, Handler] = {
    "task.setvariable": _set_variable,
    "task.settaskvariable": _set_task_variable,
    "task.setsecret": _set_secret,
    "task.logissue": _issue,
    "task.issue": _issue,
    "task.complete": _complete,
    "task.prependpath": _prepend_path,
    "task.setprogress": _quiet,
    "task.logdetail": _quiet,
    "task.debug": _debug,
    "task.uploadsummary": _upload_summary,
    "task.uploadfile": _upload_file,
    "task.addattachment": _add_attachment,
    "build.addbuildtag": _add_tag,
    "build.updatebuildnumber": _update_build_number,
    "build.uploadlog": _upload_file,
    "build.uploadsummary": _upload_summary,
    "artifact.upload": _upload_artifact,
    "telemetry.publish": _quiet,
    **dict.fromkeys(_INSTEAD, _not_here),
}
