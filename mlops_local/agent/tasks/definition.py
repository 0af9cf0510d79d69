"""A task: its inputs as the real task.json declares them, and what it does here.

https://github.com/microsoft/azure-pipelines-tasks
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mlops_local.agent.context import StepContext


@dataclass(frozen=True)
class Input:
    """`when` makes a required input required only while another input has one of the given values."""

    name: str
    default: str = ""
    aliases: tuple[str, ...] = ()
    required: bool = False
    kind: str = "string"
    options: tuple[str, ...] = ()
    when: tuple[str, tuple[str, ...]] | None = None


def boolean(name: str, default: str = "false", aliases: tuple[str, ...] = ()) -> Input:
    return Input(name, default, aliases, kind="boolean")


@dataclass(frozen=True)
class Task:
    """`before_job` tasks run before all other steps, wherever they are written. `guid` is how Azure itself writes some."""

    name: str
    version: int
    inputs: tuple[Input, ...]
    run: Callable[[StepContext], None]
    guid: str = ""
    before_job: bool = False
    _names: dict[str, Input] = field(default_factory=dict, repr=False)

    def find(self, name: str) -> Input | None:
        if not self._names:
            for known in self.inputs:
                for alias in (known.name, *known.aliases):
                    self._names[alias.casefold()] = known
        return self._names.get(name.casefold())

    def resolved(self, given: dict[str, str]) -> dict[str, str]:
        """Every input by its own name, with defaults."""
        values = {known.name: known.default for known in self.inputs}
        for name, value in given.items():
            if known := self.find(name):
                values[known.name] = value
        return values
