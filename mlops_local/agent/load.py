"""Reading and checking a pipeline as a whole: the only way in for `expand` and `run`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mlops_local.agent.check import check_plan
from mlops_local.agent.errors import Origin, PipelineError, Problems, WrongPipeline
from mlops_local.agent.nodes import Mapping
from mlops_local.agent.pipeline import Pipeline
from mlops_local.agent.plan import plan_of
from mlops_local.agent.predefined import Source, known_at_queue_time, source_of
from mlops_local.agent.repositories import LocalRepository, Repository
from mlops_local.agent.schema import PIPELINE
from mlops_local.agent.survey import survey
from mlops_local.agent.tasks.registry import BUILT_IN, Registry
from mlops_local.agent.templates import Expansion, expand_file


@dataclass(frozen=True)
class Queue:
    """What a person chooses when queueing a pipeline."""

    file: Path
    parameters: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    repositories: tuple[LocalRepository, ...] = ()
    reason: str = "Manual"
    branch: str | None = None
    tasks: Registry = BUILT_IN
    target: str = "refs/heads/main"


@dataclass(frozen=True)
class Loaded:
    tree: Mapping
    pipeline: Pipeline
    source: Source
    variables: dict[str, str]
    repositories: dict[str, Repository]
    extended: tuple[Origin, ...]
    warnings: list[PipelineError]


def load_pipeline(queue: Queue) -> Loaded:
    """The expanded pipeline, or WrongPipeline with every mistake."""
    problems = Problems()
    source = source_of(queue.file, queue.branch)
    variables = known_at_queue_time(source, queue.reason, queue.variables, queue.target)
    expansion = Expansion(queue.parameters, variables, queue.repositories)
    tree, files = expand_file(queue.file, expansion, problems, source.root)
    whole = tree if not problems.errors else None
    problems.settle()
    survey(files, queue.tasks, problems)
    problems.settle()
    pipeline = None if whole is None else _plan(whole, queue.tasks, problems)
    if tree is None or pipeline is None or problems.errors:
        raise WrongPipeline(problems.errors)
    return Loaded(tree, pipeline, source, variables, files.repositories, tuple(files.extended), problems.warnings)


def _plan(tree: Mapping, tasks: Registry, problems: Problems) -> Pipeline:
    """What could not be expanded would look wrong in many places, so this asks only about a tree that is whole."""
    PIPELINE(tree, problems)
    if tree.find("stages") is None and not problems.errors:
        problems.add(tree.mark, "A pipeline has 'stages', 'jobs' or 'steps', or 'extends' a template that has them.")
    named = not problems.errors
    problems.settle()
    pipeline = plan_of(tree, problems)
    check_plan(pipeline, tasks, problems, are_named=named)
    return pipeline
