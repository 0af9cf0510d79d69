"""The library of a project, in a folder: variable groups as YAML files and secure files as files.

`variable-groups/NAME.yml` maps a name to a value, or to `{value: ..., secret: true}`; `secure-files/NAME` is the file itself.
https://learn.microsoft.com/azure/devops/pipelines/library/
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlops_local.agent.errors import Mark, Origin, PipelineError
from mlops_local.agent.nodes import Mapping, Node, Scalar, load
from mlops_local.agent.scalars import parse_boolean


@dataclass(frozen=True)
class GroupVariable:
    name: str
    value: str
    secret: bool = False


class LibraryError(Exception):
    """Something that the library should hold and does not."""


@dataclass(frozen=True)
class Library:
    folder: Path

    def group(self, name: str) -> list[GroupVariable]:
        for ending in (".yml", ".yaml"):
            file = self.folder / "variable-groups" / f"{name}{ending}"
            if _is_inside(file, self.folder) and file.is_file():
                return _read_group(file)
        raise LibraryError(f"The variable group '{name}' does not exist; create {self.folder / 'variable-groups' / name}.yml.")

    def secure_file(self, name: str) -> Path:
        file = self.folder / "secure-files" / name
        if not name or not _is_inside(file, self.folder) or not file.is_file():
            raise LibraryError(f"The secure file '{name}' does not exist; put it into {self.folder / 'secure-files'}.")
        return file


def _is_inside(file: Path, folder: Path) -> bool:
    return file.resolve().is_relative_to(folder.resolve())


def _read_group(file: Path) -> list[GroupVariable]:
    origin = Origin(str(file))
    try:
        node = load(file.read_text(encoding="utf-8"), origin)
        if not isinstance(node, Mapping):
            raise PipelineError(Mark(origin, 1, 1), "A variable group is a mapping of names to values.")
        return [_variable(key, value) for key, value in node.pairs]
    except PipelineError as error:
        raise LibraryError(str(error)) from error


def _variable(key: Scalar, node: Node) -> GroupVariable:
    if isinstance(node, Scalar):
        return GroupVariable(key.text, node.text)
    value = node.find("value") if isinstance(node, Mapping) else None
    secret = node.find("secret") if isinstance(node, Mapping) else None
    if not isinstance(value, Scalar) or (secret is not None and not isinstance(secret, Scalar)):
        raise PipelineError(key.mark, f"The variable '{key.text}' is a text, or a mapping with 'value' and 'secret'.")
    return GroupVariable(key.text, value.text, secret is not None and parse_boolean(secret.text) is True)
