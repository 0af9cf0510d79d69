"""Where the nodes of a graph stand: in columns from left to right, each behind all that it is made of. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlops.figures.graphs import Edge, Graph, Node

_WIDTH, _HEIGHT = 190, 54
_BETWEEN, _BELOW = 40, 18
_MARGIN = 4
# Of a mean capital of the page's type at the size that boxes are written in, and how far a name is squeezed before it is cut.
_PER_CHARACTER = 7.4
_SQUEEZED = 0.75


@dataclass(frozen=True)
class Box:
    node: Node
    x: float
    y: float
    width: float = _WIDTH
    height: float = _HEIGHT

    @property
    def room(self) -> float:
        return self.width - 20

    @property
    def squeezed(self) -> bool:
        return len(self.node.name) * _PER_CHARACTER > self.room

    @property
    def short(self) -> str:
        """What of the name fits into the box."""
        most = int(self.room / _PER_CHARACTER / _SQUEEZED)
        return self.node.name if len(self.node.name) <= most else f"{self.node.name[: most - 1]}…"


@dataclass(frozen=True)
class Drawing:
    boxes: tuple[Box, ...]
    paths: tuple[str, ...]
    width: float
    height: float


def draw(graph: Graph) -> Drawing:
    columns = _columns(graph)
    tallest = max(map(len, columns), default=0)
    places = {
        number: (_MARGIN + at * (_WIDTH + _BETWEEN), _MARGIN + (row + (tallest - len(column)) / 2) * (_HEIGHT + _BELOW))
        for at, column in enumerate(columns)
        for row, number in enumerate(column)
    }
    boxes = tuple(Box(node, *places[number]) for number, node in enumerate(graph.nodes))
    width = len(columns) * (_WIDTH + _BETWEEN) - _BETWEEN + 2 * _MARGIN
    height = tallest * (_HEIGHT + _BELOW) - _BELOW + 2 * _MARGIN
    return Drawing(boxes, tuple(_path(boxes[edge.start], boxes[edge.end]) for edge in graph.edges), width, height)


def _columns(graph: Graph) -> list[list[int]]:
    """Within a column, nodes stand near what they are made of, so that fewer lines cross."""
    ranks = _ranks(graph)
    columns: list[list[int]] = [[] for _ in range(max(ranks, default=-1) + 1)]
    heights: dict[int, float] = {}
    for rank, column in enumerate(columns):
        members = [number for number, found in enumerate(ranks) if found == rank]
        column.extend(sorted(members, key=lambda number: (_middle(number, graph.edges, heights), number)))
        heights |= {number: (row + 0.5) / len(column) for row, number in enumerate(column)}
    return columns


def _ranks(graph: Graph) -> list[int]:
    """The longest way from where anything begins. What leads in a circle goes no further than there are nodes."""
    ranks = [0] * len(graph.nodes)
    for _ in graph.nodes:
        for edge in graph.edges:
            ranks[edge.end] = min(max(ranks[edge.end], ranks[edge.start] + 1), len(graph.nodes) - 1)
    return [sorted(set(ranks)).index(rank) for rank in ranks]


def _middle(number: int, edges: Sequence[Edge], heights: dict[int, float]) -> float:
    before = [heights[edge.start] for edge in edges if edge.end == number and edge.start in heights]
    return sum(before) / len(before) if before else 0.5


def _path(start: Box, end: Box) -> str:
    x1, y1, x2, y2 = start.x + start.width, start.y + start.height / 2, end.x, end.y + end.height / 2
    bend = (x1 + x2) / 2
    return f"M{x1:g} {y1:g}C{bend:g} {y1:g} {bend:g} {y2:g} {x2:g} {y2:g}"
