"""Finds the handler: in the body that the statement carries, or in a module among the imports."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from mlops_local.account.sandbox.runtime.guard import BODY_MODULE

_ARCHIVES = {".zip", ".whl", ".egg"}


def own_paths(folder: Path) -> list[str]:
    """The folder of the imports, and every archive in it."""
    archives = sorted(str(path) for path in folder.rglob("*") if path.suffix in _ARCHIVES)
    return [str(folder), *archives]


def find_handler(path: str, body: str | None) -> Any:
    if body is not None:
        return _member(_run_body(body), path.split("."), path)
    module, names = _import_longest(path.split("."))
    return _member(module, names, path)


def _run_body(body: str) -> ModuleType:
    module = ModuleType(BODY_MODULE)
    module.__file__ = f"{BODY_MODULE}.py"
    sys.modules[BODY_MODULE] = module
    exec(compile(body, module.__file__, "exec"), module.__dict__)  # noqa: S102  running it is what the worker is for
    return module


def _import_longest(parts: Sequence[str]) -> tuple[ModuleType, Sequence[str]]:
    """``package.module.Class``: the module is as much of it as can be imported."""
    module = importlib.import_module(parts[0])
    for count in range(1, len(parts)):
        name = ".".join(parts[: count + 1])
        if hasattr(module, parts[count]):
            return module, parts[count:]
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            return module, parts[count:]
    return module, []


def _member(module: ModuleType, names: Sequence[str], path: str) -> Any:
    found: Any = module
    for name in names:
        if not hasattr(found, name):
            raise AttributeError(f"Python function is defined with handler '{path}', but {module.__name__} has no '{name}'.")
        found = getattr(found, name)
    return found
