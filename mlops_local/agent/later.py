"""Libraries that are loaded when they are first used: expanding a pipeline knows all tasks and runs none of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import ModuleType


def later(name: str) -> Callable[[], ModuleType]:
    return cache(lambda: import_module(name))
