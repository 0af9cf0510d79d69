"""One job on one agent: its variables, its steps in order, and what must happen when it ends."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable
from pathlib import Path

from mlops_local.agent.conditions import holds, number_of, step_world
from mlops_local.agent.context import AfterJob, JobContext, StepContext, TaskFailed
from mlops_local.agent.obey import obey
from mlops_local.agent.pipeline import Step
from mlops_local.agent.process import Stopped, end_marked, signal_group
from mlops_local.agent.record import CANCELED, FAILED, SKIPPED, SUCCEEDED, WITH_ISSUES, StepRecord, worst
from mlops_local.agent.steps import CHECKOUT, DOWNLOAD
from mlops_local.agent.tasks.checkout import is_checkout
from mlops_local.agent.tasks.definition import Task
from mlops_local.agent.values import ExpressionError

_MOST_RETRIES = 10


def run_job(job: JobContext) -> None:
    """Run every step; nothing of the job is left when this returns."""
    minutes = number_of(job.job.timeout_in_minutes, "timeoutInMinutes")
    job.cancel_seconds = number_of(job.job.cancel_timeout_in_minutes, "cancelTimeoutInMinutes") * 60
    job.deadline = time.monotonic() + minutes * 60 if minutes > 0 else None
    try:
        for step in ordered_steps(job):
            _run_step(job, step)
    finally:
        _end(job)


def result_of(job: JobContext) -> str:
    tolerated = job.status == FAILED and job.job.continue_on_error.lower() == "true"
    return WITH_ISSUES if tolerated else job.status


def ordered_steps(job: JobContext) -> list[Step]:
    """Steps with those that Azure adds: a checkout in normal jobs, artifacts in deployments; secure files come first."""
    steps = [step for step in job.job.steps if step.enabled]
    if job.job.is_deployment:
        asked = any(job.run.tasks.find(step) and step.task == DOWNLOAD.partition("@")[0] for step in steps)
        if steps and steps[0].hook == "deploy" and not asked:
            steps.insert(0, _added(job, DOWNLOAD, "Download artifacts", "deploy"))
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
    log_path = _log_path(job, record, f"{number:02}-{step.name or record.display_name}")
    with log_path.open("w", encoding="utf-8") as log:
        context = StepContext(job, step, record, log, obey)
        result = _unwanted(job, step, context)
        if not result:
            record.start()
            job.run.record.changed()
            job.run.progress.step_started(job.label, record.display_name)
            result = _attempts(context)
        record.end(_settled(job, step, result))
    if record.result == SKIPPED:
        log_path.unlink()
        record.log = ""
    job.run.record.changed()
    job.run.progress.step_ended(job.label, record.display_name, record.result, record.seconds, context.tail)


def _log_path(job: JobContext, record: StepRecord, name: str) -> Path:
    path = job.run.record.log_file(job.stage.name, job.record.name, name)
    record.log = path.relative_to(job.run.record.folder).as_posix()
    return path


def _unwanted(job: JobContext, step: Step, context: StepContext) -> str:
    """Skipped when the condition does not hold, Failed when it cannot be evaluated; empty for a step that shall run."""
    _notice_cancellation(job)
    if job.run.cancellation.at_once or (job.canceled and _is_late(job)):
        return SKIPPED
    job.variables.set("Agent.JobStatus", job.status)
    try:
        return "" if holds(step.condition, step_world(job.variables.table(), lambda: job.status)) else SKIPPED
    except ExpressionError as error:
        context.issue("error", f"The condition cannot be evaluated: {error}")
        return FAILED


def _is_late(job: JobContext) -> bool:
    return job.deadline is not None and time.monotonic() > job.deadline


def _notice_cancellation(job: JobContext) -> None:
    """From here on the job has the time that `cancelTimeoutInMinutes` gives to steps that run always()."""
    late = _is_late(job)
    if job.canceled or not (late or job.run.cancellation.level > job.level):
        return
    job.canceled, job.status = True, CANCELED
    if late:
        message = f"The job ran longer than {job.job.timeout_in_minutes} minutes."
        job.record.issues.append({"type": "error", "message": message})
    job.deadline = time.monotonic() + job.cancel_seconds


def _attempts(context: StepContext) -> str:
    try:
        retries = min(
            int(number_of(context.job.variables.expand(context.step.retries), "retryCountOnTaskFailure")), _MOST_RETRIES
        )
    except ExpressionError as error:
        context.issue("error", str(error))
        return FAILED
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
        context.limit(number_of(variables.expand(step.timeout_in_minutes), "timeoutInMinutes"))
        task.start(context)
    except (TaskFailed, ExpressionError) as error:
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


def _settled(job: JobContext, step: Step, result: str) -> str:
    """The result of the step, and with it that of the job so far."""
    if result == FAILED and job.variables.expand(step.continue_on_error).lower() == "true":
        result = WITH_ISSUES
    _notice_cancellation(job)
    if result != SKIPPED:
        job.status = worst([job.status, result])
    return result


def _end(job: JobContext) -> None:
    """Save caches, remove secure files, end what steps left running. Each of these happens whatever the others do."""
    for title, action in reversed(job.after_job):
        _run_after(job, title, action)
    for group in job.groups:
        signal_group(group, signal.SIGKILL)
    end_marked(job.mark)


def _run_after(job: JobContext, title: str, action: AfterJob) -> None:
    step = Step("", 0, {}, job.job.mark, display_name=title)
    number = len(job.record.steps) + 1
    record = StepRecord("", f"Post-job: {title}", "")
    log_path = _log_path(job, record, f"{number:02}-post-{title}")
    record.start()
    result = SUCCEEDED
    with log_path.open("w", encoding="utf-8") as log:
        context = StepContext(job, step, record, log, obey)
        try:
            action(context, job.status in (SUCCEEDED, WITH_ISSUES))
        except OSError as error:
            context.warn(f"{title}: {error}")
            result = WITH_ISSUES
    record.end(result)
    job.record.steps.append(record)
