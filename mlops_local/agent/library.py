"""The library of a project, in a folder: variable groups, key vaults, service connections and feeds as YAML files, secure files as files.

library/README.md says which file holds what.
https://learn.microsoft.com/azure/devops/pipelines/library/
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mlops_local.agent.errors import Mark, Origin, PipelineError
from mlops_local.agent.nodes import Mapping, Node, Scalar, load
from mlops_local.agent.private_files import why_open
from mlops_local.agent.scalars import parse_boolean

AZURE = "azurerm"
PYTHON_FEED = "externalPythonDownloadFeed"
# Settings of a service connection by its type: those that it must have, and those that it may have.
_CONNECTIONS = {
    AZURE: (("servicePrincipalId", "tenantId"), ("subscriptionId", "subscriptionName")),
    PYTHON_FEED: (("url",), ("username", "password")),
}
_FEED = (("url",), ("token",))
_SECRETS = ("password", "token")


@dataclass(frozen=True)
class GroupVariable:
    name: str
    value: str
    secret: bool = False


@dataclass(frozen=True)
class VaultSecret:
    """`available` is false for one that is switched off or has expired: it is not among "all secrets", and is not given by name."""

    name: str
    value: str
    available: bool = True


@dataclass(frozen=True)
class Connection:
    """`settings` by name: of a service connection, or the url and token of a feed."""

    name: str
    type: str
    settings: dict[str, str]


class LibraryError(Exception):
    """Something that the library should hold and does not."""


@dataclass(frozen=True)
class Library:
    folder: Path

    def group(self, name: str) -> list[GroupVariable]:
        return [_variable(key, value) for key, value in _read(self._file("variable-groups", name, "variable group"))]

    def secure_file(self, name: str) -> Path:
        file = self.folder / "secure-files" / name
        if not name or not _is_inside(file, self.folder) or not file.is_file():
            raise LibraryError(f"The secure file '{name}' does not exist; put it into {self.folder / 'secure-files'}.")
        return file

    def key_vault(self, name: str) -> list[VaultSecret]:
        file = self._file("key-vaults", name, "key vault")
        _refuse_open(file)
        return [_secret(key, value) for key, value in _read(file)]

    def connection(self, name: str, type_: str) -> Connection:
        """A service connection of that type."""
        file = self._file("service-connections", name, "service connection")
        settings = _settings(file)
        found = settings.pop("type", "")
        if found not in _CONNECTIONS:
            raise LibraryError(f"{file}:1:1: The type of a service connection is {' or '.join(_CONNECTIONS)}, not '{found}'.")
        if found != type_:
            raise LibraryError(f"The service connection '{name}' is of type {found}; this input takes one of type {type_}.")
        return Connection(name, found, _checked(file, settings, *_CONNECTIONS[found]))

    def feed(self, name: str) -> Connection:
        """`NAME`, or `PROJECT/NAME`."""
        file = self._file("feeds", name, "feed")
        return Connection(name, "feed", _checked(file, _settings(file), *_FEED))

    def environment(self, name: str) -> Mapping | None:
        """What is written about an environment; nothing when there is no file."""
        file = self._find("environments", name)
        return _mapping(file) if file else None

    def _file(self, kind: str, name: str, what: str) -> Path:
        found = self._find(kind, name)
        if found:
            return found
        raise LibraryError(f"The {what} '{name}' does not exist; create {self.folder / kind / name}.yml.")

    def _find(self, kind: str, name: str) -> Path | None:
        for ending in (".yml", ".yaml"):
            file = self.folder / kind / f"{name}{ending}"
            if name and _is_inside(file, self.folder / kind) and file.is_file():
                return file
        return None


def _is_inside(file: Path, folder: Path) -> bool:
    return file.resolve().is_relative_to(folder.resolve())


def _refuse_open(file: Path) -> None:
    if reason := why_open(file):
        raise LibraryError(reason)


def _read(file: Path) -> list[tuple[Scalar, Node]]:
    return list(_mapping(file).pairs)


def _mapping(file: Path) -> Mapping:
    origin = Origin(str(file))
    try:
        node = load(file.read_text(encoding="utf-8"), origin)
    except PipelineError as error:
        raise LibraryError(str(error)) from error
    if not isinstance(node, Mapping):
        raise _wrong(Mark(origin, 1, 1), "This file is a mapping of names to values.")
    return node


def _wrong(mark: Mark, sentence: str) -> LibraryError:
    return LibraryError(str(PipelineError(mark, sentence)))


def _settings(file: Path) -> dict[str, str]:
    settings: dict[str, str] = {}
    for key, value in _read(file):
        if not isinstance(value, Scalar):
            raise _wrong(key.mark, f"'{key.text}' is a text here.")
        settings[key.text] = value.text
    return settings


def _checked(file: Path, settings: dict[str, str], required: tuple[str, ...], optional: tuple[str, ...]) -> dict[str, str]:
    for name in required:
        if not settings.get(name):
            raise LibraryError(f"{file}:1:1: '{name}' is missing; this file has {', '.join((*required, *optional))}.")
    for name in settings:
        if name not in (*required, *optional):
            raise LibraryError(f"{file}:1:1: '{name}' is unknown; this file has {', '.join((*required, *optional))}.")
    if any(settings.get(name) for name in _SECRETS):
        _refuse_open(file)
    return settings


def _fields(key: Scalar, node: Node, optional: tuple[str, ...], what: str) -> dict[str, str]:
    """`value` and what else the mapping says; a plain text is its value."""
    if isinstance(node, Scalar):
        return {"value": node.text}
    fields = {name.text: value for name, value in node.pairs} if isinstance(node, Mapping) else {}
    texts = {name: value.text for name, value in fields.items() if isinstance(value, Scalar)}
    if "value" not in texts or len(texts) < len(fields) or set(texts) - {"value", *optional}:
        choice = " and ".join(f"'{name}'" for name in ("value", *optional))
        raise _wrong(key.mark, f"The {what} '{key.text}' is a text, or a mapping with {choice}.")
    return texts


def _variable(key: Scalar, node: Node) -> GroupVariable:
    fields = _fields(key, node, ("secret",), "variable")
    return GroupVariable(key.text, fields["value"], parse_boolean(fields.get("secret", "false")) is True)


def _secret(key: Scalar, node: Node) -> VaultSecret:
    fields = _fields(key, node, ("enabled", "expires"), "secret")
    enabled = parse_boolean(fields.get("enabled", "true")) is True
    return VaultSecret(key.text, fields["value"], enabled and not _has_expired(key, fields.get("expires", "")))


def _has_expired(key: Scalar, text: str) -> bool:
    if not text:
        return False
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _wrong(key.mark, f"'expires' of the secret '{key.text}' is a date such as 2026-12-31, not '{text}'.") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) <= datetime.now(UTC)
