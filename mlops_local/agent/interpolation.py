"""Texts with `${{ expressions }}` in them, and keys that are directives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from mlops_local.agent.errors import Problems
from mlops_local.agent.expressions import parse
from mlops_local.agent.nodes import Node as Tree
from mlops_local.agent.nodes import Scalar, Sequence
from mlops_local.agent.values import ExpressionError

OPENING = "${{"
_INNER = re.compile(r"(?:[^'}]|'[^']*'|\}(?!\}))*")
_EACH = re.compile(r"each\s+([A-Za-z_]\w*)\s+in\s+(.*)", re.DOTALL | re.IGNORECASE)
_TEST = re.compile(r"(if|elseif)\s(.*)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Directive:
    """`kind` is if, elseif, else, each or insert; `name` is the loop variable."""

    kind: str
    expression: str = ""
    name: str = ""


@lru_cache(maxsize=8192)
def split(text: str) -> tuple[tuple[bool, str], ...]:
    """Pieces of a text in order, each with whether it is an expression."""
    pieces: list[tuple[bool, str]] = []
    at = 0
    while (opening := text.find(OPENING, at)) >= 0:
        if opening > at:
            pieces.append((False, text[at:opening]))
        inner = _INNER.match(text, opening + len(OPENING))
        end = inner.end() if inner else opening
        if text[end : end + 2] != "}}":
            raise ExpressionError(f"The expression is not closed; end it with '}}}}': {text[opening:].strip()[:80]}")
        pieces.append((True, text[opening + len(OPENING) : end].strip()))
        at = end + 2
    if at < len(text):
        pieces.append((False, text[at:]))
    return tuple(pieces)


def directive_of(key: Scalar) -> Directive | None:
    """The directive that a key is, when the whole key is one."""
    if key.literal or not isinstance(key.value, str) or OPENING not in key.value:
        return None
    pieces = split(key.value.strip())
    if len(pieces) != 1:
        return None
    inner = pieces[0][1]
    if inner.lower() in ("else", "insert"):
        return Directive(inner.lower())
    if found := _TEST.fullmatch(inner):
        return Directive(found.group(1).lower(), found.group(2))
    if found := _EACH.fullmatch(inner):
        return Directive("each", found.group(2), found.group(1))
    return None


def check_syntax(node: Tree, problems: Problems) -> None:
    """Expressions must be readable everywhere, also in branches that are not taken; unknown names fail only when evaluated."""
    if isinstance(node, Scalar):
        _checked(node, problems, is_key=False)
    elif isinstance(node, Sequence):
        for item in node.items:
            check_syntax(item, problems)
    else:
        for key, value in node.pairs:
            _checked(key, problems, is_key=True)
            check_syntax(value, problems)


def _checked(scalar: Scalar, problems: Problems, *, is_key: bool) -> None:
    if not isinstance(scalar.value, str) or OPENING not in scalar.value:
        return
    try:
        if not is_key and (directive := directive_of(scalar)):
            raise ExpressionError(
                f"A directive is a key; write '${{{{ {directive.kind} ... }}}}:' with a colon and what it holds."
            )
        _check_scalar(scalar)
    except ExpressionError as error:
        problems.add(scalar.mark, str(error))


def _check_scalar(scalar: Scalar) -> None:
    directive = directive_of(scalar)
    if directive is None:
        for is_expression, text in split(str(scalar.value)):
            if is_expression:
                parse(text)
    elif directive.kind in ("if", "elseif", "each"):
        parse(directive.expression)
