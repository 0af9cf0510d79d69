"""A task: its inputs as the real task.json declares them, and what it does here.

https://github.com/microsoft/azure-pipelines-tasks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.library import Library
from mlops_local.agent.scalars import parse_boolean

# The values of a step's inputs, by their own names and with defaults.
Values = Mapping[str, str]


@dataclass(frozen=True)
class Input:
    """`when` makes a required input required only while another input has one of the given values.

    `refused` says why this agent does not act on the input, of which only the default is then taken; `done` names those of the
    options that it acts on, when they are not all.
    """

    name: str
    default: str = ""
    aliases: tuple[str, ...] = ()
    required: bool = False
    kind: str = "string"
    options: tuple[str, ...] = ()
    when: tuple[str, tuple[str, ...]] | None = None
    refused: str = ""
    done: tuple[str, ...] = ()


def boolean(name: str, default: str = "false", aliases: tuple[str, ...] = (), refused: str = "") -> Input:
    return Input(name, default, aliases, kind="boolean", refused=refused)


def is_known(value: str) -> bool:
    """Whether a value is known before the run; otherwise a variable or an expression gives it, and it is checked then."""
    return "$(" not in value and "${{" not in value


def _never(values: Values) -> bool:
    return False


def _no_program(values: Values) -> str:
    return ""


def _nothing(values: Values, library: Library) -> None:
    """Most tasks need nothing from the library."""


@dataclass(frozen=True)
class Task:
    """`before_job` steps run before all other steps, wherever they are written. `guid` is how Azure itself writes some.

    `program` names what the machine must have for these inputs, if anything; `needs` raises LibraryError when the library lacks
    what they name. Both are asked before anything runs.
    """

    name: str
    version: int
    inputs: tuple[Input, ...]
    run: Callable[[StepContext], None]
    guid: str = ""
    before_job: Callable[[Values], bool] = _never
    program: Callable[[Values], str] = _no_program
    needs: Callable[[Values, Library], None] = _nothing
    _names: dict[str, Input] = field(default_factory=dict, repr=False)

    @property
    def reference(self) -> str:
        return f"{self.name}@{self.version}"

    def find(self, name: str) -> Input | None:
        if not self._names:
            for known in self.inputs:
                for alias in (known.name, *known.aliases):
                    self._names[alias.casefold()] = known
        return self._names.get(name.casefold())

    def resolved(self, given: Mapping[str, str]) -> dict[str, str]:
        """Every input by its own name, with defaults."""
        values = {known.name: known.default for known in self.inputs}
        for name, value in given.items():
            if known := self.find(name):
                values[known.name] = value
        return values

    def start(self, step: StepContext) -> None:
        """Run it with values that are known by now; what a macro hid from the checks before the run is checked here."""
        for known in self.inputs:
            value = step.inputs[known.name]
            if sentence := self.mistake(known, value) or self.lack(known, value):
                raise TaskFailed(sentence)
        self.run(step)

    def mistake(self, known: Input, value: str, written: str = "") -> str:
        """What is wrong with the value of an input, on Azure too; `written` is the alias that the step uses."""
        what = f"The input '{written or known.name}' of {self.reference}"
        if known.kind == "boolean" and value and parse_boolean(value) is None:
            return f"{what} is true or false, not '{value}'."
        if known.options and value and not _is_one_of(value, known.options):
            return f"{what} is one of {', '.join(known.options)}, not '{value}'."
        return ""

    def lack(self, known: Input, value: str) -> str:
        """What Azure would do with the value and this agent does not."""
        what = f"The input '{known.name}' of {self.reference}"
        if known.refused and not _is_one_of(value, (known.default, "")):
            return f"{what} has no effect on this agent: {known.refused}"
        if known.done and not _is_one_of(value, known.done):
            return f"{what} is here {' or '.join(known.done)}; this agent does not act on '{value}'."
        return ""


def _is_one_of(value: str, options: tuple[str, ...]) -> bool:
    return value.strip().casefold() in (option.casefold() for option in options)
