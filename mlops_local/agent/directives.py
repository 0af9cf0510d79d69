"""Compile-time expansion of YAML: `${{ if }}`, `${{ each }}`, `${{ insert }}` and expressions in keys and values.

https://learn.microsoft.com/azure/devops/pipelines/process/template-expressions
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mlops_local.agent.errors import Mark, Origin, PipelineError, Problems
from mlops_local.agent.evaluation import World
from mlops_local.agent.interpolation import OPENING, Directive, directive_of, split
from mlops_local.agent.nodes import UNKNOWN, Mapping, Node, Scalar, Sequence, is_null
from mlops_local.agent.scalars import Primitive
from mlops_local.agent.values import ExpressionError, Table, Value, is_true, kind_of, pairs_of, to_text, value_of


class CompileVariables(Table):
    """Variables that are known so far; each stage and job continues on a copy."""

    def set(self, name: str, value: str) -> None:
        self._entries[name.casefold()] = (name, value)

    def copy(self) -> CompileVariables:
        return CompileVariables(self.pairs())


@dataclass(frozen=True)
class Scope:
    """What expressions can see at one place, from which file paths of templates start, and where mistakes go."""

    world: World
    variables: CompileVariables
    problems: Problems
    origin: Origin
    depth: int = 0

    def with_variables(self, variables: CompileVariables) -> Scope:
        return replace(self, variables=variables, world=self.world.with_name("variables", variables))

    def own_variables(self) -> Scope:
        return self.with_variables(self.variables.copy())

    def with_loop(self, name: str, value: Value) -> Scope:
        return replace(self, world=self.world.with_name(name, value))

    def evaluate(self, expression: str, mark: Mark) -> Value:
        try:
            return self.world.evaluate(expression)
        except ExpressionError as error:
            raise PipelineError(mark, str(error)) from error


Item = tuple[Node, Scope]
Pair = tuple[Scalar, Node, Scope]


def expand(node: Node, scope: Scope) -> Node:
    """The whole tree without directives and expressions."""
    if isinstance(node, Scalar):
        with scope.problems.collect():
            return expand_scalar(node, scope)
        return Scalar(UNKNOWN, node.mark, literal=True)
    if isinstance(node, Sequence):
        return Sequence([expand(item, inner) for item, inner in items(node, scope)], node.mark)
    return mapping_of([(key, expand(value, inner)) for key, value, inner in pairs(node, scope)], node.mark, scope.problems)


def mapping_of(pairs_: list[tuple[Scalar, Node]], mark: Mark, problems: Problems) -> Mapping:
    seen: set[str] = set()
    unique: list[tuple[Scalar, Node]] = []
    for key, value in pairs_:
        name = key.text.casefold()
        if name in seen:
            problems.add(key.mark, f"'{key.text}' is already defined in this mapping.")
        else:
            unique.append((key, value))
        seen.add(name)
    return Mapping(unique, mark)


def expand_scalar(node: Scalar, scope: Scope) -> Node:
    """A value that is one expression keeps its type; an expression inside a text becomes text."""
    if node.literal or not isinstance(node.value, str) or OPENING not in node.value:
        return node if node.literal else replace(node, literal=True)
    pieces = _split(node)
    if len(pieces) == 1 and pieces[0][0]:
        return as_node(scope.evaluate(pieces[0][1], node.mark), node.mark)
    return Scalar("".join(_rendered(piece, node, scope) for piece in pieces), node.mark, literal=True)


def _split(node: Scalar) -> tuple[tuple[bool, str], ...]:
    try:
        return split(str(node.value))
    except ExpressionError as error:
        raise PipelineError(node.mark, str(error)) from error


def _rendered(piece: tuple[bool, str], node: Scalar, scope: Scope) -> str:
    is_expression, text = piece
    if not is_expression:
        return text
    try:
        return to_text(scope.evaluate(text, node.mark))
    except ExpressionError as error:
        raise PipelineError(node.mark, f"{error} The expression is: {text}") from error


def as_node(value: Value, mark: Mark) -> Node:
    if isinstance(value, Sequence | Mapping):
        return value
    if isinstance(value, Table):
        return Mapping([(_literal(key, mark), as_node(item, mark)) for key, item in value.pairs()], mark)
    return _literal(value, mark)


def _literal(value: Primitive, mark: Mark) -> Scalar:
    return Scalar(value, mark, literal=True)


class _Chain:
    """Which branch of if, elseif, else is taken; `open` while a following elseif or else may join."""

    def __init__(self) -> None:
        self._open = False
        self._done = False

    def takes(self, directive: Directive, key: Scalar, scope: Scope) -> bool:
        if directive.kind == "if":
            self._open, self._done = True, False
        elif not self._open:
            raise PipelineError(
                key.mark, f"'{directive.kind}' must directly follow 'if' or 'elseif' in the same list or mapping."
            )
        if directive.kind == "else":
            self._open = False
            return not self._done
        if self._done:
            return False
        # A test that cannot be evaluated takes no branch: one mistake, one message.
        self._done = True
        self._done = is_true(scope.evaluate(directive.expression, key.mark))
        return self._done

    def close(self) -> None:
        self._open = False


def items(node: Sequence, scope: Scope) -> Iterator[Item]:
    """Items of a list after directives; the items themselves may still hold expressions."""
    chain = _Chain()
    for item in node.items:
        with scope.problems.collect():
            yield from _item(item, scope, chain)


def _item(item: Node, scope: Scope, chain: _Chain) -> Iterator[Item]:
    directive = _directive(item.pairs[0][0]) if isinstance(item, Mapping) and len(item.pairs) == 1 else None
    if directive is None or not isinstance(item, Mapping):
        chain.close()
        yield from _plain_item(item, scope)
        return
    key, body = item.pairs[0]
    if directive.kind in ("if", "elseif", "else"):
        if chain.takes(directive, key, scope):
            yield from _body_items(body, scope)
        return
    chain.close()
    if directive.kind == "insert":
        yield from _body_items(body, scope)
    elif isinstance(body, Mapping):
        yield item, scope
    else:
        for inner in _loops(directive, key, scope):
            yield from _body_items(body, inner)


def _directive(key: Scalar) -> Directive | None:
    try:
        return directive_of(key)
    except ExpressionError as error:
        raise PipelineError(key.mark, str(error)) from error


def _plain_item(item: Node, scope: Scope) -> Iterator[Item]:
    if not isinstance(item, Scalar) or item.literal or OPENING not in item.text:
        yield item, scope
        return
    value = expand_scalar(item, scope)
    if isinstance(value, Sequence):
        yield from ((inner, scope) for inner in value.items)
    elif not (isinstance(value, Scalar) and value.value is None):
        yield value, scope


def _body_items(body: Node, scope: Scope) -> Iterator[Item]:
    if isinstance(body, Sequence):
        yield from items(body, scope)
    elif isinstance(body, Mapping):
        yield body, scope
    elif not is_null(body):
        yield from _plain_item(body, scope)


def _loops(directive: Directive, key: Scalar, scope: Scope) -> Iterator[Scope]:
    if directive.name.casefold() in scope.world.names:
        raise PipelineError(key.mark, f"The name '{directive.name}' is already in use; choose another name.")
    value = scope.evaluate(directive.expression, key.mark)
    for element in _elements(value, key, directive):
        yield scope.with_loop(directive.name, element)


def _elements(value: Value, key: Scalar, directive: Directive) -> list[Value]:
    if value is None:
        return []
    if isinstance(value, Sequence):
        return [value_of(item) for item in value.items]
    if isinstance(value, Mapping | Table):
        return [Table([("key", name), ("value", item)]) for name, item in pairs_of(value)]
    raise PipelineError(key.mark, f"'each' needs a list or a mapping; '{directive.expression}' is a {kind_of(value)}.")


def pairs(node: Mapping, scope: Scope) -> Iterator[Pair]:
    """Pairs of a mapping after directives, keys evaluated; the values may still hold expressions."""
    chain = _Chain()
    for key, value in node.pairs:
        with scope.problems.collect():
            yield from _pair(key, value, scope, chain)


def _pair(key: Scalar, value: Node, scope: Scope, chain: _Chain) -> Iterator[Pair]:
    directive = _directive(key)
    if directive is None:
        chain.close()
        yield _expanded_key(key, scope), value, scope
        return
    if directive.kind in ("if", "elseif", "else"):
        if chain.takes(directive, key, scope):
            yield from _body_pairs(value, key, scope)
        return
    chain.close()
    inner_scopes = [scope] if directive.kind == "insert" else _loops(directive, key, scope)
    for inner in inner_scopes:
        yield from _body_pairs(value, key, inner)


def _expanded_key(key: Scalar, scope: Scope) -> Scalar:
    expanded = expand_scalar(key, scope)
    if not isinstance(expanded, Scalar):
        raise PipelineError(key.mark, f"A key must be a text; '{key.text}' is a {kind_of(value_of(expanded))}.")
    return expanded


def _body_pairs(body: Node, key: Scalar, scope: Scope) -> Iterator[Pair]:
    if isinstance(body, Scalar) and OPENING in body.text:
        body = expand_scalar(body, scope)
    if isinstance(body, Mapping):
        yield from pairs(body, scope)
    elif not (is_null(body) or (isinstance(body, Scalar) and body.value is None)):
        raise PipelineError(body.mark, f"'{key.text}' stands in a mapping, so a mapping must follow it.")
