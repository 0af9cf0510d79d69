"""Tasks that a user teaches the agent: a folder of Python files, one task in each.

Such a file holds `TASK`, made of the names that `mlops_local.agent.tasks` offers. A file whose name begins with `_` is none.
"""

from __future__ import annotations

import importlib.util
import inspect
import itertools
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import ParamSpec, TypeVar

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.library import LibraryError
from mlops_local.agent.process import Stopped
from mlops_local.agent.scalars import parse_boolean
from mlops_local.agent.tasks.definition import Input, Task
from mlops_local.agent.tasks.registry import BUILT_IN, Registry

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")
_NUMBERS = itertools.count()
_KINDS = ("string", "boolean")


class AdapterError(Exception):
    """Why the adapters of a folder cannot be used: a line for each mistake."""


def with_adapters(folder: Path) -> Registry:
    """The tasks of this agent and those of the folder; AdapterError with every mistake of every file."""
    if not folder.is_dir():
        raise AdapterError(f"There is no folder {folder}; --tasks names a folder with one Python file for each task.")
    files = sorted(file for file in folder.glob("*.py") if not file.name.startswith("_"))
    if not files:
        raise AdapterError(f"{folder} holds no task; write one Python file for each task into it.")
    package = _package(folder)
    tasks: dict[Path, Task] = {}
    mistakes: list[str] = []
    for file in files:
        try:
            tasks[file] = _load(file, package)
        except AdapterError as error:
            mistakes.append(str(error))
    mistakes += _clashes(tasks)
    if mistakes:
        raise AdapterError("\n".join(mistakes))
    return BUILT_IN.added(tasks.values())


def _package(folder: Path) -> str:
    """The folder as a package of a name of its own, so that its files may import from each other: `from ._shared import x`."""
    name = f"mlops_tasks_{next(_NUMBERS)}"
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [str(folder.resolve())]
    sys.modules[name] = importlib.util.module_from_spec(spec)
    return name


def _load(file: Path, package: str) -> Task:
    task = _execute(file, package)
    if not isinstance(task, Task):
        raise AdapterError(f"{file}:1:1: An adapter defines TASK, a Task of mlops_local.agent.tasks; this file does not.")
    mistakes = list(_mistakes(task))
    if mistakes:
        raise AdapterError("\n".join(f"{file}:1:1: {mistake}" for mistake in mistakes))
    return replace(
        task,
        run=_guarded(task.run, file),
        before_job=_asked(task.before_job, file),
        program=_asked(task.program, file),
        needs=_asked(task.needs, file),
    )


def _execute(file: Path, package: str) -> object:
    spec = importlib.util.spec_from_file_location(f"{package}.{file.stem}", file)
    if spec is None or spec.loader is None:
        raise AdapterError(f"{file}:1:1: This file cannot be loaded as Python.")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise AdapterError(f"{file}:{error.lineno or 1}:{error.offset or 1}: This is not Python: {error.msg}.") from error
    except Exception as error:
        # Whatever a user's file does wrong is told like a mistake in a pipeline.
        raise AdapterError(f"{file}:{_line_in(file, error)}:1: The adapter cannot be loaded: {_said(error)}") from error
    return getattr(module, "TASK", None)


def _mistakes(task: Task) -> Iterator[str]:
    if not isinstance(task.name, str) or not _NAME.fullmatch(task.name):
        yield f"'{task.name}' is not the name of a task; use letters, digits, '.', '-' and '_'."
    if type(task.version) is not int or task.version < 0:
        yield f"The version of a task is its major number, such as 1, not {task.version!r}."
    for what in ("run", "before_job", "program", "needs"):
        expected = 2 if what == "needs" else 1
        if not _takes(getattr(task, what), expected):
            yield f"'{what}' is a function of {expected} argument{'s' if expected > 1 else ''}."
    if not isinstance(task.inputs, tuple) or not all(isinstance(known, Input) for known in task.inputs):
        yield "'inputs' is a tuple of Input."
        return
    for known in task.inputs:
        yield from _input_mistakes(task, known)
    names = [name.casefold() for known in task.inputs for name in (known.name, *known.aliases)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"Two inputs have the name or alias '{name}'; their case makes no difference."


def _takes(function: object, arguments: int) -> bool:
    if not callable(function):
        return False
    try:
        inspect.signature(function).bind(*range(arguments))
    except (TypeError, ValueError):
        return False
    return True


def _input_mistakes(task: Task, known: Input) -> Iterator[str]:
    what = f"The input '{known.name}'"
    if known.kind not in _KINDS:
        yield f"{what} is of kind {' or '.join(_KINDS)}, not {known.kind!r}."
    for field in ("aliases", "options", "done"):
        if not isinstance(getattr(known, field), tuple):
            yield f"'{field}' of the input '{known.name}' is a tuple; write ('a',) for a single one."
            return
    if not isinstance(known.default, str):
        yield f"{what} has a text as its default, as pipelines do: {str(known.default).lower()!r}, not {known.default!r}."
        return
    if known.default and "$(" not in known.default and (sentence := task.mistake(known, known.default)):
        yield f"The default of {sentence[0].lower()}{sentence[1:]}"
    if known.kind == "boolean" and parse_boolean(known.default) is None and "$(" not in known.default:
        yield f"{what} is true or false and needs one of them as its default."
    if known.when is not None and task.find(known.when[0]) is None:
        yield f"{what} depends on '{known.when[0]}', which is no input of this task."


def _clashes(tasks: dict[Path, Task]) -> Iterator[str]:
    owners: dict[tuple[str, int], Path] = {}
    for file, task in tasks.items():
        key = (task.name.casefold(), task.version)
        if task.version in BUILT_IN.versions(task.name):
            yield f"{file}:1:1: This agent has {task.reference} already; an adapter adds a task and replaces none."
        elif key in owners:
            yield f"{file}:1:1: {owners[key].name} is {task.reference} already."
        owners[key] = file


def _guarded(run: Callable[[StepContext], None], file: Path) -> Callable[[StepContext], None]:
    """A mistake in a user's function fails the step that uses it, and nothing else of the run."""

    def guarded(step: StepContext) -> None:
        try:
            run(step)
        except (TaskFailed, Stopped):
            raise
        except Exception as error:
            raise TaskFailed(f"{file}:{_line_in(file, error)}: The adapter failed: {_said(error)}") from error

    return guarded


def _asked(function: Callable[_Given, _Answer], file: Path) -> Callable[_Given, _Answer]:
    """What is asked before the run may find the library wanting; any other error is a mistake of the file."""

    def asked(*given: _Given.args, **named: _Given.kwargs) -> _Answer:
        try:
            return function(*given, **named)
        except LibraryError:
            raise
        except Exception as error:
            raise LibraryError(f"{file}:{_line_in(file, error)}: The adapter failed: {_said(error)}") from error

    return asked


def _line_in(file: Path, error: BaseException) -> int:
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).resolve() == file.resolve()
    ]
    return lines[-1] if lines and lines[-1] else 1


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")
