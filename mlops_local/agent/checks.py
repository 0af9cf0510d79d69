"""What is asked before a stage runs: a start by hand, then the checks of its environments, in Azure's order.

Branch control and required templates are decided first, then people are asked, and an exclusive lock is taken last. Whatever is
decided stands in the record of the stage.
https://learn.microsoft.com/azure/devops/pipelines/process/approvals
"""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from mlops_local.agent.approvals import Answer, Asker, Given
from mlops_local.agent.environments import Approval, Environment, RequiredTemplate
from mlops_local.agent.pipeline import Stage
from mlops_local.agent.record import CANCELED, FAILED, SKIPPED, StageRecord
from mlops_local.agent.run_locks import RunLocks, Wait

# The result of a stage that may run.
PASSED = ""


@dataclass(frozen=True)
class Refs:
    """Where a run comes from: the branch of the pipeline, the repositories it names, the templates that it extends."""

    pipeline: str
    branch: str
    repositories: dict[str, str]
    extended: tuple[RequiredTemplate, ...]


@dataclass
class Gate:
    """`level` is how often the run was cancelled, asked while somebody waits; `unanswered` remembers that a stage waits for an
    approval that nobody can give."""

    refs: Refs
    given: Given
    asker: Asker
    locks: RunLocks
    level: Callable[[], int]
    warn: Callable[[str], None]
    chosen: frozenset[str] = frozenset()
    unanswered: bool = field(default=False, init=False)

    @contextmanager
    def opened(self, stage: Stage, record: StageRecord, environments: list[Environment]) -> Iterator[str]:
        """PASSED, or the result of a stage that may not run; its locks are held until the context ends."""
        with ExitStack() as held:
            ask = _Asked(self, stage, record, held, self.level())
            yield ask.start() or _first(
                check(environment)
                for check in (ask.branches, ask.template, ask.approval, ask.lock)
                for environment in environments
            )


def _first(results: Iterator[str]) -> str:
    """Checks after the first that does not pass are not asked."""
    return next((result for result in results if result != PASSED), PASSED)


