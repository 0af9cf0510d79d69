"""The values that callers give to declared parameters, and how a value becomes its declared type.

https://learn.microsoft.com/azure/devops/pipelines/process/template-parameters
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from mlops_local.agent.declarations import LISTS, NAMES, SINGLES, TEXTS, Declaration, Declarations
from mlops_local.agent.errors import KnownError, Mark, PipelineError, Problems
from mlops_local.agent.nodes import UNKNOWN, Mapping, Node, Scalar, Sequence, as_texts, is_null, scalars, typed
from mlops_local.agent.scalars import parse_boolean, parse_number
from mlops_local.agent.steps import BEGINNINGS, normalise
from mlops_local.agent.values import ExpressionError, Table, Value, value_of

# What an item of these types begins with.
_BEGINNINGS = {"step": BEGINNINGS, "job": ("job", "deployment"), "deployment": ("deployment",), "stage": ("stage",)}


class Parameters(Table):
    """The `parameters` context: a name that is not declared is an error, not null, but for old-style templates."""

    def __init__(self, entries: Iterable[tuple[str, Value]] = (), *, lenient: bool = False, wrong: Iterable[str] = ()) -> None:
        super().__init__(entries)
        self._lenient = lenient
        self._wrong = {name.casefold() for name in wrong}

    def lookup(self, name: str) -> Value:
        """A parameter whose value is wrong has none; whatever needs it is left out without a further word."""
        if name.casefold() in self._wrong:
            raise ExpressionError("")
        if name not in self and not self._lenient:
            raise ExpressionError(f"Unexpected parameter reference '{name}'; declare it under 'parameters'.")
        return super().lookup(name)


# Turns the items of a stepList and its relatives into finished nodes: templates among them are loaded.
Finish = Callable[[str, Sequence], Sequence]


def bind(declarations: Declarations, given: Mapping, problems: Problems, finish: Finish, *, is_root: bool = False) -> Parameters:
    """Every declared parameter with its value; every mistake is reported, not only the first."""
    bound: list[tuple[str, Value]] = []
    wrong: set[str] = set()
    for declaration in declarations.entries:
        bound.append((declaration.name, UNKNOWN))
        if declaration.is_wrong:
            wrong.add(declaration.name)
            continue
        with problems.collect():
            wrong.add(declaration.name)
            bound[-1] = (declaration.name, _value(declaration, given.lookup(declaration.name), given.mark, finish))
            wrong.remove(declaration.name)
    known = {name.casefold() for name, _ in bound}
    for key, node in given.pairs:
        if key.text.casefold() in known:
            continue
        if declarations.old_style or (declarations.absent and not is_root):
            bound.append((key.text, value_of(as_texts(node))))
        else:
            problems.add(key.mark, f"Unexpected parameter '{key.text}'; the {_file(is_root)} does not declare it.")
    return Parameters(bound, lenient=declarations.old_style, wrong=wrong)


def _file(is_root: bool) -> str:
    return "pipeline" if is_root else "template"


def _value(declaration: Declaration, node: Node | None, caller: Mark, finish: Finish) -> Value:
    if node is None:
        node = declaration.default
    elif declaration.default is not None and declaration.type in (*TEXTS, "stringList"):
        _checked(declaration, declaration.default, finish)
    if node is None:
        raise PipelineError(caller, f"A value for the '{declaration.name}' parameter must be provided.")
    return value_of(_checked(declaration, node, finish))


def _checked(declaration: Declaration, node: Node, finish: Finish) -> Node:
    value = convert(declaration, node, finish)
    _check_allowed(declaration, value)
    return value


def _check_allowed(declaration: Declaration, value: Node) -> None:
    if declaration.values is None:
        return
    for scalar in value.items if isinstance(value, Sequence) else [value]:
        if isinstance(scalar, Scalar) and not _among(scalar, declaration.values, declaration.type):
            listed = ", ".join(declaration.values)
            raise PipelineError(
                scalar.mark, f"The parameter '{declaration.name}' cannot be '{scalar.text}'; it is one of: {listed}."
            )


def _among(scalar: Scalar, allowed: tuple[str, ...], kind: str) -> bool:
    if kind == "number":
        return any(parse_number(text) == scalar.value for text in allowed)
    if kind == "boolean":
        return any(parse_boolean(text) == scalar.value for text in allowed)
    return scalar.text in allowed


def convert(declaration: Declaration, node: Node, finish: Finish) -> Node:
    """The node as the declared type, or an error that names the parameter."""
    kind = declaration.type
    if any(each.text == UNKNOWN for each in scalars(node)):
        raise KnownError(node.mark)
    if kind in TEXTS or kind in NAMES:
        return _scalar(declaration, node)
    if kind == "legacyObject":
        return as_texts(node)
    if kind == "stringList":
        return Sequence([_text(declaration, item) for item in _items(declaration, node)], node.mark)
    if kind in LISTS:
        items = Sequence(_items(declaration, node), node.mark)
        return Sequence(_finished(declaration, LISTS[kind], kind.removesuffix("List"), items, finish), node.mark)
    if kind in SINGLES and not is_null(node):
        return _single(declaration, node, finish)
    _check_shape(declaration, node)
    return typed(node)


def _scalar(declaration: Declaration, node: Node) -> Scalar:
    kind = declaration.type
    if not isinstance(node, Scalar):
        raise PipelineError(node.mark, f"The parameter '{declaration.name}' is a {kind}; a {_shape(node)} is given.")
    if kind not in ("number", "boolean"):
        return replace(node, value=node.text, plain=False, literal=True)
    value = parse_boolean(node.text) if kind == "boolean" else parse_number(node.text) if node.text.strip() else None
    if value is None:
        raise PipelineError(node.mark, f"The parameter '{declaration.name}' is a {kind}; '{node.text}' is not one.")
    return replace(node, value=value, literal=True)


def _shape(node: Node) -> str:
    return "text" if isinstance(node, Scalar) else "list" if isinstance(node, Sequence) else "mapping"


def _items(declaration: Declaration, node: Node) -> list[Node]:
    if is_null(node):
        return []
    if not isinstance(node, Sequence):
        raise PipelineError(node.mark, f"The parameter '{declaration.name}' is a {declaration.type}; a list must be given.")
    return node.items


def _text(declaration: Declaration, node: Node) -> Scalar:
    if not isinstance(node, Scalar):
        raise PipelineError(
            node.mark, f"The parameter '{declaration.name}' is a stringList; one of its items is a {_shape(node)}."
        )
    return replace(node, value=node.text, plain=False, literal=True)


def _single(declaration: Declaration, node: Node, finish: Finish) -> Node:
    kind = declaration.type
    if not isinstance(node, Mapping):
        raise PipelineError(node.mark, f"The parameter '{declaration.name}' is a {kind}; a mapping must be given.")
    found = _finished(declaration, SINGLES[kind], kind, Sequence([node], node.mark), finish)
    if len(found) != 1:
        raise PipelineError(node.mark, f"The parameter '{declaration.name}' is a {kind}; {len(found)} are given.")
    return found[0]


def _finished(declaration: Declaration, element: str, kind: str, node: Sequence, finish: Finish) -> list[Node]:
    found = finish(element, node).items
    for item in found:
        if isinstance(item, Mapping) and not any(item.key(word) for word in _BEGINNINGS[kind]):
            words = ", ".join(_BEGINNINGS[kind])
            raise PipelineError(
                item.mark, f"The parameter '{declaration.name}' is a {declaration.type}; a {kind} begins with one of: {words}."
            )
    return [normalise(item, element) for item in found]


def _check_shape(declaration: Declaration, node: Node) -> None:
    kind = declaration.type
    if kind == "object" or is_null(node):
        return
    if kind == "container" and not isinstance(node, Mapping):
        raise PipelineError(node.mark, f"The parameter '{declaration.name}' is a container; a mapping must be given.")
    if kind == "containerList":
        for item in _items(declaration, node):
            _check_shape(replace(declaration, type="container"), item)
    elif isinstance(node, Sequence):
        raise PipelineError(node.mark, f"The parameter '{declaration.name}' is of type {kind}; a list is given.")
