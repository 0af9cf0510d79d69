"""From the expanded YAML tree to the values of a pipeline. The tree has passed the schema before."""

from __future__ import annotations

from mlops_local.agent.errors import Mark, Problems
from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence, is_null, text_of
from mlops_local.agent.pipeline import (
    Destination,
    Group,
    Hook,
    Job,
    Pipeline,
    Pool,
    Stage,
    Step,
    Strategy,
    Target,
    Variable,
    destination_of,
)
from mlops_local.agent.scalars import parse_switch
from mlops_local.agent.steps import as_task, shorthand_of

_HOOKS = ("preDeploy", "deploy", "routeTraffic", "postRouteTraffic", "success", "failure")
_SHOWN = {"script": "CmdLine", "bash": "Bash", "checkout": "Checkout", "publish": "Publish", "download": "Download"}


def plan_of(tree: Mapping, problems: Problems) -> Pipeline:
    pool = _pool(tree.find("pool"))
    lock_behavior = text_of(tree, "lockBehavior") or "runLatest"
    stages: list[Stage] = []
    items = _items(tree.find("stages"))
    for number, item in enumerate(items, 1):
        unnamed = f"Stage{number}" if len(items) > 1 else "__default"
        stages.append(_stage(item, text_of(item, "stage") or unnamed, pool, stages[-1:], lock_behavior, problems))
    return Pipeline(tuple(stages), _variables(tree.find("variables")), text_of(tree, "name"))


def _stage(node: Mapping, name: str, pool: Pool | None, before: list[Stage], lock_behavior: str, problems: Problems) -> Stage:
    stage_pool = _pool(node.find("pool")) or pool
    items = _items(node.find("jobs"))
    jobs = tuple(_job(item, stage_pool, number if len(items) > 1 else 0, problems) for number, item in enumerate(items, 1))
    depends_on = _depends_on(node)
    if depends_on is None:
        depends_on = tuple((stage.name, node.mark) for stage in before)
    return Stage(
        name=name,
        mark=node.mark,
        jobs=jobs,
        display_name=text_of(node, "displayName"),
        depends_on=depends_on,
        condition=text_of(node, "condition"),
        condition_mark=_mark(node, "condition"),
        variables=_variables(node.find("variables")),
        lock_behavior=text_of(node, "lockBehavior") or lock_behavior,
        is_manual=text_of(node, "trigger") == "manual",
        is_skippable=parse_switch(text_of(node, "isSkippable") or "true") is not False,
    )


def _job(node: Mapping, pool: Pool | None, number: int, problems: Problems) -> Job:
    is_deployment = node.find("deployment") is not None
    steps, hooks = _deployment_steps(node, problems) if is_deployment else (_steps(node.find("steps"), "", problems), ())
    return Job(
        name=text_of(node, "deployment" if is_deployment else "job") or (f"Job{number}" if number else "Job"),
        mark=node.mark,
        steps=steps,
        display_name=text_of(node, "displayName"),
        depends_on=_depends_on(node) or (),
        condition=text_of(node, "condition"),
        condition_mark=_mark(node, "condition"),
        continue_on_error=_switch(node, "continueOnError"),
        timeout_in_minutes=text_of(node, "timeoutInMinutes") or "60",
        cancel_timeout_in_minutes=text_of(node, "cancelTimeoutInMinutes") or "5",
        variables=_variables(node.find("variables")),
        pool=_pool(node.find("pool")) or pool,
        strategy=None if is_deployment else _strategy(node.find("strategy")),
        is_deployment=is_deployment,
        environment=_destination(node.find("environment")),
        hooks=hooks,
        lifecycle=_lifecycle(node) if is_deployment else None,
        container=_wanted(node, "container"),
        services=_wanted(node, "services"),
    )


def _deployment_steps(node: Mapping, problems: Problems) -> tuple[tuple[Step, ...], tuple[Hook, ...]]:
    strategy = node.find("strategy")
    lifecycle = strategy.pairs[0][1] if isinstance(strategy, Mapping) and len(strategy.pairs) == 1 else None
    if not isinstance(lifecycle, Mapping):
        problems.add(node.mark, "A deployment job has a 'strategy' with one of runOnce, rolling, canary.")
        return (), ()
    on = lifecycle.find("on")
    holders = {**dict(_named(lifecycle)), **(dict(_named(on)) if isinstance(on, Mapping) else {})}
    used = tuple(
        Hook(hook, holder.mark, _pool(holder.find("pool"))) for hook in _HOOKS if isinstance(holder := holders.get(hook), Mapping)
    )
    steps: list[Step] = []
    for hook in used:
        holder = holders[hook.name]
        steps += _steps(holder.find("steps") if isinstance(holder, Mapping) else None, hook.name, problems)
    return tuple(steps), used


def _lifecycle(node: Mapping) -> Scalar | None:
    strategy = node.find("strategy")
    return strategy.pairs[0][0] if isinstance(strategy, Mapping) and strategy.pairs else None


def _named(node: Mapping) -> list[tuple[str, Node]]:
    return [(key.text, value) for key, value in node.pairs]


