"""Which tasks there are, and whether a step uses its task rightly."""

from __future__ import annotations

from collections.abc import Iterable

from mlops_local.agent.errors import Problems
from mlops_local.agent.library import Library, LibraryError
from mlops_local.agent.machine import Machine, find_program
from mlops_local.agent.pipeline import Step
from mlops_local.agent.shapes import near_to
from mlops_local.agent.tasks.archive_files import ARCHIVE_FILES
from mlops_local.agent.tasks.azure_cli import AZURE_CLI
from mlops_local.agent.tasks.azure_key_vault import AZURE_KEY_VAULT, AZURE_KEY_VAULT_1
from mlops_local.agent.tasks.build_artifacts import (
    DOWNLOAD_BUILD_ARTIFACTS,
    DOWNLOAD_BUILD_ARTIFACTS_0,
    PUBLISH_BUILD_ARTIFACTS,
)
from mlops_local.agent.tasks.cache import CACHE
from mlops_local.agent.tasks.checkout import CHECKOUT
from mlops_local.agent.tasks.copy_files import COPY_FILES
from mlops_local.agent.tasks.definition import Input, Task, Values, is_known
from mlops_local.agent.tasks.delete_files import DELETE_FILES
from mlops_local.agent.tasks.download_secure_file import DOWNLOAD_SECURE_FILE
from mlops_local.agent.tasks.extract_files import EXTRACT_FILES
from mlops_local.agent.tasks.pip_authenticate import PIP_AUTHENTICATE
from mlops_local.agent.tasks.pipeline_artifacts import DOWNLOAD, PUBLISH, PUBLISH_0
from mlops_local.agent.tasks.powershell import POWERSHELL
from mlops_local.agent.tasks.publish_code_coverage_results import PUBLISH_CODE_COVERAGE_RESULTS
from mlops_local.agent.tasks.publish_test_results import PUBLISH_TEST_RESULTS
from mlops_local.agent.tasks.python_script import PYTHON_SCRIPT
from mlops_local.agent.tasks.shell import BASH, CMD_LINE
from mlops_local.agent.tasks.use_python_version import USE_PYTHON_VERSION

# Versions that Azure has and that this agent does not do; as with unknown tasks, only a run refuses them.
_NOT_DONE = {
    "azurecli": (1, 3),
    "downloadpipelineartifact": (0, 1),
    "publishcodecoverageresults": (1,),
    "publishtestresults": (1,),
}

# Tasks of agentless jobs: https://learn.microsoft.com/azure/devops/pipelines/process/phases#server-jobs
_SERVER = (
    "AzureFunction",
    "AzureMonitor",
    "Delay",
    "InvokeRESTAPI",
    "ManualIntervention",
    "ManualValidation",
    "PublishToAzureServiceBus",
    "queryWorkItems",
)


