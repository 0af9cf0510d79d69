"""A rule of the pipeline language with its own small example; tables of rules are files `test_rules_*.py`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

Project = Any


@dataclass(frozen=True)
class Rule:
    """`root` and `files` are YAML; what must come of them is one of `scripts`, `errors` (each a part of one), `shows`.

    `shows` is looked up in the expanded pipeline by a path such as `stages.0.jobs.0.pool`.
    """

    says: str
    root: str
    files: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    scripts: list[str] | None = None
    errors: list[str] | None = None
    shows: dict[str, object] | None = None


def params(rules: Iterable[Rule]) -> list[Any]:
    return [pytest.param(rule, id=rule.says.replace(" ", "-")) for rule in rules]


def check(rule: Rule, project: Project) -> None:
    for name, text in rule.files.items():
        project.file(name, text)
    project.root(rule.root)
    given = {"parameters": rule.parameters, "variables": rule.variables}
    if rule.errors is not None:
        found = project.errors(**given)
        assert len(found) == len(rule.errors), found
        assert all(any(part in error for error in found) for part in rule.errors), found
        return
    expanded = project.expand(**given)
    if rule.scripts is not None:
        assert [_script(step) for step in _steps(expanded)] == rule.scripts
    for path, value in (rule.shows or {}).items():
        assert _at(expanded, path) == value, path


def _steps(node: object) -> Iterable[dict[str, Any]]:
    """Every step, wherever it is nested, in the order of the file."""
    if isinstance(node, list):
        for item in node:
            yield from _steps(item)
    elif isinstance(node, dict):
        yield from node.get("steps") or []
        for key, value in node.items():
            if key != "steps":
                yield from _steps(value)


def _script(step: dict[str, Any]) -> str:
    return str(step["script"] if "script" in step else step["inputs"]["script"])


def _at(node: Any, path: str) -> object:
    for part in path.split("."):
        node = node[int(part)] if isinstance(node, list) else node.get(part)
    return node
