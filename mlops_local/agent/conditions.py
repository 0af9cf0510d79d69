"""Conditions and `$[ ]` values while a pipeline runs: what each level sees of what ran before it.

https://learn.microsoft.com/azure/devops/pipelines/process/conditions
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mlops_local.agent.evaluation import World
from mlops_local.agent.functions import GENERAL, MANY, Function
from mlops_local.agent.record import CANCELED, FAILED, SUCCEEDED, WITH_ISSUES
from mlops_local.agent.scalars import parse_number
from mlops_local.agent.values import ExpressionError, Table, Value, is_true, to_text

GOOD = (SUCCEEDED, WITH_ISSUES)


@dataclass
class Finished:
    """A job or a stage that is over. `outputs` have the names that readers on the same level use."""

    name: str
    result: str
    outputs: dict[str, str] = field(default_factory=dict)

    def table(self) -> Table:
        outputs: list[tuple[str, Value]] = list(self.outputs.items())
        return Table([("result", self.result), ("outputs", Table(outputs))])


@dataclass(frozen=True)
class Before:
    """What a stage or job waited for, directly and through others, and the jobs of earlier stages."""

    all: tuple[Finished, ...] = ()
    stages: dict[str, tuple[Finished, ...]] = field(default_factory=dict)

    def contexts(self) -> dict[str, Value | Callable[[], Value]]:
        stages = [(name, Table([(job.name, job.table()) for job in jobs])) for name, jobs in self.stages.items()]
        return {
            "dependencies": Table([(each.name, each.table()) for each in self.all]),
            "stagedependencies": Table(stages),
        }


Counter = Callable[[str, int], int]


def status_functions(before: Before, canceled: Callable[[], bool]) -> dict[str, Function]:
    """succeeded() and its relatives of stages and jobs: over everything that they wait for, also through others, or over names.

    https://learn.microsoft.com/azure/devops/pipelines/process/expressions#job-status-check-functions
    """

    def results(thunks: list[Callable[[], Value]]) -> list[str]:
        """A name that is none of a dependency is no success and no failure."""
        if not thunks:
            return [each.result for each in before.all]
        known = {each.name.casefold(): each.result for each in before.all}
        return [known.get(to_text(thunk()).casefold(), "") for thunk in thunks]

    functions = [
        Function("always", 0, 0, lambda _: True),
        Function("canceled", 0, 0, lambda _: canceled()),
        Function("succeeded", 0, MANY, lambda names: not canceled() and all(each in GOOD for each in results(names))),
        Function("failed", 0, MANY, lambda names: not canceled() and FAILED in results(names)),
        Function("succeededOrFailed", 0, MANY, lambda names: not canceled() and _one_ran(results(names))),
    ]
    return {function.name.casefold(): function for function in functions}


def _one_ran(results: list[str]) -> bool:
    """Nothing to wait for is as good as one that ran; where all were skipped, this is false too."""
    return not results or any(result in (*GOOD, FAILED) for result in results)


def step_functions(status: Callable[[], str]) -> dict[str, Function]:
    """https://github.com/microsoft/azure-pipelines-agent: the status of the job so far decides."""
    functions = [
        Function("always", 0, 0, lambda _: True),
        Function("canceled", 0, 0, lambda _: status() == CANCELED),
        Function("succeeded", 0, 0, lambda _: status() in GOOD),
        Function("failed", 0, 0, lambda _: status() == FAILED),
        Function("succeededOrFailed", 0, 0, lambda _: status() != CANCELED),
    ]
    return {function.name.casefold(): function for function in functions}


def holds(condition: str, world: World) -> bool:
    return is_true(world.evaluate(condition.strip() or "succeeded()"))


def condition_world(variables: Table, before: Before, pipeline: Table, canceled: Callable[[], bool]) -> World:
    names = {"variables": variables, "pipeline": pipeline, **before.contexts()}
    return World(names, {**GENERAL, **status_functions(before, canceled)})


def step_world(variables: Table, status: Callable[[], str]) -> World:
    return World({"variables": variables}, {**GENERAL, **step_functions(status)})


def value_world(variables: Table, before: Before, pipeline: Table, counter: Counter) -> World:
    """For `$[ ]` in values."""

    def count(thunks: list[Callable[[], Value]]) -> Value:
        prefix = to_text(thunks[0]()) if thunks else ""
        seed = to_text(thunks[1]()) if len(thunks) > 1 else "0"
        return str(counter(prefix, int(seed or 0)))

    names = {"variables": variables, "pipeline": pipeline, "resources": Table(), **before.contexts()}
    return World(names, {**GENERAL, "counter": Function("counter", 0, 2, count)})


def runtime_expression(value: str) -> str | None:
    """The expression of a value that is `$[ ]` as a whole."""
    text = value.strip()
    return text[2:-1] if text.startswith("$[") and text.endswith("]") else None


def resolve(value: str, world: World) -> str:
    expression = runtime_expression(value)
    return value if expression is None else to_text(world.evaluate(expression))


def number_of(value: str, what: str) -> float:
    """A number that a variable or expression has given; a value that is none must not pass for the default."""
    number = parse_number(value) if value.strip() else None
    if number is None or number < 0:
        raise ExpressionError(f"'{what}' is a number, not '{value}'.")
    return float(number)
