"""What must be right before anything runs, beyond the YAML's form: graph, conditions, expressions, inputs."""

from __future__ import annotations

from mlops_local.agent.errors import Mark, Problems
from mlops_local.agent.evaluation import World
from mlops_local.agent.functions import GENERAL, MANY, Function
from mlops_local.agent.graph import check_graph
from mlops_local.agent.pipeline import Group, Job, Pipeline, Stage, Step, Variable
from mlops_local.agent.tasks.registry import Registry, check_inputs
from mlops_local.agent.values import ExpressionError

_STATUS = {
    name.casefold(): Function(name, 0, MANY, lambda thunks: None)
    for name in ("always", "canceled", "failed", "succeeded", "succeededOrFailed")
}
_COUNTER = {"counter": Function("counter", 0, 2, lambda thunks: None)}
STAGE_NAMES = ("variables", "pipeline", "dependencies", "stageDependencies")
_STAGE = World(dict.fromkeys((n.casefold() for n in STAGE_NAMES), None), {**GENERAL, **_STATUS})
_JOB = _STAGE
_STEP = World({"variables": None}, {**GENERAL, **_STATUS})
_VALUE = World(
    dict.fromkeys(("variables", "pipeline", "resources", "dependencies", "stagedependencies")), {**GENERAL, **_COUNTER}
)


def check_plan(pipeline: Pipeline, tasks: Registry, problems: Problems) -> None:
    check_graph(pipeline, problems)
    _check_variables(pipeline.variables, problems)
    for stage in pipeline.stages:
        _check_stage(stage, tasks, problems)


def _check_stage(stage: Stage, tasks: Registry, problems: Problems) -> None:
    _check(_STAGE, stage.condition, stage.condition_mark or stage.mark, problems)
    _check_variables(stage.variables, problems)
    for job in stage.jobs:
        _check_job(job, tasks, problems)


def _check_job(job: Job, tasks: Registry, problems: Problems) -> None:
    _check(_JOB, job.condition, job.condition_mark or job.mark, problems)
    _check_variables(job.variables, problems)
    for text in (job.timeout_in_minutes, job.continue_on_error):
        check_runtime(text, job.mark, problems)
    for step in job.steps:
        _check_step(step, tasks, problems)


def _check_step(step: Step, tasks: Registry, problems: Problems) -> None:
    _check(_STEP, step.condition, step.mark_of("condition"), problems)
    check_inputs(step, tasks, problems)


def _check_variables(variables: tuple[Variable | Group, ...], problems: Problems) -> None:
    for variable in variables:
        if isinstance(variable, Variable):
            check_runtime(variable.value, variable.mark, problems)


def check_runtime(value: str, mark: Mark, problems: Problems) -> None:
    """`$[ expression ]` must be the whole value."""
    text = value.strip()
    if text.startswith("$[") and text.endswith("]"):
        _check(_VALUE, text[2:-1], mark, problems)


def _check(world: World, expression: str, mark: Mark, problems: Problems) -> None:
    if not expression.strip():
        return
    try:
        world.check(expression)
    except ExpressionError as error:
        problems.add(mark, str(error))
