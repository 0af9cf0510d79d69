"""One job on one agent: its variables, its steps in order, and what must happen when it ends."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable

from mlops_local.agent.conditions import holds, step_world
from mlops_local.agent.context import AfterJob, JobContext, StepContext, TaskFailed
from mlops_local.agent.obey import obey
from mlops_local.agent.pipeline import Step
from mlops_local.agent.process import Stopped, signal_group
from mlops_local.agent.record import CANCELED, FAILED, SKIPPED, SUCCEEDED, WITH_ISSUES, StepRecord, worst
from mlops_local.agent.scalars import parse_number
from mlops_local.agent.steps import CHECKOUT, DOWNLOAD
from mlops_local.agent.tasks.checkout import is_checkout
from mlops_local.agent.tasks.definition import Task
from mlops_local.agent.values import ExpressionError

# Steps that run after a job has run out of time get this long.
_CANCEL_MINUTES = 5
_MOST_RETRIES = 10
_FAILURE_HOOK, _SUCCESS_HOOK = "failure", "success"


def run_job(job: JobContext) -> None:
    """Run every step and set the result; nothing of the job is left when this returns."""
    started = time.monotonic()
    minutes = float(parse_number(job.job.timeout_in_minutes) or 0)
    job.deadline = started + minutes * 60 if minutes > 0 else None
    try:
        for step in ordered_steps(job):
            _run_step(job, step)
    finally:
        _end(job)
    job.record.result = job.status
    if job.status == FAILED and job.job.continue_on_error.lower() == "true":
        job.record.result = WITH_ISSUES


def ordered_steps(job: JobContext) -> list[Step]:
    """Steps with those that Azure adds: a checkout in normal jobs, artifacts in deployments; secure files come first."""
    steps = [step for step in job.job.steps if step.enabled]
    if job.job.is_deployment:
        if not any(job.run.tasks.find(step) and step.task == DOWNLOAD.partition("@")[0] for step in steps):
            at = next((index for index, step in enumerate(steps) if step.hook == "deploy"), 0)
            steps.insert(at, _added(job, DOWNLOAD, "Download artifacts", "deploy"))
    elif not any(is_checkout(step.task) for step in steps):
        steps.insert(0, _added(job, CHECKOUT, "Checkout", ""))
    return [*_by_time(job, steps, before=True), *_by_time(job, steps, before=False)]


def _added(job: JobContext, reference: str, shown: str, hook: str) -> Step:
    name, _, version = reference.partition("@")
    return Step(name, int(version), {}, job.job.mark, display_name=shown, hook=hook)


def _by_time(job: JobContext, steps: Iterable[Step], *, before: bool) -> list[Step]:
    return [step for step in steps if _runs_before(job, step) is before]


def _runs_before(job: JobContext, step: Step) -> bool:
    task = job.run.tasks.find(step)
    return task is not None and task.before_job(_values(job, task, step))


def _values(job: JobContext, task: Task, step: Step) -> dict[str, str]:
    return {name: job.variables.expand(value) for name, value in task.resolved(step.inputs).items()}


def _run_step(job: JobContext, step: Step) -> None:
    number = len(job.record.steps) + 1
    shown = job.variables.expand(step.display_name or step.task)
    task = job.run.tasks.find(step)
    record = StepRecord(step.name, job.run.masker.mask(shown), task.reference if task else step.reference)
    job.record.steps.append(record)
    started = time.monotonic()
    log_path = job.run.record.log_file(job.stage.name, job.record.name, f"{number:02}-{step.name or shown}")
    record.log = log_path.relative_to(job.run.record.folder).as_posix()
    with log_path.open("w", encoding="utf-8") as log:
        context = StepContext(job, step, record, log, obey)
        if _is_wanted(job, step, context):
            job.run.progress.step_started(job.label, record.display_name)
            record.result = _attempts(context)
        _settle(job, step, record)
    record.seconds = time.monotonic() - started
    if record.result == SKIPPED:
        log_path.unlink()
        record.log = ""
    job.run.progress.step_ended(job.label, record.display_name, record.result, record.seconds, context.tail)


def _is_wanted(job: JobContext, step: Step, context: StepContext) -> bool:
    """Whether the condition holds; one that cannot be evaluated fails the step."""
    _notice_cancellation(job)
    if job.canceled_at_level is not None and job.run.cancellation.level > max(1, job.canceled_at_level):
        context.record.result = SKIPPED
        return False
    job.variables.set("Agent.JobStatus", job.status)
    try:
        status = SUCCEEDED if step.hook == _FAILURE_HOOK and job.status == FAILED else job.status
        if _hook_fits(step, job.status) and holds(step.condition, step_world(job.variables.table(), lambda: status)):
            return True
        context.record.result = SKIPPED
    except ExpressionError as error:
        context.issue("error", f"The condition cannot be evaluated: {error}")
        context.record.result = FAILED
    return False


def _hook_fits(step: Step, status: str) -> bool:
    """`on: failure` and `on: success` are jobs of their own on Azure, so the one sees its failure and is not stopped by it."""
    if step.hook == _FAILURE_HOOK:
        return status == FAILED
    return step.hook != _SUCCESS_HOOK or status in (SUCCEEDED, WITH_ISSUES)


def _notice_cancellation(job: JobContext) -> None:
    late = job.deadline is not None and time.monotonic() > job.deadline
    if job.canceled_at_level is None and (job.run.cancellation.requested or late):
        job.canceled_at_level = job.run.cancellation.level
        job.status = CANCELED
        if late:
            job.record.issues.append(
                {"type": "error", "message": f"The job ran longer than {job.job.timeout_in_minutes} minutes."}
            )
            job.deadline = time.monotonic() + _CANCEL_MINUTES * 60


def _attempts(context: StepContext) -> str:
    retries = min(int(parse_number(context.step.retries) or 0), _MOST_RETRIES)
    for attempt in range(retries + 1):
        context.completed = ""
        result = _attempt(context)
        if result != FAILED or attempt == retries:
            return result
        context.say(f"The step failed; trying again ({attempt + 1} of {retries}).")
    return FAILED


def _attempt(context: StepContext) -> str:
    variables = context.job.variables
    step = context.step
    task = context.job.run.tasks.find(step)
    try:
        if task is None:
            raise TaskFailed(f"This agent does not know the task {step.reference}.")
        context.inputs = _values(context.job, task, step)
        context.env = {name: variables.expand(value) for name, value in step.env.items()}
        context.limit(float(parse_number(variables.expand(step.timeout_in_minutes)) or 0))
        task.start(context)
    except TaskFailed as error:
        context.issue("error", str(error))
        context.complete(FAILED)
    except Stopped:
        return _stopped(context)
    except OSError as error:
        context.issue("error", f"The step could not run: {error}")
        context.complete(FAILED)
    return context.completed or SUCCEEDED


def _stopped(context: StepContext) -> str:
    if context.is_late:
        context.issue("error", f"The step ran longer than {context.step.timeout_in_minutes} minutes and was ended.")
        return FAILED
    context.issue("error", "The step was cancelled.")
    return CANCELED


def _settle(job: JobContext, step: Step, record: StepRecord) -> None:
    """The result of the step, and with it that of the job so far."""
    if record.result == FAILED and job.variables.expand(step.continue_on_error).lower() == "true":
        record.result = WITH_ISSUES
    _notice_cancellation(job)
    if record.result != SKIPPED:
        job.status = worst([job.status, record.result])


def _end(job: JobContext) -> None:
    """Save caches, remove secure files, end what steps left running. Each of these happens whatever the others do."""
    for title, action in reversed(job.after_job):
        _run_after(job, title, action)
    for group in job.groups:
        signal_group(group, signal.SIGKILL)


def _run_after(job: JobContext, title: str, action: AfterJob) -> None:
    step = Step("", 0, {}, job.job.mark, display_name=title)
    number = len(job.record.steps) + 1
    record = StepRecord("", f"Post-job: {title}", "", result=SUCCEEDED)
    log_path = job.run.record.log_file(job.stage.name, job.record.name, f"{number:02}-post-{title}")
    record.log = log_path.relative_to(job.run.record.folder).as_posix()
    started = time.monotonic()
    with log_path.open("w", encoding="utf-8") as log:
        context = StepContext(job, step, record, log, obey)
        try:
            action(context, job.status in (SUCCEEDED, WITH_ISSUES))
        except OSError as error:
            context.warn(f"{title}: {error}")
            record.result = WITH_ISSUES
    record.seconds = time.monotonic() - started
    job.record.steps.append(record)
