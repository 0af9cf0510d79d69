"""Putting jobs on agents, a few at a time: legs of a matrix side by side, hooks of a deployment one after the other.

https://learn.microsoft.com/azure/devops/pipelines/process/deployment-jobs
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from mlops_local.agent.agents import Agents
from mlops_local.agent.conditions import GOOD, Before, Finished, resolve
from mlops_local.agent.context import JobContext, RunContext
from mlops_local.agent.evaluation import World
from mlops_local.agent.job import result_of, run_job
from mlops_local.agent.job_variables import add_agent_variables, add_api_variables
from mlops_local.agent.legs import Leg
from mlops_local.agent.library import LibraryError
from mlops_local.agent.pipeline import Destination, Hook, Job, Stage, destination_of
from mlops_local.agent.record import CANCELED, FAILED, SKIPPED, JobRecord, worst
from mlops_local.agent.slots import Slot, claimed
from mlops_local.agent.values import ExpressionError
from mlops_local.agent.variables import Variables


@dataclass(frozen=True)
class Turn:
    """A job whose time has come: what it waited for, where it stands, and the cancellation at which it was let in."""

    stage: Stage
    job: Job
    before: Before
    place: tuple[int, int]
    level: int

    @property
    def shown(self) -> str:
        return self.job.display_name or self.job.name


@dataclass(frozen=True)
class _Placed:
    """What one agent is to do: a leg or a hook of a job."""

    turn: Turn
    job: Job
    leg: Leg
    record: JobRecord
    index: int


class Launcher:
    """`variables` makes those of a job, anew for each agent; `world` is what `$[ ]` sees of them."""

    def __init__(
        self,
        run: RunContext,
        at_once: int,
        variables: Callable[[Turn], Variables],
        world: Callable[[Variables, Before], World],
    ) -> None:
        self._run = run
        self.agents = Agents(at_once)
        self._variables = variables
        self._world = world

    def run_legs(self, turn: Turn, records: list[JobRecord], legs: list[Leg], limit: int) -> Finished:
        records[:] = [_record(turn, leg.name) for leg in legs]
        whole = Finished(turn.job.name, SKIPPED)

        def one(index: int) -> None:
            outputs = self._on_agent(_Placed(turn, turn.job, legs[index], records[index], index))
            prefix = f"{legs[index].name}." if legs[index].name else ""
            whole.outputs.update({f"{prefix}{name}": value for name, value in outputs.items()})

        with ThreadPoolExecutor(max_workers=max(limit, 1)) as pool:
            list(pool.map(one, range(len(legs))))
        whole.result = worst([record.result for record in records]) if records else SKIPPED
        return whole

    def run_hooks(self, turn: Turn, records: list[JobRecord]) -> Finished:
        """Each hook is a job with a workspace of its own; after the first that fails only `on: failure` is left."""
        hooks = turn.job.hooks
        records[:] = [_record(turn, hook.name if len(hooks) > 1 else "") for hook in hooks]
        whole = Finished(turn.job.name, SKIPPED)
        results: list[str] = []
        for index, (hook, record) in enumerate(zip(hooks, records, strict=True)):
            if not _is_next(hook, worst(results)):
                record.end(SKIPPED)
                continue
            steps = tuple(step for step in turn.job.steps if step.hook == hook.name)
            outputs = self._on_agent(_Placed(turn, replace(turn.job, steps=steps), Leg(), record, index))
            results.append(record.result)
            # The documentation names outputs by the job in one place and by the hook in another.
            for prefix in (turn.job.name, hook.name):
                whole.outputs.update({f"{prefix}.{name}": value for name, value in outputs.items()})
        whole.result = worst(results) if results else SKIPPED
        return whole

    def _on_agent(self, placed: _Placed) -> dict[str, str]:
        """The outputs of the steps. A job that still waits for an agent when the run is cancelled does not start."""
        with self.agents.one((*placed.turn.place, placed.index)):
            if self._run.cancellation.level > placed.turn.level:
                placed.record.end(CANCELED)
                return {}
            with claimed(self._run.machine.cache / "agents") as slot:
                return self._start(placed, slot)

    def _start(self, placed: _Placed, slot: Slot) -> dict[str, str]:
        record = placed.record
        label = f"{placed.turn.stage.name}/{record.display_name}"
        record.agent = slot.number
        record.start()
        self._run.record.changed()
        self._run.progress.job_started(label)
        result = FAILED
        try:
            with self._run.api.token() as token:
                context = self._context(placed, slot, label, token)
                run_job(context)
            result = result_of(context)
            return context.outputs
        except (ExpressionError, LibraryError) as error:
            record.issues.append({"type": "error", "message": str(error)})
            self._run.progress.warn(f"{label}: {error}")
            return {}
        finally:
            record.end(result)
            self._run.record.changed()
            self._run.progress.job_ended(label, record.result, record.seconds)

    def _context(self, placed: _Placed, slot: Slot, label: str, token: str) -> JobContext:
        turn = placed.turn
        variables = self._variables(turn)
        add_agent_variables(variables, slot, self._run.machine, _names(turn.stage, placed.job, placed.leg))
        add_api_variables(variables, self._run.api.collection(), token)
        for name, value in placed.leg.variables.items():
            variables.set(name, value)
        job = _settled(placed.job, variables, self._world(variables, turn.before))
        place = (*turn.place, placed.index)
        return JobContext(self._run, slot, turn.stage, job, placed.record, variables, place, label, level=turn.level)


def _record(turn: Turn, part: str) -> JobRecord:
    return JobRecord("_".join(filter(None, [turn.job.name, part])), " ".join(filter(None, [turn.shown, part])))


def _is_next(hook: Hook, so_far: str) -> bool:
    return so_far == FAILED if hook.name == "failure" else so_far in GOOD


def _settled(job: Job, variables: Variables, world: World) -> Job:
    """The job with what may be an expression or a macro as it is now."""

    def value(text: str) -> str:
        return variables.expand(resolve(text, world))

    return replace(
        job,
        timeout_in_minutes=value(job.timeout_in_minutes),
        cancel_timeout_in_minutes=value(job.cancel_timeout_in_minutes),
        continue_on_error=value(job.continue_on_error),
        environment=destination(job, variables),
    )


def destination(job: Job, variables: Variables) -> Destination | None:
    """Where the job goes, by what is known when its stage starts."""
    written = job.environment
    if written is None or "$(" not in written.name:
        return written
    name = variables.expand(written.name)
    if "$(" in name:
        raise ExpressionError(f"The environment '{written.name}' of '{job.name}' is not known when its stage starts.")
    found = destination_of(name, written.mark)
    return replace(found, resource=written.resource or found.resource, resource_type=written.resource_type)


def _names(stage: Stage, job: Job, leg: Leg) -> dict[str, str]:
    shown = " ".join(filter(None, [job.display_name or job.name, leg.name]))
    names = {
        "Agent.JobName": shown,
        "System.JobDisplayName": shown,
        "System.JobName": leg.name or job.name,
        "System.PhaseName": job.name,
        "System.StageName": stage.name,
        "System.StageDisplayName": stage.display_name or stage.name,
    }
    if job.environment is None:
        return names
    where = {"Environment.Name": job.environment.name, "Environment.ResourceName": job.environment.resource}
    return names | where | {"Strategy.Name": "runOnce"}
