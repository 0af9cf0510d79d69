"""Whether this machine can run a right pipeline: tasks, pools, variable groups. Asked before anything runs."""

from __future__ import annotations

from pathlib import Path

from mlops_local.agent.approvals import ALL, Given
from mlops_local.agent.environments import read_environment
from mlops_local.agent.errors import Mark, Origin, Problems
from mlops_local.agent.library import Library, LibraryError
from mlops_local.agent.machine import Machine
from mlops_local.agent.pipeline import Group, Job, Pipeline, Pool, Step, Variable
from mlops_local.agent.repositories import Repository
from mlops_local.agent.tasks.checkout import is_checkout
from mlops_local.agent.tasks.registry import Registry, check_done

# A pool's image: systems on which its jobs can run here. Steps for Linux are tried on a Mac; the other way round they are not.
_SYSTEMS = {"ubuntu": ("Linux", "Darwin"), "macos": ("Darwin",), "windows": ("Windows_NT",)}


def check_runnable(pipeline: Pipeline, tasks: Registry, library: Library | None, machine: Machine, problems: Problems) -> None:
    _check_groups(pipeline.variables, library, problems)
    for stage in pipeline.stages:
        _check_groups(stage.variables, library, problems)
        for job in stage.jobs:
            _check_groups(job.variables, library, problems)
            _check_job(job, machine, problems)
            _check_environment(job, library, problems)
            for step in job.steps:
                if step.enabled:
                    check_done(step, tasks, library, machine, problems)


def _check_groups(variables: tuple[Variable | Group, ...], library: Library | None, problems: Problems) -> None:
    for entry in variables:
        if isinstance(entry, Group) and library is not None:
            try:
                library.group(entry.name)
            except LibraryError as error:
                problems.add(entry.mark, str(error))


def _check_environment(job: Job, library: Library | None, problems: Problems) -> None:
    if job.environment is None or library is None or "$(" in job.environment.name:
        return
    try:
        read_environment(library, job.environment.name)
    except LibraryError as error:
        problems.add(job.environment.mark, str(error))


def check_answers(pipeline: Pipeline, given: Given, file: Path, problems: Problems) -> None:
    """Answers are about environments and stages that there are."""
    named = [job.environment.name for stage in pipeline.stages for job in stage.jobs if job.environment is not None]
    manual = [stage.name for stage in pipeline.stages if stage.is_manual]
    if not any("$(" in name for name in named):
        _check_answer("--approve", given.approve, "environment", named, file, problems)
        _check_answer("--reject", given.reject, "environment", named, file, problems)
    _check_answer("--start", given.start, "stage with 'trigger: manual'", manual, file, problems)


def _check_answer(option: str, answers: frozenset[str], what: str, known: list[str], file: Path, problems: Problems) -> None:
    for name in sorted(answers - {ALL, *(each.casefold() for each in known)}):
        there = ", ".join(sorted(set(known))) or "none"
        problems.add(Mark(Origin(str(file)), 1, 1), f"{option} {name}: the pipeline has no such {what}; it has: {there}.")


def _check_job(job: Job, machine: Machine, problems: Problems) -> None:
    if job.lifecycle is not None and job.lifecycle.text != "runOnce":
        named = f"The deployment strategy '{job.lifecycle.text}'"
        problems.add(job.lifecycle.mark, f"{named} needs target machines of Azure, which this agent does not have; use runOnce.")
    if job.services is not None:
        problems.add(job.services, f"The job '{job.name}' wants service containers; this agent runs jobs on the machine itself.")
    if job.container is not None:
        problems.add(job.container, f"The job '{job.name}' wants a container; this agent runs jobs on the machine itself.")
    if job.environment is not None and job.environment.resource_type.casefold() == "virtualmachine":
        problems.add(
            job.environment.mark, "This agent has no machines of an environment; leave out resourceType: VirtualMachine."
        )
    for pool in [job.pool, *(hook.pool for hook in job.hooks)]:
        if pool is not None:
            _check_pool(job, pool, machine, problems)
    for step in job.steps:
        if step.enabled:
            _check_step(step, problems)


def _check_pool(job: Job, pool: Pool, machine: Machine, problems: Problems) -> None:
    if pool.name.casefold() == "server":
        problems.add(pool.mark, f"The job '{job.name}' runs on the server of Azure DevOps; this agent has none.")
    image = pool.vm_image.casefold().partition("-")[0]
    if image in _SYSTEMS and machine.os not in _SYSTEMS[image]:
        problems.add(pool.mark, f"The pool is one of {pool.vm_image}, and this machine is {machine.os}.")


def _check_step(step: Step, problems: Problems) -> None:
    if step.target.container not in ("host", ""):
        problems.add(step.mark, f"The step wants the container '{step.target.container}'; this agent has no containers.")


def check_sources(pipeline: Pipeline, repositories: dict[str, Repository], problems: Problems) -> None:
    """Every `checkout` names a repository that this machine has."""
    for step in (step for stage in pipeline.stages for job in stage.jobs for step in job.steps if is_checkout(step.task)):
        name = step.inputs.get("repository", "self").casefold()
        if name in ("self", "none") or "$(" in name:
            continue
        known = repositories.get(name)
        if known is None:
            problems.add(step.mark, f"The repository '{name}' is not defined under resources.repositories.")
        elif known.missing:
            problems.add(step.mark, known.missing)
