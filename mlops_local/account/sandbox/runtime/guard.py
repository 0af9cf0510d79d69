"""Refuses imports of what the handler did not declare, as Snowflake's own environment would.

Two rules. The handler's code may import its declared packages and what they require. The libraries themselves may in addition
import what the worker needs to work (pandas, pyarrow), because it is loaded already.
"""

from __future__ import annotations

import builtins
import importlib
import site
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

BODY_MODULE = "_udf_code"


class Denied:
    """Modules that may not be imported, with all below them, unless the handler brought its own."""

    def __init__(self, roots: Sequence[str], own_paths: Sequence[str]) -> None:
        self._roots = frozenset(roots)
        self._own_paths = list(own_paths)
        self._own: dict[str, bool] = {}

    def root_of(self, name: str) -> str | None:
        """The denied module that ``name`` is or lies in; None when it may be imported."""
        parts = name.split(".")
        prefixes = (".".join(parts[: count + 1]) for count in range(len(parts)))
        root = next((prefix for prefix in prefixes if prefix in self._roots), None)
        return None if root is None or self._is_own(parts[0]) else root

    def check(self, name: str, members: Sequence[str] = ()) -> None:
        for full in (name, *(f"{name}.{member}" for member in members)):
            root = self.root_of(full)
            if root is not None:
                raise ModuleNotFoundError(f"No module named {root!r}", name=root)

    def _is_own(self, top: str) -> bool:
        if top not in self._own:
            self._own[top] = PathFinder.find_spec(top, self._own_paths) is not None
        return self._own[top]


class HidingFinder:
    """A finder that does not see denied modules. It must not raise: libraries ask ``find_spec`` what there is."""

    def __init__(self, finder: Any, denied: Denied) -> None:
        self._finder, self._denied = finder, denied

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if self._denied.root_of(name) is not None:
            return None
        found: ModuleSpec | None = self._finder.find_spec(name, path, target)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._finder, name)


def install(handler: Sequence[str], libraries: Sequence[str], own_paths: Sequence[str]) -> None:
    """``handler`` and ``libraries`` are the modules denied to each of the two."""
    hidden = Denied(libraries, own_paths)
    sys.meta_path[:] = [HidingFinder(finder, hidden) for finder in sys.meta_path]
    _guard_statements(Denied(handler, own_paths))


def _guard_statements(denied: Denied) -> None:
    original_import, original_import_module = builtins.__import__, importlib.import_module

    def guarded_import(
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        if level == 0 and globals is not None and _is_handler_code(globals):
            denied.check(name, fromlist or ())
        return original_import(name, globals, locals, fromlist or (), level)

    def guarded_import_module(name: str, package: str | None = None) -> ModuleType:
        if not name.startswith(".") and _is_handler_code(sys._getframe(1).f_globals):
            denied.check(name)
        return original_import_module(name, package)

    builtins.__import__ = guarded_import
    importlib.import_module = guarded_import_module


def library_folders() -> tuple[str, ...]:
    """Where the standard library and the environment's packages are."""
    paths = sysconfig.get_paths()
    found = [*(paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")), *site.getsitepackages()]
    return tuple(f"{folder}/" for folder in dict.fromkeys(found))


_LIBRARY_FOLDERS = library_folders()
_THIS_FOLDER = __file__.rpartition("/")[0] + "/"


def _is_handler_code(scope: Mapping[str, object]) -> bool:
    """Pickled functions carry the name and file of the module they came from, on the client's machine."""
    file = scope.get("__file__")
    if isinstance(file, str):
        return not file.startswith((*_LIBRARY_FOLDERS, _THIS_FOLDER))
    return scope.get("__name__") in {BODY_MODULE, "__main__"}
