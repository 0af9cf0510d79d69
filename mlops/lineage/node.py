"""One thing, what is known of it, and what it was made of. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    kind: str
    name: str
    told: str = ""
    made_of: tuple[Node, ...] = ()


def walk(node: Node, depth: int = 0) -> Iterator[tuple[int, Node]]:
    yield depth, node
    for one in node.made_of:
        yield from walk(one, depth + 1)
