"""A file as it is written, with its directives opened: what stands in any branch, before anything is known of values."""

from __future__ import annotations

from mlops_local.agent.errors import Problems
from mlops_local.agent.interpolation import Directive, directive_of
from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence, is_open
from mlops_local.agent.values import ExpressionError


def draft(node: Node, problems: Problems) -> Node:
    """Lists hold the items of all branches, mappings the pairs of all branches; keys that only an expression tells are left out."""
    if isinstance(node, Scalar):
        return node
    if isinstance(node, Sequence):
        return Sequence([each for item in node.items for each in _items(item, problems)], node.mark)
    _refuse_duplicates(node, problems)
    pairs: list[tuple[Scalar, Node]] = []
    opened = False
    for key, value in node.pairs:
        if not is_open(key):
            pairs.append((key, draft(value, problems)))
            continue
        opened = True
        body = draft(value, problems)
        if _directive(key) and isinstance(body, Mapping):
            pairs += [pair for pair in body.pairs if not _is_sentence(pair[0])]
    return Mapping(pairs, node.mark, opened=opened)


def _items(item: Node, problems: Problems) -> list[Node]:
    directive = _directive(item.pairs[0][0]) if isinstance(item, Mapping) and len(item.pairs) == 1 else None
    if directive is None or not isinstance(item, Mapping):
        return [draft(item, problems)]
    body = draft(item.pairs[0][1], problems)
    if isinstance(body, Mapping):
        body = Sequence([Mapping(body.pairs, body.mark, opened=body.opened or directive.kind == "each")], body.mark)
    items = body.items if isinstance(body, Sequence) else [body] if is_open(body) else []
    return [_perhaps_refusing(each) for each in items]


def _perhaps_refusing(item: Node) -> Node:
    """How templates refuse a wrong use: an item that cannot be right, as `error: why`, in a branch for that case alone."""
    if isinstance(item, Mapping) and len(item.pairs) == 1 and not item.key("template"):
        return Mapping(item.pairs, item.mark, opened=True)
    return item


def _is_sentence(key: Scalar) -> bool:
    """The same in a mapping: a key that says why."""
    return " " in key.text.strip()


def _directive(key: Scalar) -> Directive | None:
    """None also for a key that cannot be read, of which the check of its syntax speaks."""
    try:
        return directive_of(key)
    except ExpressionError:
        return None


def _refuse_duplicates(node: Mapping, problems: Problems) -> None:
    """Directives may be written twice; other keys may not, wherever they stand."""
    seen: set[str] = set()
    for key, _ in node.pairs:
        if not is_open(key) and key.text in seen:
            problems.add(key.mark, f"'{key.text}' is already defined in this mapping.")
        seen.add(key.text)
