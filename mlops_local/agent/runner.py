"""Running a loaded pipeline: stages and jobs as soon as what they wait for is over, a few jobs at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from mlops_local.agent.conditions import Before, Counter, Finished, condition_world, holds, value_world
from mlops_local.agent.context import JobContext, RunContext
from mlops_local.agent.graph import Part, ancestors
from mlops_local.agent.job import run_job
from mlops_local.agent.job_variables import Entries, add_agent_variables, build_variables
from mlops_local.agent.legs import Leg, legs_of
from mlops_local.agent.library import LibraryError
from mlops_local.agent.pipeline import Job, Pipeline, Stage
from mlops_local.agent.record import CANCELED, FAILED, SKIPPED, SUCCEEDED, JobRecord, StageRecord, worst
from mlops_local.agent.scalars import parse_number
from mlops_local.agent.slots import claimed
from mlops_local.agent.values import ExpressionError, Table
from mlops_local.agent.variables import Variables


@dataclass(frozen=True)
class _Turn:
    """A job whose time has come: what it waited for, and where it stands in the pipeline."""

    stage: Stage
    job: Job
    before: Before
    place: tuple[int, int]

    @property
    def shown(self) -> str:
        return self.job.display_name or self.job.name


@dataclass
class Scheduler:
    """`given` are queue-time variables; `at_once` is how many jobs run at the same time."""

    run: RunContext
    pipeline: Pipeline
    given: dict[str, str]
    counter: Counter
    at_once: int = 2
    _stages: dict[str, Finished] = field(default_factory=dict)
    _jobs: dict[str, tuple[Finished, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._agents = threading.Semaphore(self.at_once)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        self._pipeline = Table([("startTime", started), ("name", self.pipeline.name)])

    def execute(self) -> str:
        records = {stage.name: StageRecord(stage.name, stage.display_name or stage.name) for stage in self.pipeline.stages}
        self.run.record.stages = list(records.values())
        self._in_order(list(self.pipeline.stages), lambda stage: self._stage(stage, records[stage.name]))
        results = [record.result for record in records.values()]
        return worst(results) if set(results) - {SKIPPED} else SUCCEEDED

    def _in_order(self, parts: list[Stage] | list[Job], work: Callable[..., None]) -> None:
        """Every part as soon as those it depends on are over; one thread for each, most of them waiting."""
        over = {part.name.casefold(): threading.Event() for part in parts}

        def one(part: Part) -> None:
            try:
                for name, _ in part.depends_on:
                    if name.casefold() in over:
                        over[name.casefold()].wait()
                work(part)
            finally:
                over[part.name.casefold()].set()

        with ThreadPoolExecutor(max_workers=max(len(parts), 1)) as pool:
            futures: list[Future[None]] = [pool.submit(one, part) for part in parts]
        for future in futures:
            future.result()

    def _stage(self, stage: Stage, record: StageRecord) -> None:
        before = self._before_stage(stage)
        started = time.monotonic()
        finished: dict[str, Finished] = {}
        try:
            if self._wants(stage, before, [self.pipeline.variables, stage.variables]):
                self.run.progress.stage_started(record.display_name)
                self._run_jobs(stage, record, before, finished)
                results = [job.result for job in finished.values()]
                record.result = worst(results) if set(results) - {SKIPPED} or not results else SKIPPED
            else:
                record.result = CANCELED if self.run.cancellation.requested else SKIPPED
                record.jobs = [JobRecord(job.name, job.display_name or job.name, record.result) for job in stage.jobs]
        except (ExpressionError, LibraryError) as error:
            self.run.progress.warn(f"{record.display_name}: {error}")
            record.result = FAILED
        record.seconds = time.monotonic() - started
        self._stages[stage.name] = Finished(stage.name, record.result, _stage_outputs(finished))
        self._jobs[stage.name] = tuple(finished.values())
        self.run.progress.stage_ended(record.display_name, record.result, record.seconds)

    def _before_stage(self, stage: Stage) -> Before:
        earlier = [each.name for each in ancestors(stage, self.pipeline.stages)]
        direct = {name.casefold() for name, _ in stage.depends_on}
        return Before(
            direct=tuple(self._stages[name] for name in earlier if name.casefold() in direct),
            all=tuple(self._stages[name] for name in earlier),
            stages={name: self._jobs.get(name, ()) for name in earlier},
        )

    def _wants(self, part: Part, before: Before, scopes: list[Entries]) -> bool:
        variables = self._variables(scopes, before)
        world = condition_world(variables.table(), before, self._pipeline, lambda: self.run.cancellation.requested)
        return holds(part.condition, world)

    def _variables(self, scopes: list[Entries], before: Before) -> Variables:
        return build_variables(
            self.given,
            scopes,
            library=self.run.library,
            before=before,
            pipeline=self._pipeline,
            counter=self.counter,
            on_secret=self.run.masker.add,
        )

    def _run_jobs(self, stage: Stage, record: StageRecord, stage_before: Before, finished: dict[str, Finished]) -> None:
        records: dict[str, list[JobRecord]] = {job.name: [] for job in stage.jobs}

        def one(job: Job) -> None:
            earlier = [each.name for each in ancestors(job, stage.jobs)]
            direct = {name.casefold() for name, _ in job.depends_on}
            before = Before(
                direct=tuple(finished[name] for name in earlier if name.casefold() in direct),
                all=tuple(finished[name] for name in earlier),
                stages=stage_before.stages,
            )
            turn = _Turn(stage, job, before, (self.pipeline.stages.index(stage), stage.jobs.index(job)))
            finished[job.name] = self._job(turn, records[job.name])

        try:
            self._in_order(list(stage.jobs), one)
        finally:
            record.jobs = [each for job in stage.jobs for each in records[job.name]]

    def _job(self, turn: _Turn, records: list[JobRecord]) -> Finished:
        job, before = turn.job, turn.before
        try:
            variables = self._variables(self._scopes(turn), before)
            if not self._wants(job, before, self._scopes(turn)):
                result = CANCELED if self.run.cancellation.requested else SKIPPED
                records.append(JobRecord(job.name, turn.shown, result))
                self.run.progress.job_ended(f"{turn.stage.name}/{turn.shown}", result, 0.0)
                return Finished(job.name, result)
            legs, limit = legs_of(job.strategy, value_world(variables.table(), before, self._pipeline, self.counter))
        except (ExpressionError, LibraryError) as error:
            records.append(JobRecord(job.name, turn.shown, FAILED, issues=[{"type": "error", "message": str(error)}]))
            self.run.progress.warn(f"{turn.stage.name}/{turn.shown}: {error}")
            return Finished(job.name, FAILED)
        return self._legs(turn, records, legs, limit)

    def _scopes(self, turn: _Turn) -> list[Entries]:
        return [self.pipeline.variables, turn.stage.variables, turn.job.variables]

    def _legs(self, turn: _Turn, records: list[JobRecord], legs: list[Leg], limit: int) -> Finished:
        whole = Finished(turn.job.name, SUCCEEDED)

        def one(index: int, leg: Leg) -> str:
            record = JobRecord("_".join(filter(None, [turn.job.name, leg.name])), " ".join(filter(None, [turn.shown, leg.name])))
            records.append(record)
            outputs = self._on_agent(turn, leg, record, index)
            whole.outputs.update(_job_outputs(turn.job, leg, outputs))
            return record.result

        with ThreadPoolExecutor(max_workers=max(limit, 1)) as pool:
            results = list(pool.map(one, range(len(legs)), legs))
        records.sort(key=lambda record: record.name)
        whole.result = worst(results)
        return whole

    def _on_agent(self, turn: _Turn, leg: Leg, record: JobRecord, index: int) -> dict[str, str]:
        """One leg on the next free agent; what it returns are the outputs of its steps."""
        with self._agents, claimed(self.run.machine.cache / "agents") as slot:
            label = f"{turn.stage.name}/{record.display_name}"
            started = time.monotonic()
            self.run.progress.job_started(label)
            record.agent = slot.number
            variables = self._variables(self._scopes(turn), turn.before)
            add_agent_variables(variables, slot, self.run.machine, _names(turn.stage, turn.job, leg))
            for name, value in leg.variables.items():
                variables.set(name, value)
            timeout = str(parse_number(variables.expand(turn.job.timeout_in_minutes)) or 0)
            job = replace(turn.job, timeout_in_minutes=timeout)
            context = JobContext(self.run, slot, turn.stage, job, record, variables, (*turn.place, index), label)
            try:
                run_job(context)
            except BaseException:
                record.result = FAILED
                raise
            finally:
                record.seconds = time.monotonic() - started
                self.run.progress.job_ended(label, record.result, record.seconds)
        return context.outputs


def _names(stage: Stage, job: Job, leg: Leg) -> dict[str, str]:
    shown = job.display_name or job.name
    return {
        "Agent.JobName": " ".join(filter(None, [shown, leg.name])),
        "System.JobDisplayName": " ".join(filter(None, [shown, leg.name])),
        "System.JobName": leg.name or job.name,
        "System.PhaseName": job.name,
        "System.StageName": stage.name,
        "System.StageDisplayName": stage.display_name or stage.name,
        "Environment.Name": job.environment.partition(".")[0],
    }


def _job_outputs(job: Job, leg: Leg, outputs: dict[str, str]) -> dict[str, str]:
    """`step.name`; in a matrix `leg.step.name`; in a deployment `job.step.name`, or `hook.step.name` as with several hooks."""
    if leg.name:
        return {f"{leg.name}.{name}": value for name, value in outputs.items()}
    if not job.is_deployment:
        return outputs
    hooks = {step.name: step.hook for step in job.steps if step.name}
    named = {f"{job.name}.{name}": value for name, value in outputs.items()}
    return named | {f"{hooks.get(name.partition('.')[0], 'deploy')}.{name}": value for name, value in outputs.items()}


def _stage_outputs(jobs: dict[str, Finished]) -> dict[str, str]:
    return {f"{name}.{output}": value for name, job in jobs.items() for output, value in job.outputs.items()}
