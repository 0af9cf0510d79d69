"""What a job and a step know while they run; tasks see a StepContext and nothing else of the agent."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from mlops_local.agent.commands import Command, parse_command
from mlops_local.agent.history import Fetch
from mlops_local.agent.library import Library
from mlops_local.agent.machine import Machine
from mlops_local.agent.masking import Masker
from mlops_local.agent.pipeline import Job, Stage, Step
from mlops_local.agent.process import MARK, run_process
from mlops_local.agent.progress import Progress
from mlops_local.agent.record import CANCELED, FAILED, SKIPPED, SUCCEEDED, WITH_ISSUES, JobRecord, Record, StepRecord
from mlops_local.agent.slots import Slot
from mlops_local.agent.variables import Variables

if TYPE_CHECKING:
    # Tasks are written against this module. An issuer has libraries that take long to load and that expanding does without.
    from mlops_local.agent.oidc import Issuer
    from mlops_local.agent.rest_api import RestApi
    from mlops_local.agent.tasks.registry import Registry


# What a step may say of itself, from the best to the one that nothing undoes.
RESULTS = (SUCCEEDED, WITH_ISSUES, FAILED, CANCELED, SKIPPED)


class TaskFailed(Exception):  # noqa: N818 - the word that Azure's users know
    """A step did not do what it should; the sentence is for the log."""


class Sources(Protocol):
    """Repositories that a job can check out."""

    def name_of(self, repository: str) -> str: ...

    def check_out(self, repository: str, folder: Path, fetch: Fetch) -> str: ...


class Cancellation:
    """The first request ends what runs, and steps and jobs that run `always()` still follow; the second ends everything at once."""

    def __init__(self) -> None:
        self.level = 0

    def request(self) -> None:
        self.level += 1

    @property
    def requested(self) -> bool:
        return self.level > 0

    @property
    def at_once(self) -> bool:
        return self.level > 1


@dataclass
class RunContext:
    library: Library
    record: Record
    masker: Masker
    machine: Machine
    progress: Progress
    sources: Sources
    branch: str
    reason: str
    tasks: Registry
    issuer: Issuer
    api: RestApi
    cancellation: Cancellation = field(default_factory=Cancellation)


# Told whether the job succeeded; what it says goes into a log of its own.
AfterJob = Callable[["StepContext", bool], None]


@dataclass
class JobContext:
    """`after_job` runs in reverse order when the job ends, in every outcome. `level` is the cancellation at which it started:
    a job that runs because the run was cancelled is not stopped by that."""

    run: RunContext
    slot: Slot
    stage: Stage
    job: Job
    record: JobRecord
    variables: Variables
    place: tuple[int, ...]
    label: str
    status: str = SUCCEEDED
    level: int = 0
    mark: str = field(default_factory=lambda: f"vsts_{uuid.uuid4()}")
    canceled: bool = False
    deadline: float | None = None
    cancel_seconds: float = 300.0
    path: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    groups: list[int] = field(default_factory=list)
    after_job: list[tuple[str, AfterJob]] = field(default_factory=list)
    state: dict[str, object] = field(default_factory=dict)
    folder: Path | None = None

    @property
    def working_directory(self) -> Path:
        """The sources, unless a checkout went elsewhere."""
        return self.folder or self.slot.sources


# Runs one logging command; the table of commands stands above this module.
Dispatch = Callable[["StepContext", Command], None]


class StepContext:
    """One step: its inputs, its log, and the ways in which a task may act on the job."""

    def __init__(self, job: JobContext, step: Step, record: StepRecord, log: IO[str], dispatch: Dispatch) -> None:
        self.job = job
        self.run = job.run
        self.step = step
        self.record = record
        self.inputs: dict[str, str] = {}
        self.env: dict[str, str] = {}
        self.completed = ""
        self.tail: list[str] = []
        self._log = log
        self._dispatch = dispatch
        self._level = job.run.cancellation.level
        self._deadline: float | None = None

    def text(self, name: str) -> str:
        return self.inputs.get(name, "")

    def flag(self, name: str) -> bool:
        return self.text(name).strip().lower() == "true"

    def lines(self, name: str) -> list[str]:
        return [line.strip() for line in self.text(name).splitlines() if line.strip()]

    def path(self, text: str) -> Path:
        """A path that a pipeline names; it starts where steps work unless it is absolute."""
        return Path(os.path.normpath(self.job.working_directory / text.strip()))

    def printed(self, line: str) -> None:
        """A line from a step: a logging command is obeyed, everything else is shown."""
        command = parse_command(line)
        if not command:
            self.say(line)
            if "##vso[" in line:
                self.warn("This line looks like a logging command and is none; write ##vso[area.action name=value]data.")
            return
        try:
            self._dispatch(self, command)
        except TaskFailed as error:
            self.issue("error", str(error))
            self.complete(FAILED)

    def say(self, line: str) -> None:
        masked = self.run.masker.mask(line)
        self._log.write(masked + "\n")
        self._log.flush()
        self.tail = [*self.tail[-49:], masked]
        self.run.progress.line(self.job.label, masked)

    def issue(self, kind: str, message: str) -> None:
        self.record.issues.append({"type": kind, "message": self.run.masker.mask(message)})
        self.say(f"##[{kind}]{message}")

    def warn(self, message: str) -> None:
        self.issue("warning", message)

    def set_variable(
        self,
        name: str,
        value: str,
        *,
        secret: bool = False,
        output: bool = False,
        readonly: bool = False,
        several_lines: bool = False,
    ) -> None:
        variables = self.job.variables
        if variables.is_readonly(name):
            raise TaskFailed(f"The variable '{name}' is read-only and cannot be set.")
        if secret and not several_lines and ("\n" in value or "\r" in value):
            raise TaskFailed(f"The secret '{name}' has several lines; a secret variable has one. Use a secure file.")
        if output:
            prefix = self.step.name or self.step.task
            self.job.outputs[f"{prefix}.{name}"] = value
            name = f"{prefix}.{name}"
        # An output belongs to its step: others read it and cannot change it.
        variables.set(name, value, secret=secret, readonly=readonly or output)

    def prepend_path(self, folder: str) -> None:
        self.job.path = [folder, *(known for known in self.job.path if known != folder)]

    def limit(self, minutes: float) -> None:
        self._deadline = time.monotonic() + minutes * 60 if minutes > 0 else None

    @property
    def is_late(self) -> bool:
        return self._deadline is not None and time.monotonic() > self._deadline

    def should_stop(self) -> bool:
        deadline = self.job.deadline
        too_late = deadline is not None and time.monotonic() > deadline
        return self.run.cancellation.level > self._level or too_late or self.is_late

    def environment(self) -> dict[str, str]:
        """Everything that a child process sees."""
        inherited = dict(self.run.machine.environment)
        own = self.job.variables.environment()
        inherited["PATH"] = os.pathsep.join([*self.job.path, inherited["PATH"]])
        private = {"HOME": str(self.job.slot.home), "TMPDIR": str(self.job.slot.temp), "TF_BUILD": "True"}
        # pip compiles what it installs, once a machine; here environments are new for each job, so the compiled code is kept beside.
        private["PYTHONPYCACHEPREFIX"] = str(self.run.machine.cache / "bytecode")
        guard = {"PIP_REQUIRE_VIRTUALENV": "true", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        return {**inherited, **guard, **own, **private, **self.env, MARK: self.job.mark}

    def execute(
        self,
        arguments: Sequence[str],
        *,
        folder: Path | None = None,
        on_error_line: Callable[[str], None] | None = None,
        env: dict[str, str] | None = None,
    ) -> int:
        return run_process(
            arguments,
            environment={**self.environment(), **(env or {})},
            folder=folder or self.job.working_directory,
            on_line=self.printed,
            on_error_line=on_error_line,
            should_stop=self.should_stop,
            at_once=lambda: self.run.cancellation.at_once,
            groups=self.job.groups,
            masker=self.run.masker,
        )

    def complete(self, result: str) -> None:
        """The worse of what was said before and now; an exit code of zero does not undo Failed."""
        if not self.completed or RESULTS.index(result) > RESULTS.index(self.completed):
            self.completed = result