@dataclass(frozen=True)
class _Asked:
    """The questions about one stage. Each method gives PASSED or the result of the stage, and notes what it decided.

    `level` is the cancellation at which the stage was let in: one that runs because the run was cancelled waits like others.
    """

    gate: Gate
    stage: Stage
    record: StageRecord
    held: ExitStack
    level: int

    def canceled(self) -> bool:
        return self.gate.level() > self.level

    @property
    def shown(self) -> str:
        return self.record.display_name

    def start(self) -> str:
        if not self.stage.is_manual:
            return PASSED
        name = self.stage.name
        if self.gate.given.starts(name) or name.casefold() in self.gate.chosen:
            return self._note("", "manual trigger", "started", "It was started with the command.", PASSED)
        answer = self.gate.asker.ask(f"The stage {self.shown} starts by hand. Start it?", None, self.canceled)
        if answer is Answer.YES:
            return self._note("", "manual trigger", "started", "It was started at the terminal.", PASSED)
        if answer is Answer.CANCELED:
            return self._note("", "manual trigger", "canceled", "The run was cancelled while it waited.", CANCELED)
        why = "Nobody started it" if answer is Answer.NO else "It starts by hand and there is nobody to ask"
        return self._refuse("", "manual trigger", "not started", f"{why}; --start {name} starts it.", SKIPPED)

    def branches(self, environment: Environment) -> str:
        if not environment.branches:
            return PASSED
        refs = {"the pipeline": self.gate.refs.branch, **self.gate.refs.repositories}
        for what, ref in refs.items():
            if not any(fnmatchcase(ref, pattern) for pattern in environment.branches):
                allowed = ", ".join(environment.branches)
                sentence = f"The environment {environment.name} takes only {allowed}, and {what} is at {ref}."
                return self._refuse(environment.name, "branch control", "failed", sentence, FAILED)
        return self._note(environment.name, "branch control", "passed", f"Allowed: {', '.join(refs.values())}.", PASSED)

    def template(self, environment: Environment) -> str:
        if not environment.templates:
            return PASSED
        for wanted in environment.templates:
            if any(_is_same(wanted, used) for used in self.gate.refs.extended):
                return self._note(environment.name, "required template", "passed", f"It extends {_shown(wanted)}.", PASSED)
        names = " or ".join(_shown(wanted) for wanted in environment.templates)
        sentence = f"The environment {environment.name} takes only pipelines that extend {names}."
        return self._refuse(environment.name, "required template", "failed", sentence, FAILED)

    def approval(self, environment: Environment) -> str:
        approval = environment.approval
        if approval is None:
            return PASSED
        answer, how = self.gate.given.about(environment.name), "with the command"
        if answer is Answer.NOBODY:
            until, how = time.monotonic() + approval.timeout_minutes * 60, "at the terminal"
            answer = self.gate.asker.ask(_question(self.shown, environment.name, approval), until, self.canceled)
        return self._answered(environment.name, approval, answer, f"{getpass.getuser()} {how}")

    def _answered(self, name: str, approval: Approval, answer: Answer, by: str) -> str:
        kind = "approval"
        if answer is Answer.YES:
            return self._note(name, kind, "approved", f"Approved by {by}.", PASSED, by=by)
        if answer is Answer.NO:
            return self._refuse(name, kind, "rejected", f"Rejected for the environment {name} by {by}.", FAILED, by=by)
        if answer is Answer.CANCELED:
            return self._note(name, kind, "canceled", "The run was cancelled while it waited.", CANCELED)
        if answer is Answer.LATE:
            sentence = f"Nobody approved the environment {name} within {approval.timeout_minutes:g} minutes."
            return self._refuse(name, kind, "timed out", sentence, SKIPPED)
        self.gate.unanswered = True
        who = ", ".join(approval.approvers)
        sentence = f"The environment {name} needs the approval of {who}, and there is nobody to ask; pass --approve {name} or --reject {name}."
        return self._refuse(name, kind, "unanswered", sentence, SKIPPED)

    def lock(self, environment: Environment) -> str:
        if not environment.exclusive_lock:
            return PASSED
        name, latest_only = environment.name, self.stage.lock_behavior == "runLatest"
        outcome = self.held.enter_context(
            self.gate.locks.held(
                f"{self.gate.refs.pipeline}\n{name.casefold()}",
                latest_only=latest_only,
                canceled=self.canceled,
                on_wait=lambda: self.gate.warn(f"{self.shown}: waits for the lock of {name}, which another stage holds."),
            )
        )
        if outcome is Wait.HELD:
            return self._note(name, "exclusive lock", "held", f"Locked, {self.stage.lock_behavior}.", PASSED)
        if outcome is Wait.SUPERSEDED:
            sentence = f"A later run waits for the lock of {name}; with lockBehavior runLatest it goes first and this one ends."
            return self._refuse(name, "exclusive lock", "superseded", sentence, CANCELED)
        return self._note(name, "exclusive lock", "canceled", "The run was cancelled while it waited.", CANCELED)

    def _note(self, environment: str, check: str, decision: str, sentence: str, result: str, *, by: str = "") -> str:
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        about = {"environment": environment} if environment else {}
        who = {"by": by} if by else {}
        self.record.checks.append({**about, "check": check, "decision": decision, **who, "message": sentence, "at": moment})
        return result

    def _refuse(self, environment: str, check: str, decision: str, sentence: str, result: str, *, by: str = "") -> str:
        self.record.issues.append({"type": "error", "message": sentence})
        self.gate.warn(f"{self.shown} does not run: {sentence}")
        return self._note(environment, check, decision, sentence, result, by=by)


def _question(stage: str, environment: str, approval: Approval) -> str:
    lines = [f"The stage {stage} goes to the environment {environment}. Approvers: {', '.join(approval.approvers)}."]
    return "\n".join([*lines, *approval.instructions.splitlines(), "Approve it?"])


def _is_same(wanted: RequiredTemplate, used: RequiredTemplate) -> bool:
    same_ref = not wanted.ref or wanted.ref in (used.ref, used.ref.removeprefix("refs/heads/"))
    same_file = wanted.path.lstrip("/") == used.path.lstrip("/")
    return same_ref and same_file and wanted.repository.casefold() == used.repository.casefold()


def _shown(template: RequiredTemplate) -> str:
    return f"{template.path} of {template.repository}{f' at {template.ref}' if template.ref else ''}"
