"""Declared parameters, the values that callers give, and how a value becomes its declared type.

https://learn.microsoft.com/azure/devops/pipelines/process/template-parameters
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from mlops_local.agent.errors import Mark, PipelineError, Problems
from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence, is_null, scalars, typed
from mlops_local.agent.scalars import parse_boolean, parse_number
from mlops_local.agent.steps import normalise
from mlops_local.agent.values import ExpressionError, Table, Value, value_of

LISTS = {"stepList": "step", "jobList": "job", "deploymentList": "job", "stageList": "stage"}
SINGLES = {"step": "step", "job": "job", "deployment": "job", "stage": "stage"}
# Kinds that Azure knows and that reach a template as they are written.
LOOSE = {
    "object",
    "container",
    "containerList",
    "environment",
    "pool",
    "legacyObject",
    "filePath",
    "secureFile",
    "serviceConnection",
}
TYPES = {"string", "stringList", "number", "boolean", *LISTS, *SINGLES, *LOOSE}
_KEYS = {"name", "displayName", "type", "default", "values"}


@dataclass(frozen=True)
class Declaration:
    name: str
    type: str
    mark: Mark
    default: Node | None = None
    values: Sequence | None = None


@dataclass(frozen=True)
class Declarations:
    """What a file declares. An old-style mapping accepts undeclared names and turns every scalar into text."""

    entries: tuple[Declaration, ...]
    mark: Mark
    old_style: bool = False


class Parameters(Table):
    """The `parameters` context: a name that is not declared is an error, not null."""

    def lookup(self, name: str) -> Value:
        if name not in self:
            raise ExpressionError(f"Unexpected parameter reference '{name}'; declare it under 'parameters'.")
        return super().lookup(name)


# Turns the items of a stepList and its relatives into finished nodes: templates among them are loaded.
Finish = Callable[[str, Sequence], Sequence]


def declared(node: Node | None, mark: Mark, problems: Problems) -> Declarations:
    if node is None or is_null(node):
        return Declarations((), mark)
    with problems.collect():
        _refuse_expressions(node)
        if isinstance(node, Mapping):
            old = tuple(Declaration(key.text, "legacyObject", key.mark, value) for key, value in node.pairs)
            return Declarations(old, node.mark, old_style=True)
        if not isinstance(node, Sequence):
            raise PipelineError(node.mark, "'parameters' is a list of declarations.")
    entries: list[Declaration] = []
    for item in node.items if isinstance(node, Sequence) else []:
        with problems.collect():
            entries.append(_declaration(item, {entry.name.casefold() for entry in entries}))
    return Declarations(tuple(entries), node.mark)


def _refuse_expressions(node: Node) -> None:
    for scalar in scalars(node):
        if "${{" in scalar.text:
            raise PipelineError(
                scalar.mark, "A template expression is not allowed in a parameter declaration; write a literal value."
            )


def _declaration(item: Node, earlier: set[str]) -> Declaration:
    if not isinstance(item, Mapping):
        raise PipelineError(item.mark, "A parameter is declared by a mapping with a 'name'.")
    for key, _ in item.pairs:
        if key.text not in _KEYS:
            raise PipelineError(key.mark, f"Unexpected value '{key.text}' in a parameter declaration.")
    name, kind = item.find("name"), item.find("type")
    if not isinstance(name, Scalar) or not name.text:
        raise PipelineError(item.mark, "A parameter needs a 'name'.")
    type_name = kind.text if isinstance(kind, Scalar) else "string"
    if type_name not in TYPES:
        raise PipelineError(
            item.mark if kind is None else kind.mark, f"The parameter '{name.text}' has the unknown type '{type_name}'."
        )
    if name.text.casefold() in earlier:
        raise PipelineError(name.mark, f"The parameter '{name.text}' is declared twice.")
    values = item.find("values")
    return Declaration(name.text, type_name, name.mark, item.find("default"), values if isinstance(values, Sequence) else None)


def bind(declarations: Declarations, given: Mapping, problems: Problems, finish: Finish) -> Parameters:
    """Every declared parameter with its value; every mistake is reported, not only the first."""
    bound: list[tuple[str, Value]] = []
    for declaration in declarations.entries:
        node = given.lookup(declaration.name)
        with problems.collect():
            bound.append((declaration.name, _value(declaration, node, given.mark, finish)))
            continue
        bound.append((declaration.name, None))
    known = {name.casefold() for name, _ in bound}
    for key, node in given.pairs:
        if key.text.casefold() in known:
            continue
        if declarations.old_style:
            bound.append((key.text, value_of(_texts(node))))
        else:
            problems.add(key.mark, f"Unexpected parameter '{key.text}'; the template does not declare it.")
    return Parameters(bound)


def _value(declaration: Declaration, node: Node | None, caller: Mark, finish: Finish) -> Value:
    if node is None:
        node = declaration.default
    if node is None:
        raise PipelineError(caller, f"A value for the '{declaration.name}' parameter must be provided.")
    value = convert(declaration, node, finish)
    _check_allowed(declaration, value)
    return value_of(value)


def _check_allowed(declaration: Declaration, value: Node) -> None:
    if declaration.values is None:
        return
    allowed = [item.text for item in declaration.values.items if isinstance(item, Scalar)]
    for scalar in value.items if isinstance(value, Sequence) else [value]:
        if isinstance(scalar, Scalar) and not _among(scalar, allowed, declaration.type):
            listed = ", ".join(allowed)
            raise PipelineError(
                scalar.mark, f"The parameter '{declaration.name}' cannot be '{scalar.text}'; it is one of: {listed}."
            )


def _among(scalar: Scalar, allowed: list[str], kind: str) -> bool:
    if kind == "number":
        return any(parse_number(text) == scalar.value for text in allowed)
    if kind == "boolean":
        return any(parse_boolean(text) == scalar.value for text in allowed)
    return scalar.text in allowed


def convert(declaration: Declaration, node: Node, finish: Finish) -> Node:
    """The node as the declared type, or an error that names the parameter."""
    kind, name = declaration.type, declaration.name
    if kind in ("string", "number", "boolean"):
        if not isinstance(node, Scalar):
            what = "list" if isinstance(node, Sequence) else "mapping"
            raise PipelineError(node.mark, f"The parameter '{name}' is a {kind}; a {what} is given.")
        return _scalar(name, kind, node)
    if kind == "legacyObject":
        return _texts(node)
    if kind in LISTS or kind == "stringList":
        return _list(declaration, node, finish)
    if kind in SINGLES and isinstance(node, Mapping):
        return _finished(SINGLES[kind], Sequence([node], node.mark), finish).items[0]
    if kind in SINGLES and not is_null(node):
        raise PipelineError(node.mark, f"The parameter '{name}' is a {kind}; a mapping must be given.")
    return typed(node)


def _scalar(name: str, kind: str, node: Scalar) -> Scalar:
    if kind == "string":
        return replace(node, value=node.text, literal=True)
    value = parse_boolean(node.text) if kind == "boolean" else parse_number(node.text) if node.text.strip() else None
    if value is None:
        raise PipelineError(node.mark, f"The parameter '{name}' is a {kind}; '{node.text}' is not one.")
    return replace(node, value=value, literal=True)


def _list(declaration: Declaration, node: Node, finish: Finish) -> Sequence:
    if is_null(node):
        return Sequence([], node.mark)
    if not isinstance(node, Sequence):
        raise PipelineError(node.mark, f"The parameter '{declaration.name}' is a {declaration.type}; a list must be given.")
    if declaration.type == "stringList":
        return Sequence([_texts(item) for item in node.items], node.mark)
    element = LISTS[declaration.type]
    return _finished(element, node, finish)


def _finished(element: str, node: Sequence, finish: Finish) -> Sequence:
    return Sequence([normalise(item, element) for item in finish(element, node).items], node.mark)


def _texts(node: Node) -> Node:
    if isinstance(node, Scalar):
        return replace(node, value=node.text, plain=False)
    if isinstance(node, Sequence):
        return Sequence([_texts(item) for item in node.items], node.mark)
    return Mapping([(key, _texts(value)) for key, value in node.pairs], node.mark)
