"""Variables while a job runs: values, secrets, read-only ones, `$(macros)` and their names in the environment.

https://learn.microsoft.com/azure/devops/pipelines/process/variables
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mlops_local.agent.values import Table

_MACRO = re.compile(r"\$\(([^()$\r\n]+)\)")
_RESERVED = ("endpoint", "input", "secret", "path", "securefile")
_DEEPEST = 50


@dataclass(frozen=True)
class Entry:
    name: str
    value: str
    secret: bool = False
    readonly: bool = False


class Variables:
    """Names are case-insensitive. `on_secret` hears of every secret before anything can print it."""

    def __init__(self, on_secret: Callable[[str], None]) -> None:
        self._entries: dict[str, Entry] = {}
        self._on_secret = on_secret

    def set(self, name: str, value: str, *, secret: bool = False, readonly: bool = False) -> None:
        before = self._entries.get(name.casefold())
        secret = secret or bool(before and before.secret)
        if secret:
            self._on_secret(value)
        self._entries[name.casefold()] = Entry(before.name if before else name, value, secret, readonly)

    def is_readonly(self, name: str) -> bool:
        entry = self._entries.get(name.casefold())
        return entry is not None and entry.readonly

    def get(self, name: str) -> str | None:
        """The value with the variables inside of it, as every reader but the YAML sees it."""
        entry = self._entries.get(name.casefold())
        return None if entry is None else self._expanded(entry, ())

    def _expanded(self, entry: Entry, path: tuple[str, ...]) -> str:
        key = entry.name.casefold()
        if key in path or len(path) > _DEEPEST:
            return f"$({entry.name})"
        return _MACRO.sub(lambda found: self._inserted(found, (*path, key)), entry.value)

    def _inserted(self, found: re.Match[str], path: tuple[str, ...]) -> str:
        entry = self._entries.get(found.group(1).casefold())
        return found.group() if entry is None else self._expanded(entry, path)

    def expand(self, text: str) -> str:
        """One pass from left to right: unknown names stay, so that `$(command)` still reaches a shell."""
        return _MACRO.sub(lambda found: self._inserted(found, ()), text)

    def is_secret(self, name: str, path: tuple[str, ...] = ()) -> bool:
        """A variable with a secret inside of it is a secret itself."""
        entry = self._entries.get(name.casefold())
        if entry is None or name.casefold() in path:
            return False
        return entry.secret or any(self.is_secret(inner, (*path, name.casefold())) for inner in _MACRO.findall(entry.value))

    def environment(self) -> dict[str, str]:
        """What every step inherits; secrets are left out and need `env:`."""
        return {
            environment_name(entry.name): self._expanded(entry, ())
            for entry in self._entries.values()
            if not self.is_secret(entry.name) and not _is_reserved(entry.name)
        }

    def table(self) -> Table:
        return Table((entry.name, self._expanded(entry, ())) for entry in self._entries.values())


def environment_name(name: str) -> str:
    """Blanks and dots become underscores; a hyphen stays, and no shell can read such a name."""
    return name.replace(".", "_").replace(" ", "_").upper()


def _is_reserved(name: str) -> bool:
    return any(name.lower().startswith(f"{word}.") or name.lower() == word for word in _RESERVED)
