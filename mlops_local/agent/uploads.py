"""Files that leave a job: copied as they are, so never one that holds a secret."""

from __future__ import annotations

from pathlib import Path

from mlops_local.agent.artifacts import ArtifactError
from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.folders import copy_any


def refuse_secrets(step: StepContext, files: list[Path]) -> None:
    for file in files:
        if step.run.masker.finds(file.read_bytes()):
            raise TaskFailed(f"The file {file} holds a secret and was not published; remove the secret from it.")


def files_of(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())


def upload(step: StepContext, source: Path, name: str, container: str) -> None:
    """A file or the content of a folder into a container of files; an empty folder is only warned of, as on Azure."""
    files = files_of(source)
    if not files:
        step.warn(f"The folder {source} is empty; nothing was added to the artifact '{name}'.")
        return
    refuse_secrets(step, files)
    try:
        target = step.run.record.artifacts.grow(name, container).folder
    except ArtifactError as error:
        raise TaskFailed(str(error)) from error
    copy_any(source, target if source.is_dir() else target / source.name)
    step.say(f"Added {len(files)} files of {source} to the artifact '{name}'.")
