"""The geometry of bars, curves and times; the pages draw it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlops.figures.curves import Point
from mlops.figures.distributions import Bar
from mlops.figures.results import Command

# The side of the square that curves are drawn in.
SIDE = 200


@dataclass(frozen=True)
class Column:
    """A bar of a histogram, within a box of 100 by 100."""

    bar: Bar
    x: float
    width: float
    height: float


@dataclass(frozen=True)
class Lane:
    """When a command ran, as shares of the time of all."""

    command: Command
    start: float
    width: float


def columns(bars: Sequence[Bar]) -> tuple[Column, ...]:
    highest = max((bar.rows for bar in bars), default=0) or 1
    wide = 100 / max(len(bars), 1)
    return tuple(
        Column(bar, number * wide + wide * 0.06, wide * 0.88, _height(bar.rows, highest)) for number, bar in enumerate(bars)
    )


def _height(rows: int, highest: int) -> float:
    """A few rows beside many are seen to be there."""
    return max(rows / highest * 100, 1.5) if rows else 0.0


def polyline(points: Sequence[Point]) -> str:
    """Of shares, the origin at the lower left."""
    return " ".join(f"{x * SIDE:.1f},{(1 - y) * SIDE:.1f}" for x, y in points)


def lanes(commands: Sequence[Command]) -> tuple[Lane, ...]:
    if not commands:
        return ()
    first = min(command.began for command in commands)
    begins = [(command.began - first).total_seconds() for command in commands]
    whole = max(begin + command.seconds for begin, command in zip(begins, commands, strict=True)) or 1
    return tuple(
        Lane(command, begin / whole * 100, max(command.seconds / whole * 100, 0.5))
        for begin, command in zip(begins, commands, strict=True)
    )
