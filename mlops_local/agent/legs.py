"""A job as one or several legs: `strategy.matrix` and `strategy.parallel`.

https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/jobs-job-strategy
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from mlops_local.agent.conditions import number_of, resolve
from mlops_local.agent.evaluation import World
from mlops_local.agent.pipeline import Strategy
from mlops_local.agent.values import ExpressionError


@dataclass(frozen=True)
class Leg:
    """`name` is empty for a job without a strategy."""

    name: str = ""
    variables: dict[str, str] = field(default_factory=dict)


def legs_of(strategy: Strategy | None, world: World) -> tuple[list[Leg], int]:
    """The legs and how many of them may run at once."""
    if strategy is None:
        return [Leg()], 1
    legs = _matrix(strategy.matrix, world) if strategy.matrix else _slices(strategy.parallel, world)
    limit = int(number_of(resolve(strategy.max_parallel, world), "maxParallel")) if strategy.max_parallel else 0
    return legs, limit or len(legs)


def _matrix(matrix: dict[str, dict[str, str]] | str, world: World) -> list[Leg]:
    if isinstance(matrix, str):
        text = resolve(matrix, world)
        try:
            matrix = json.loads(text) if text else {}
        except json.JSONDecodeError as error:
            raise ExpressionError(f"The matrix is not JSON: {text[:80]}") from error
    if not isinstance(matrix, dict) or not all(isinstance(values, dict) for values in matrix.values()):
        raise ExpressionError("A matrix is a mapping of legs to their variables.")
    return [Leg(name, {key: str(value) for key, value in values.items()}) for name, values in matrix.items()]


def _slices(parallel: str, world: World) -> list[Leg]:
    count = int(number_of(resolve(parallel, world), "parallel")) if parallel else 1
    total = {"System.TotalJobsInPhase": str(count)}
    return [Leg(f"Job_{number}", {**total, "System.JobPositionInPhase": str(number)}) for number in range(1, count + 1)]
