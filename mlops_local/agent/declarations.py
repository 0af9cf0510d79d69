"""`parameters:` of a file: what it declares, in the new style (a list) or the old one (a mapping of defaults).

https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/parameters
"""

from __future__ import annotations

from dataclasses import dataclass

from mlops_local.agent.errors import Mark, PipelineError, Problems
from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence, is_null, scalars

TEXTS = {"string", "number", "boolean"}
LISTS = {"stepList": "step", "jobList": "job", "deploymentList": "job", "stageList": "stage"}
SINGLES = {"step": "step", "job": "job", "deployment": "job", "stage": "stage"}
# Kinds that Azure knows and whose values are not normalised.
LOOSE = {"object", "legacyObject", "container", "containerList", "environment", "pool"}
NAMES = {"filePath", "secureFile", "serviceConnection"}
TYPES = {*TEXTS, "stringList", *LISTS, *SINGLES, *LOOSE, *NAMES}
_WITH_VALUES = {*TEXTS, "stringList", *NAMES}
_KEYS = {"name", "displayName", "type", "default", "values"}


@dataclass(frozen=True)
class Declaration:
    name: str
    type: str
    mark: Mark
    default: Node | None = None
    values: tuple[str, ...] | None = None
    is_wrong: bool = False


@dataclass(frozen=True)
class Declarations:
    """An old-style mapping accepts undeclared names, turns every scalar into text, and knows an absent name as null."""

    entries: tuple[Declaration, ...]
    mark: Mark
    old_style: bool = False
    absent: bool = False


def declared(node: Node | None, mark: Mark, problems: Problems, *, is_root: bool = False) -> Declarations:
    if node is None or is_null(node):
        return Declarations((), mark, absent=True)
    with problems.collect():
        _refuse_expressions(node)
        if isinstance(node, Mapping):
            _refuse_duplicates(node)
            old = tuple(Declaration(key.text, "legacyObject", key.mark, value) for key, value in node.pairs)
            return Declarations(old, node.mark, old_style=True)
        if not isinstance(node, Sequence):
            raise PipelineError(node.mark, "'parameters' is a list of declarations.")
    entries: list[Declaration] = []
    for item in node.items if isinstance(node, Sequence) else []:
        try:
            entries.append(_declaration(item, {entry.name.casefold() for entry in entries}, is_root))
        except PipelineError as error:
            problems.add(error.mark, error.sentence)
            entries += _spared(item)
    return Declarations(tuple(entries), node.mark)


def _spared(item: Node) -> list[Declaration]:
    """A wrong declaration that has a name: what refers to it is not wrong as well."""
    name = item.find("name") if isinstance(item, Mapping) else None
    return [Declaration(name.text, "object", name.mark, is_wrong=True)] if isinstance(name, Scalar) else []


def _refuse_expressions(node: Node) -> None:
    for scalar in scalars(node):
        if "${{" in scalar.text:
            raise PipelineError(
                scalar.mark, "A template expression is not allowed in a parameter declaration; write a literal value."
            )


def _refuse_duplicates(node: Mapping) -> None:
    seen: set[str] = set()
    for key, _ in node.pairs:
        if key.text.casefold() in seen:
            raise PipelineError(key.mark, f"'{key.text}' is already defined in this mapping.")
        seen.add(key.text.casefold())


def _declaration(item: Node, earlier: set[str], is_root: bool) -> Declaration:
    if not isinstance(item, Mapping):
        raise PipelineError(item.mark, "A parameter is declared by a mapping with a 'name'.")
    _refuse_duplicates(item)
    for key, _ in item.pairs:
        if key.text not in _KEYS:
            raise PipelineError(key.mark, f"Unexpected value '{key.text}' in a parameter declaration.")
    name = item.find("name")
    if not isinstance(name, Scalar) or not name.text:
        raise PipelineError(item.mark, "A parameter needs a 'name'.")
    if name.text.casefold() in earlier:
        raise PipelineError(name.mark, f"The parameter '{name.text}' is declared twice.")
    kind = _type(name.text, item.find("type"), is_root)
    return Declaration(name.text, kind, name.mark, item.find("default"), _values(name.text, kind, item.find("values")))


def _type(name: str, node: Node | None, is_root: bool) -> str:
    if node is None:
        return "string"
    if not isinstance(node, Scalar) or node.text not in TYPES:
        shown = node.text if isinstance(node, Scalar) else "a list or mapping"
        raise PipelineError(node.mark, f"The parameter '{name}' has the unknown type '{shown}'.")
    if node.text == "stringList" and not is_root:
        raise PipelineError(node.mark, f"The parameter '{name}' is a stringList, which a template cannot have; use object.")
    return node.text


def _values(name: str, kind: str, node: Node | None) -> tuple[str, ...] | None:
    if node is None or is_null(node):
        return None
    if kind not in _WITH_VALUES:
        raise PipelineError(node.mark, f"The parameter '{name}' is of type {kind}, which has no 'values'.")
    items = node.items if isinstance(node, Sequence) else []
    texts = tuple(item.text for item in items if isinstance(item, Scalar))
    if not isinstance(node, Sequence) or len(texts) < len(items):
        raise PipelineError(node.mark, f"The 'values' of the parameter '{name}' are a list of texts.")
    return texts
