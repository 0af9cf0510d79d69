"""The levels that a pipeline may leave out: steps alone are one job, jobs alone are one stage.

https://learn.microsoft.com/azure/devops/pipelines/get-started/key-pipelines-concepts
"""

from __future__ import annotations

from mlops_local.agent.errors import Mark
from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence, word

_ROOT_JOB_KEYS = {
    "steps",
    "strategy",
    "container",
    "services",
    "workspace",
    "continueOnError",
    "timeoutInMinutes",
    "cancelTimeoutInMinutes",
}


def with_levels(body: list[tuple[Scalar, Node]], mark: Mark) -> list[tuple[Scalar, Node]]:
    """A pipeline of steps is one job in one stage, a pipeline of jobs is one stage."""
    names = {key.text for key, _ in body}
    if "stages" in names:
        return body
    if "jobs" in names:
        return [_wrapped_jobs(key, value) if key.text == "jobs" else (key, value) for key, value in body]
    if "steps" not in names:
        return body
    job = [(key, value) for key, value in body if key.text in _ROOT_JOB_KEYS]
    job.sort(key=lambda pair: pair[0].text == "steps")
    steps_key = job[-1][0]
    first = (word("job", steps_key.mark), word("Job", steps_key.mark))
    jobs = Sequence([Mapping([first, *job], steps_key.mark)], steps_key.mark)
    rest = [(key, value) for key, value in body if key.text not in _ROOT_JOB_KEYS]
    return [*rest, _wrapped_jobs(word("jobs", steps_key.mark), jobs)]


def _wrapped_jobs(key: Scalar, jobs: Node) -> tuple[Scalar, Node]:
    stage = Mapping([(word("stage", key.mark), word("__default", key.mark)), (word("jobs", key.mark), jobs)], key.mark)
    return word("stages", key.mark), Sequence([stage], key.mark)