def _steps(node: Node | None, hook: str, problems: Problems) -> tuple[Step, ...]:
    steps = [step_of(item, hook, problems) for item in _items(node)]
    return tuple(step for step in steps if step)


def step_of(node: Mapping, hook: str, problems: Problems) -> Step | None:
    task = as_task(node)
    reference = text_of(task, "task")
    name, _, version = reference.partition("@")
    if not version.split(".")[0].isdigit():
        problems.add(_mark(task, "task") or node.mark, f"The task '{reference}' has no version; write for example '{name}@1'.")
        return None
    return Step(
        task=name,
        version=int(version.split(".")[0]),
        inputs=_texts(task.find("inputs")),
        mark=node.mark,
        name=text_of(node, "name"),
        display_name=text_of(node, "displayName") or _SHOWN.get(shorthand_of(node) or "", name),
        condition=text_of(node, "condition"),
        continue_on_error=_switch(node, "continueOnError"),
        enabled=parse_switch(text_of(node, "enabled") or "true") is not False,
        env=_texts(node.find("env")),
        timeout_in_minutes=text_of(node, "timeoutInMinutes") or "0",
        retries=text_of(node, "retryCountOnTaskFailure") or "0",
        target=_target(node.find("target")),
        hook=hook,
        marks=_marks(task),
    )


def _marks(task: Mapping) -> dict[str, Mark]:
    inputs = task.find("inputs")
    marks = {key.text: key.mark for key, _ in inputs.pairs} if isinstance(inputs, Mapping) else {}
    return marks | {key.text: value.mark for key, value in task.pairs if key.text in ("condition", "task")}


def _target(node: Node | None) -> Target:
    if isinstance(node, Scalar):
        return Target(container=node.text or "host")
    if not isinstance(node, Mapping):
        return Target()
    settable = node.find("settableVariables")
    names: tuple[str, ...] | None = None
    if isinstance(settable, Sequence):
        names = tuple(item.text for item in settable.items if isinstance(item, Scalar))
    elif isinstance(settable, Scalar):
        names = () if settable.text == "none" else (settable.text,)
    return Target(text_of(node, "container") or "host", text_of(node, "commands") == "restricted", names)


def _variables(node: Node | None) -> tuple[Variable | Group, ...]:
    found: list[Variable | Group] = []
    for item in _items(node):
        if item.find("group"):
            found.append(Group(text_of(item, "group"), item.mark))
        else:
            readonly = parse_switch(text_of(item, "readonly") or "false") is True
            mark = _mark(item, "value") or item.mark
            found.append(Variable(text_of(item, "name"), text_of(item, "value"), mark, readonly))
    return tuple(found)


def _pool(node: Node | None) -> Pool | None:
    if node is None or is_null(node):
        return None
    if isinstance(node, Scalar):
        return Pool(node.text, "", node.mark)
    return Pool(text_of(node, "name"), text_of(node, "vmImage"), node.mark) if isinstance(node, Mapping) else None


def _strategy(node: Node | None) -> Strategy | None:
    if not isinstance(node, Mapping):
        return None
    matrix = node.find("matrix")
    legs: dict[str, dict[str, str]] | str | None = None
    if isinstance(matrix, Mapping):
        legs = {key.text: _texts(value) for key, value in matrix.pairs}
    elif isinstance(matrix, Scalar):
        legs = matrix.text
    return Strategy(legs, text_of(node, "parallel"), text_of(node, "maxParallel"))


def _destination(node: Node | None) -> Destination | None:
    """`name.resource`, or a mapping."""
    if isinstance(node, Scalar) and node.text:
        return destination_of(node.text, node.mark)
    if not isinstance(node, Mapping):
        return None
    return Destination(text_of(node, "name"), node.mark, text_of(node, "resourceName"), text_of(node, "resourceType"))


def _depends_on(node: Mapping) -> tuple[tuple[str, Mark], ...] | None:
    """None when it is not written at all, which for a stage means the stage before it."""
    found = node.find("dependsOn")
    if found is None:
        return None
    names = found.items if isinstance(found, Sequence) else [found]
    return tuple((name.text, name.mark) for name in names if isinstance(name, Scalar) and not is_null(name))


def _items(node: Node | None) -> list[Mapping]:
    return [item for item in node.items if isinstance(item, Mapping)] if isinstance(node, Sequence) else []


def _switch(node: Mapping, key: str) -> str:
    """`true` or `false` for every word that means it; a value that is only known later stays."""
    text = text_of(node, key) or "false"
    value = parse_switch(text)
    return text if value is None else str(value).lower()


def _wanted(node: Mapping, key: str) -> Mark | None:
    return None if is_null(node.find(key)) else _mark(node, key)


def _mark(node: Mapping, key: str) -> Mark | None:
    found = node.find(key)
    return found.mark if found is not None else None


def _texts(node: Node | None) -> dict[str, str]:
    if not isinstance(node, Mapping):
        return {}
    return {key.text: value.text for key, value in node.pairs if isinstance(value, Scalar)}
