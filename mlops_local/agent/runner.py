"""Running a loaded pipeline: stages and jobs as soon as what they wait for is over, a few jobs at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mlops_local.agent.checks import PASSED, Gate
from mlops_local.agent.conditions import Before, Counter, Finished, condition_world, holds, value_world
from mlops_local.agent.context import RunContext
from mlops_local.agent.environments import Environment, read_environment
from mlops_local.agent.evaluation import World
from mlops_local.agent.graph import Part, ancestors
from mlops_local.agent.job_variables import Entries, build_variables
from mlops_local.agent.launcher import Launcher, Turn, destination
from mlops_local.agent.legs import legs_of
from mlops_local.agent.library import LibraryError
from mlops_local.agent.moments import Moment
from mlops_local.agent.pipeline import Job, Pipeline, Stage
from mlops_local.agent.record import CANCELED, FAILED, SKIPPED, SUCCEEDED, JobRecord, StageRecord, worst
from mlops_local.agent.values import ExpressionError, Table
from mlops_local.agent.variables import Variables


@dataclass
class Scheduler:
    """`given` are queue-time variables; `at_once` is how many jobs run at the same time; the gate lets stages in."""

    run: RunContext
    pipeline: Pipeline
    gate: Gate
    given: dict[str, str]
    counter: Counter
    at_once: int = 2
    _stages: dict[str, Finished] = field(default_factory=dict)
    _jobs: dict[str, tuple[Finished, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._launcher = Launcher(self.run, self.at_once, self._job_variables, self._values)
        started = Moment(datetime.now(UTC).isoformat(" ", timespec="seconds"))
        self._pipeline = Table([("startTime", started), ("name", self.pipeline.name)])

    def execute(self) -> str:
        records = {stage.name: StageRecord(stage.name, stage.display_name or stage.name) for stage in self.pipeline.stages}
        for stage in self.pipeline.stages:
            records[stage.name].parts = [[JobRecord(job.name, job.display_name or job.name)] for job in stage.jobs]
        self.run.record.stages = list(records.values())
        self.run.record.changed()
        self._in_order(list(self.pipeline.stages), lambda stage: self._stage(stage, records[stage.name]))
        results = [record.result for record in records.values()]
        if self.gate.unanswered:
            # On Azure the run would still wait; here it is over, and what it waited for was not done.
            return FAILED
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
        finished: dict[str, Finished] = {}
        try:
            result = self._stage_result(stage, record, before, finished)
        except (ExpressionError, LibraryError) as error:
            record.issues.append({"type": "error", "message": str(error)})
            self.run.progress.warn(f"{record.display_name}: {error}")
            result = FAILED
        for job in record.jobs:
            if not job.result:
                job.end(SKIPPED if result == FAILED else result)
        record.end(result)
        self.run.record.changed()
        self._stages[stage.name] = Finished(stage.name, record.result, _stage_outputs(finished))
        self._jobs[stage.name] = tuple(finished.values())
        self.run.progress.stage_ended(record.display_name, record.result, record.seconds)

    def _stage_result(self, stage: Stage, record: StageRecord, before: Before, finished: dict[str, Finished]) -> str:
        if not self._wants(stage, before, [self.pipeline.variables, stage.variables]):
            return self._not_wanted()
        with self.gate.opened(stage, record, self._environments(stage, before)) as refused:
            if refused != PASSED:
                return refused
            record.start()
            self.run.record.changed()
            self.run.progress.stage_started(record.display_name)
            self._run_jobs(stage, record, before, finished)
        results = [job.result for job in finished.values()]
        return worst(results) if set(results) - {SKIPPED} or not results else SKIPPED

    def _environments(self, stage: Stage, before: Before) -> list[Environment]:
        """Each environment that a job of the stage goes to, in an order that is the same for every run."""
        names: dict[str, str] = {}
        for job in stage.jobs:
            found = job.environment
            if found is not None and "$(" in found.name:
                found = destination(job, self._variables([self.pipeline.variables, stage.variables, job.variables], before))
            if found is not None:
                names.setdefault(found.name.casefold(), found.name)
        return [read_environment(self.run.library, names[key]) for key in sorted(names)]

    def _not_wanted(self) -> str:
        return CANCELED if self.run.cancellation.requested else SKIPPED

    def _before_stage(self, stage: Stage) -> Before:
        earlier = [each.name for each in ancestors(stage, self.pipeline.stages)]
        return Before(
            all=tuple(self._stages[name] for name in earlier),
            stages={name: self._jobs.get(name, ()) for name in earlier},
        )

    def _wants(self, part: Part, before: Before, scopes: list[Entries]) -> bool:
        """Whether the condition holds; after a second request to end nothing starts, whatever its condition."""
        if self.run.cancellation.at_once:
            return False
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

    def _values(self, variables: Variables, before: Before) -> World:
        return value_world(variables.table(), before, self._pipeline, self.counter)

    def _job_variables(self, turn: Turn) -> Variables:
        return self._variables([self.pipeline.variables, turn.stage.variables, turn.job.variables], turn.before)

    def _run_jobs(self, stage: Stage, record: StageRecord, stage_before: Before, finished: dict[str, Finished]) -> None:
        parts = {job.name: part for job, part in zip(stage.jobs, record.parts, strict=True)}
        places = {job.name: (self.pipeline.stages.index(stage), index) for index, job in enumerate(stage.jobs)}
        agents = self._launcher.agents

        def one(job: Job) -> None:
            earlier = [each.name for each in ancestors(job, stage.jobs)]
            before = Before(all=tuple(finished[name] for name in earlier), stages=stage_before.stages)
            turn = Turn(stage, job, before, places[job.name], self.run.cancellation.level)
            try:
                finished[job.name] = self._job(turn, parts[job.name])
            finally:
                agents.forget(turn.place)

        for job in stage.jobs:
            if not job.depends_on:
                agents.expect(places[job.name])
        self._in_order(list(stage.jobs), one)

    def _job(self, turn: Turn, records: list[JobRecord]) -> Finished:
        job, before = turn.job, turn.before
        (record,) = records
        try:
            if not self._wants(job, before, [self.pipeline.variables, turn.stage.variables, job.variables]):
                record.end(self._not_wanted())
                self.run.progress.job_ended(f"{turn.stage.name}/{turn.shown}", record.result, 0.0)
                return Finished(job.name, record.result)
            if job.hooks:
                return self._launcher.run_hooks(turn, records)
            legs, limit = legs_of(job.strategy, self._values(self._job_variables(turn), before))
        except (ExpressionError, LibraryError) as error:
            record.end(FAILED)
            record.issues.append({"type": "error", "message": str(error)})
            self.run.progress.warn(f"{turn.stage.name}/{turn.shown}: {error}")
            return Finished(job.name, FAILED)
        return self._launcher.run_legs(turn, records, legs, limit)


def _stage_outputs(jobs: dict[str, Finished]) -> dict[str, str]:
    return {f"{name}.{output}": value for name, job in jobs.items() for output, value in job.outputs.items()}
