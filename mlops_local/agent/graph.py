"""Which stage waits for which, and which job: names that exist, each once, and no circle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence as Listed

from mlops_local.agent.errors import Problems
from mlops_local.agent.pipeline import Job, Pipeline, Stage

Part = Stage | Job


def check_graph(pipeline: Pipeline, problems: Problems, *, are_named: bool = True) -> None:
    _check_parts("stage", pipeline.stages, problems, are_named)
    for stage in pipeline.stages:
        _check_parts("job", stage.jobs, problems, are_named)
        for job in stage.jobs:
            _check_step_names(job, problems)
            if job.is_deployment and job.name.casefold() == "deploy":
                problems.add(job.mark, "A deployment job may not be called 'deploy', because that is the name of a hook.")


def _check_parts(kind: str, parts: Listed[Part], problems: Problems, are_named: bool) -> None:
    """Names that are wrong themselves say nothing about who waits for whom."""
    seen: set[str] = set()
    for part in parts:
        if part.name.casefold() in seen:
            problems.add(part.mark, f"The {kind} '{part.name}' exists twice; names are unique, in any case.")
        seen.add(part.name.casefold())
    if not are_named or len(seen) < len(parts):
        return
    for part in parts:
        for name, mark in part.depends_on:
            if name.casefold() not in seen:
                problems.add(mark, f"The {kind} '{part.name}' depends on '{name}', which does not exist here.")
    for circle in circles(parts):
        problems.add(
            circle[0].mark, f"These {kind}s wait for each other: {' -> '.join(part.name for part in [*circle, circle[0]])}."
        )


def _check_step_names(job: Job, problems: Problems) -> None:
    """Hooks of a deployment are jobs of their own, with names of their own."""
    counted = Counter((step.hook, step.name.casefold()) for step in job.steps if step.name)
    for step in job.steps:
        if counted[step.hook, step.name.casefold()] > 1:
            problems.add(step.mark, f"The step name '{step.name}' is used twice in the job '{job.name}'.")


def circles(parts: Listed[Part]) -> list[list[Part]]:
    """One circle for every group of parts that can never start."""
    by_name = {part.name.casefold(): part for part in parts}
    finished: set[str] = set()
    found: list[list[Part]] = []

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            found.append([by_name[each] for each in path[path.index(name) :]])
            finished.update(path)
        if name in finished or name not in by_name:
            return
        for dependency, _ in by_name[name].depends_on:
            visit(dependency.casefold(), [*path, name])
        finished.add(name)

    for name in by_name:
        visit(name, [])
    return found


def ancestors(part: Part, parts: Listed[Part]) -> list[Part]:
    """Everything that a part waits for, directly or through others."""
    by_name = {each.name.casefold(): each for each in parts}
    found: dict[str, Part] = {}
    waiting = [name.casefold() for name, _ in part.depends_on]
    while waiting:
        name = waiting.pop()
        if name not in found and name in by_name:
            found[name] = by_name[name]
            waiting += [dependency.casefold() for dependency, _ in by_name[name].depends_on]
    return list(found.values())
