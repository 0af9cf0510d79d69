"""Which tasks there are, and whether a step uses its task rightly."""

from __future__ import annotations

from mlops_local.agent.errors import Problems
from mlops_local.agent.pipeline import Step
from mlops_local.agent.scalars import parse_boolean
from mlops_local.agent.tasks.artifacts import DOWNLOAD, PUBLISH
from mlops_local.agent.tasks.cache import CACHE
from mlops_local.agent.tasks.checkout import CHECKOUT
from mlops_local.agent.tasks.copy_files import COPY_FILES
from mlops_local.agent.tasks.definition import Input, Task
from mlops_local.agent.tasks.download_secure_file import DOWNLOAD_SECURE_FILE
from mlops_local.agent.tasks.publish_code_coverage_results import PUBLISH_CODE_COVERAGE_RESULTS
from mlops_local.agent.tasks.publish_test_results import PUBLISH_TEST_RESULTS
from mlops_local.agent.tasks.python_script import PYTHON_SCRIPT
from mlops_local.agent.tasks.shell import BASH, CMD_LINE
from mlops_local.agent.tasks.use_python_version import USE_PYTHON_VERSION

ALL = (
    BASH,
    CACHE,
    CHECKOUT,
    CMD_LINE,
    COPY_FILES,
    DOWNLOAD,
    DOWNLOAD_SECURE_FILE,
    PUBLISH,
    PUBLISH_CODE_COVERAGE_RESULTS,
    PUBLISH_TEST_RESULTS,
    PYTHON_SCRIPT,
    USE_PYTHON_VERSION,
)
_BY_NAME = {(name.casefold(), task.version): task for task in ALL for name in (task.name, task.guid) if name}


def find_task(step: Step) -> Task | None:
    return _BY_NAME.get((step.task.casefold(), step.version))


def known_tasks() -> str:
    return ", ".join(f"{task.name}@{task.version}" for task in ALL)


def check_inputs(step: Step, problems: Problems) -> None:
    """A task that the agent does not know may be right all the same; only `run` refuses it."""
    task = find_task(step)
    if task is None:
        _check_version(step, problems)
        return
    for name in step.inputs:
        known = task.find(name)
        if known is None:
            inputs = ", ".join(each.name for each in task.inputs)
            problems.add(step.mark_of(name), f"{step.reference} has no input '{name}'; its inputs are: {inputs}.")
        else:
            _check_value(step, known, name, problems)
    _check_required(step, task, problems)


def _check_version(step: Step, problems: Problems) -> None:
    versions = sorted(task.version for task in ALL if task.name.casefold() == step.task.casefold())
    if versions:
        problems.add(step.mark_of("task"), f"This agent knows {step.task}@{versions[-1]}, not {step.reference}.")


def _check_value(step: Step, known: Input, name: str, problems: Problems) -> None:
    value = step.inputs[name]
    if "$(" in value:
        return
    what = f"The input '{known.name}' of {step.reference}"
    if known.kind == "boolean" and value and parse_boolean(value) is None:
        problems.add(step.mark_of(name), f"{what} is true or false, not '{value}'.")
    if known.options and value.casefold() not in (option.casefold() for option in known.options):
        problems.add(step.mark_of(name), f"{what} is one of {', '.join(known.options)}, not '{value}'.")


def _check_required(step: Step, task: Task, problems: Problems) -> None:
    values = task.resolved(step.inputs)
    for known in task.inputs:
        applies = known.when is None or values[known.when[0]].casefold() in (each.casefold() for each in known.when[1])
        if known.required and applies and not values[known.name].strip():
            problems.add(step.mark_of("task"), f"{step.reference} needs the input '{known.name}'.")
