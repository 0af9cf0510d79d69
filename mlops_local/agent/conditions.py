"""Conditions and `$[ ]` values while a pipeline runs: what each level sees of what ran before it.

https://learn.microsoft.com/azure/devops/pipelines/process/conditions
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mlops_local.agent.evaluation import World
from mlops_local.agent.functions import GENERAL, MANY, Function
from mlops_local.agent.record import CANCELED, FAILED, SKIPPED, SUCCEEDED, WITH_ISSUES
from mlops_local.agent.values import Table, Value, is_true, to_text

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
    """What a stage or job waited for: `direct` by dependsOn, `all` also through others, `stages` jobs of earlier stages."""

    direct: tuple[Finished, ...] = ()
    all: tuple[Finished, ...] = ()
    stages: dict[str, tuple[Finished, ...]] = field(default_factory=dict)
    stage_results: tuple[Finished, ...] = ()

    def contexts(self) -> dict[str, Value | Callable[[], Value]]:
        stages = [(name, Table([(job.name, job.table()) for job in jobs])) for name, jobs in self.stages.items()]
        return {
            "dependencies": Table([(each.name, each.table()) for each in self.all]),
            "stagedependencies": Table(stages),
        }


Counter = Callable[[str, int], int]


def status_functions(before: Before, canceled: Callable[[], bool]) -> dict[str, Function]:
    """succeeded() and its relatives of stages and jobs, with names or without."""

    def named(thunks: list[Callable[[], Value]], default: tuple[Finished, ...]) -> list[Finished]:
        names = [to_text(thunk()).casefold() for thunk in thunks]
        return [each for each in before.all if each.name.casefold() in names] if names else list(default)

    functions = [
        Function("always", 0, 0, lambda _: True),
        Function("canceled", 0, 0, lambda _: canceled()),
        Function(
            "succeeded", 0, MANY, lambda names: not canceled() and all(e.result in GOOD for e in named(names, before.direct))
        ),
        Function("failed", 0, MANY, lambda names: not canceled() and any(e.result == FAILED for e in named(names, before.all))),
        Function("succeededOrFailed", 0, MANY, lambda names: not canceled() and _ran(named(names, before.direct), bool(names))),
    ]
    return {function.name.casefold(): function for function in functions}


def _ran(parts: list[Finished], named: bool) -> bool:
    return not named or all(part.result not in (SKIPPED, CANCELED) for part in parts)


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
