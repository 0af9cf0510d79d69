"""What a change may cost at most, from what changes of its kind have cost here. Pure, and never more than an estimate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# Where nothing has been made yet: statements, and seconds on the smallest warehouse.
_RULES_OF_THUMB = {
    "function": (4, 3.0),
    "entity": (8, 2.0),
    "feature view": (25, 5.0),
    "table": (3, 1.0),
    "procedure": (4, 3.0),
    "training set": (60, 20.0),
    "model": (150, 120.0),
    "stream": (2, 1.0),
    "task": (3, 1.0),
}
_UNKNOWN = (10, 5.0)


@dataclass(frozen=True)
class Cost:
    """`seconds` of the warehouse; `basis` says what the estimate rests on."""

    statements: int
    seconds: float
    basis: str


@dataclass(frozen=True)
class Spent:
    """The most that one of the last changes of this object took."""

    kind: str
    name: str
    statements: int
    seconds: float


def estimate(kind: str, name: str, history: Iterable[Spent]) -> Cost:
    same = [spent for spent in history if spent.kind == kind]
    own = [spent for spent in same if spent.name == name]
    if not same:
        return Cost(*_RULES_OF_THUMB.get(kind, _UNKNOWN), basis="rule of thumb")
    basis = f"this {kind} before" if own else f"other {kind}s before"
    return _largest(own or same, basis)


def total(costs: Iterable[Cost]) -> Cost:
    found = tuple(costs)
    return Cost(sum(cost.statements for cost in found), sum(cost.seconds for cost in found), "sum")


def _largest(spent: list[Spent], basis: str) -> Cost:
    return Cost(max(one.statements for one in spent), max(one.seconds for one in spent), basis)
