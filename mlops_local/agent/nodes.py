"""A YAML file as nodes that know where they stand: pairs stay pairs, so two keys `${{ if }}` survive, and scalars stay text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

import yaml

from mlops_local.agent.errors import Mark, Origin, PipelineError
from mlops_local.agent.scalars import Primitive, render

_CORE_NULL = re.compile(r"^(|~|null|Null|NULL)$")
_CORE_BOOL = re.compile(r"^(true|True|TRUE|false|False|FALSE)$")
_CORE_NUMBER = re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")


@dataclass(frozen=True, eq=False)
class Scalar:
    """`plain` is a scalar without quotes; `literal` is one that is already evaluated and holds no expressions any more."""

    value: Primitive
    mark: Mark
    plain: bool = False
    literal: bool = False

    @property
    def text(self) -> str:
        return render(self.value)


@dataclass(frozen=True, eq=False)
class Sequence:
    items: list[Node]
    mark: Mark


@dataclass(frozen=True, eq=False)
class Mapping:
    """`opened` is one whose directives were opened without asking them: it holds the pairs of all branches, and may lack some."""

    pairs: list[tuple[Scalar, Node]]
    mark: Mark
    _index: dict[str, Node] = field(default_factory=dict, repr=False)
    opened: bool = False

    def find(self, key: str) -> Node | None:
        """The value of a YAML keyword; keywords are case-sensitive."""
        return next((value for name, value in self.pairs if name.text == key), None)

    def lookup(self, key: str) -> Node | None:
        """The value as an expression sees it: names are case-insensitive."""
        if len(self._index) != len(self.pairs):
            self._index.update({name.text.casefold(): value for name, value in reversed(self.pairs)})
        return self._index.get(key.casefold())

    def key(self, name: str) -> Scalar | None:
        return next((key for key, _ in self.pairs if key.text == name), None)


Node = Scalar | Sequence | Mapping


def word(text: str, mark: Mark) -> Scalar:
    """A text that no file holds and that is not looked at for expressions."""
    return Scalar(text, mark, literal=True)


def is_null(node: Node | None) -> bool:
    if node is None:
        return True
    return isinstance(node, Scalar) and (node.value is None or (node.plain and node.value == ""))


# Stands for a value that could not be told, because of a mistake that was reported where it is.
UNKNOWN = "${{ }}"


def is_open(node: Node | None) -> bool:
    """A scalar whose value only an expression tells."""
    return isinstance(node, Scalar) and isinstance(node.value, str) and "${{" in node.value


def typed(node: Node) -> Node:
    """What a parameter of type object sees: plain scalars become boolean, number or null by the YAML 1.2 core rules."""
    if isinstance(node, Sequence):
        return Sequence([typed(item) for item in node.items], node.mark)
    if isinstance(node, Mapping):
        return Mapping([(key, typed(value)) for key, value in node.pairs], node.mark)
    if not node.plain or not isinstance(node.value, str):
        return node
    return Scalar(_core(node.value), node.mark, plain=True, literal=node.literal)


def as_texts(node: Node) -> Node:
    """The same tree with every scalar as text, as old-style parameters and `templateContext` see it."""
    if isinstance(node, Sequence):
        return Sequence([as_texts(item) for item in node.items], node.mark)
    if isinstance(node, Mapping):
        return Mapping([(key, as_texts(value)) for key, value in node.pairs], node.mark)
    return replace(node, value=node.text, plain=False)


def _core(text: str) -> Primitive:
    if _CORE_NULL.match(text):
        return None
    if _CORE_BOOL.match(text):
        return text.lower() == "true"
    if _CORE_NUMBER.match(text):
        return Decimal(text)
    return text


def scalars(node: Node) -> Iterator[Scalar]:
    """Every scalar of a tree, keys too, in the order of the file."""
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from scalars(item)
    else:
        for key, value in node.pairs:
            yield key
            yield from scalars(value)


def load(text: str, origin: Origin) -> Node:
    """Parse one YAML document; its nodes remember `origin`, because relative template paths start there."""
    return _Composer(text, origin).document()


class _Composer:
    """Nodes straight from the parser's events: the usual composer loses quoting, and constructors lose duplicate keys."""

    def __init__(self, text: str, origin: Origin) -> None:
        self._origin = origin
        try:
            self._events = iter(list(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))))
        except yaml.YAMLError as error:
            raise self._broken(error) from error

    def document(self) -> Node:
        next(self._events)
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return Scalar("", Mark(self._origin, 1, 1), plain=True)
        node = self._node(next(self._events))
        next(self._events)
        following = next(self._events)
        if not isinstance(following, yaml.StreamEndEvent):
            raise PipelineError(self._mark(following), "A pipeline file holds one YAML document; remove what follows '---'.")
        return node

    def _node(self, event: yaml.Event) -> Node:
        mark = self._mark(event)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise PipelineError(mark, "Azure Pipelines has no YAML anchors and aliases; repeat the value or use a template.")
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, mark, plain=not event.style)
        if isinstance(event, yaml.SequenceStartEvent):
            return Sequence(list(self._items()), mark)
        return Mapping(list(self._pairs()), mark)

    def _items(self) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event)

    def _pairs(self) -> Iterator[tuple[Scalar, Node]]:
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event)
            if not isinstance(key, Scalar):
                raise PipelineError(key.mark, "A key must be a plain text; Azure Pipelines has no complex keys.")
            yield key, self._node(next(self._events))

    def _mark(self, event: yaml.Event) -> Mark:
        start = event.start_mark
        return Mark(self._origin, start.line + 1, start.column + 1) if start else Mark(self._origin, 1, 1)

    def _broken(self, error: yaml.YAMLError) -> PipelineError:
        at = getattr(error, "problem_mark", None)
        line, column = (at.line + 1, at.column + 1) if at else (1, 1)
        problem = getattr(error, "problem", None) or str(error)
        return PipelineError(Mark(self._origin, line, column), f"This is not YAML: {problem}.")


def text_of(node: Node | None, key: str) -> str:
    """The text under a key of a mapping, and "" where there is none."""
    found = node.find(key) if isinstance(node, Mapping) else None
    return found.text if isinstance(found, Scalar) else ""
