"""What must be right before anything runs, beyond the form of the YAML: who waits for whom, and the inputs of tasks."""

from __future__ import annotations

from mlops_local.agent.errors import Problems
from mlops_local.agent.graph import check_graph
from mlops_local.agent.pipeline import Pipeline
from mlops_local.agent.tasks.registry import Registry, check_inputs


def check_plan(pipeline: Pipeline, tasks: Registry, problems: Problems, *, are_named: bool = True) -> None:
    """`are_named` is whether every stage and job could be read; otherwise one that seems to be missing may be there."""
    check_graph(pipeline, problems, are_named=are_named)
    for stage in pipeline.stages:
        for job in stage.jobs:
            for step in job.steps:
                check_inputs(step, tasks, problems)