class Registry:
    """The tasks of one run: those of the agent, and those that the user has added."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self.tasks = tuple(sorted(tasks, key=lambda task: (task.name.casefold(), task.version)))
        self._by_name = {(name.casefold(), task.version): task for task in self.tasks for name in (task.name, task.guid) if name}

    def find(self, step: Step) -> Task | None:
        return self._by_name.get((step.task.casefold(), step.version))

    def versions(self, name: str) -> list[int]:
        return sorted(version for known, version in self._by_name if known == name.casefold())

    def added(self, tasks: Iterable[Task]) -> Registry:
        return Registry((*self.tasks, *tasks))

    def __str__(self) -> str:
        return ", ".join(task.reference for task in self.tasks)


BUILT_IN = Registry(
    (
        ARCHIVE_FILES,
        AZURE_CLI,
        AZURE_KEY_VAULT,
        AZURE_KEY_VAULT_1,
        BASH,
        CACHE,
        CHECKOUT,
        CMD_LINE,
        COPY_FILES,
        DELETE_FILES,
        DOWNLOAD,
        DOWNLOAD_BUILD_ARTIFACTS,
        DOWNLOAD_BUILD_ARTIFACTS_0,
        DOWNLOAD_SECURE_FILE,
        EXTRACT_FILES,
        PIP_AUTHENTICATE,
        POWERSHELL,
        PUBLISH,
        PUBLISH_0,
        PUBLISH_BUILD_ARTIFACTS,
        PUBLISH_CODE_COVERAGE_RESULTS,
        PUBLISH_TEST_RESULTS,
        PYTHON_SCRIPT,
        USE_PYTHON_VERSION,
    )
)


def check_inputs(step: Step, tasks: Registry, problems: Problems) -> None:
    """A task that the agent does not know may be right all the same; only `run` refuses it."""
    check_given(step, tasks, problems)
    if task := tasks.find(step):
        _check_required(step, task, problems)


def check_given(step: Step, tasks: Registry, problems: Problems) -> None:
    """The inputs that are written, of which there may be more."""
    task = tasks.find(step)
    if task is None:
        _check_version(step, tasks, problems)
        return
    for name, value in step.inputs.items():
        known = task.find(name)
        if known is None:
            inputs = [each.name for each in task.inputs]
            meant = near_to(name, inputs)
            hint = f"did you mean '{meant}'?" if meant else f"its inputs are: {', '.join(inputs)}."
            problems.add(step.mark_of(name), f"{step.reference} has no input '{name}'; {hint}")
        elif is_known(value) and (sentence := task.mistake(known, value, name)):
            problems.add(step.mark_of(name), sentence)


def _check_version(step: Step, tasks: Registry, problems: Problems) -> None:
    versions = tasks.versions(step.task)
    if versions and step.version not in _NOT_DONE.get(step.task.casefold(), ()):
        there = " and ".join(f"{step.task}@{version}" for version in versions)
        problems.add(step.mark_of("task"), f"This agent knows {there}, not {step.reference}.")


def _check_required(step: Step, task: Task, problems: Problems) -> None:
    values = task.resolved(step.inputs)
    strange = [name for name in step.inputs if task.find(name) is None]
    for known in task.inputs:
        if near_to(known.name, strange):
            continue
        if known.required and _applies(known, values) and not values[known.name].strip():
            problems.add(step.mark_of("task"), f"{step.reference} needs the input '{known.name}'.")


def _applies(known: Input, values: Values) -> bool:
    return known.when is None or values[known.when[0]].casefold() in (each.casefold() for each in known.when[1])


def _unknown(step: Step, tasks: Registry) -> str:
    if step.task.casefold() in (name.casefold() for name in _SERVER):
        return f"{step.reference} runs on the server of Azure DevOps, of which this machine has none; run the other stages by --stage."
    return f"This agent does not know the task {step.reference}; it knows {tasks}. Teach it others by --tasks."


def check_done(step: Step, tasks: Registry, library: Library | None, machine: Machine, problems: Problems) -> None:
    """Whether this agent acts on everything that the step asks for, and the machine and the library have what it needs."""
    task = tasks.find(step)
    if task is None:
        problems.add(step.mark_of("task"), _unknown(step, tasks))
        return
    for name, value in step.inputs.items():
        known = task.find(name)
        if known and is_known(value) and (sentence := task.lack(known, value)):
            problems.add(step.mark_of(name), sentence)
    try:
        _ask(task, step, library, machine, problems)
    except LibraryError as error:
        problems.add(step.mark_of("task"), str(error))


def _ask(task: Task, step: Step, library: Library | None, machine: Machine, problems: Problems) -> None:
    values = task.resolved(step.inputs)
    task.before_job(values)
    program = task.program(values)
    if program and find_program(program, machine.environment) is None:
        problems.add(
            step.mark_of("task"), f"{step.reference} needs the program {program}, which this machine has not; install it."
        )
    if library is not None:
        task.needs(values, library)
