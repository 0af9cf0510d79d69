"""Loading and running a pipeline: the agent as others call it."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlops_local.agent.admission import check_answers, check_runnable, check_sources
from mlops_local.agent.approvals import Asker, Given, Silence
from mlops_local.agent.checks import Gate, Refs
from mlops_local.agent.context import RunContext
from mlops_local.agent.counters import Counters
from mlops_local.agent.environments import RequiredTemplate
from mlops_local.agent.errors import Mark, Origin, Problems
from mlops_local.agent.file_locks import lock_file
from mlops_local.agent.library import Library
from mlops_local.agent.load import Loaded, Queue, load_pipeline
from mlops_local.agent.machine import Machine, this_machine
from mlops_local.agent.masking import Masker
from mlops_local.agent.oidc import Issuer
from mlops_local.agent.pipeline import Pipeline
from mlops_local.agent.progress import MaskedProgress, Progress
from mlops_local.agent.record import FAILED, SUCCEEDED, WITH_ISSUES, Record, StageRecord
from mlops_local.agent.rest_api import RestApi
from mlops_local.agent.run_locks import RunLocks
from mlops_local.agent.runner import Scheduler
from mlops_local.agent.slots import sweep
from mlops_local.agent.sources import LocalSources, store_of

EMPTY_LIBRARY = Path(__file__).with_name("library")


@dataclass(frozen=True)
class RunOptions:
    """`facts` are added to the top of run.json; `cache` is another place for agents and caches than the user's own.

    `answers` were given before the run, `asker` asks a person while it runs.
    """

    queue: Queue
    library: Path = EMPTY_LIBRARY
    out: Path = Path("out")
    stages: tuple[str, ...] = ()
    at_once: int = 2
    facts: Mapping[str, object] = field(default_factory=dict)
    cache: Path | None = None
    answers: Given = field(default_factory=Given)
    asker: Asker = field(default_factory=Silence)


@dataclass(frozen=True)
class RunResult:
    result: str
    seconds: float
    stages: list[StageRecord]
    facts: dict[str, Any]
    out: Path

    @property
    def exit_code(self) -> int:
        return 0 if self.result in (SUCCEEDED, WITH_ISSUES) else 1


class FolderTaken(Exception):  # noqa: N818 - it says what is so
    """Another run is not over yet; the sentence is for the user."""


def check_run(options: RunOptions, *, machine: Machine | None = None, with_library: bool = True) -> Loaded:
    """The pipeline as it would run, or WrongPipeline. Without a library nothing is said about variable groups."""
    loaded = load_pipeline(options.queue)
    problems = Problems()
    loaded = replace(loaded, pipeline=_selected(loaded.pipeline, options.stages, options.queue.file, problems))
    library = Library(options.library) if with_library else None
    check_runnable(loaded.pipeline, options.queue.tasks, library, machine or this_machine(), problems)
    check_sources(loaded.pipeline, loaded.repositories, problems)
    check_answers(loaded.pipeline, options.answers, options.queue.file, problems)
    problems.stop()
    return loaded


def run_pipeline(options: RunOptions, progress: Progress) -> RunResult:
    """Run a pipeline and leave its record in `options.out`; WrongPipeline before anything runs when it is wrong."""
    machine = this_machine(options.cache)
    loaded = check_run(options, machine=machine)
    with alone_in(options.out.resolve(), machine.cache):
        return _run_alone(options, loaded, machine, progress)


@contextmanager
def alone_in(out: Path, cache: Path) -> Iterator[None]:
    """A run starts by removing what the last one left in its folder, which would be what a run still writes."""
    locks = cache / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    lock = lock_file(locks / f"out-{hashlib.sha256(str(out).encode()).hexdigest()[:32]}")
    if lock is None:
        raise FolderTaken(f"Another run writes into {out}; wait for it, or name another folder with --out.")
    try:
        yield
    finally:
        os.close(lock)


def _run_alone(options: RunOptions, loaded: Loaded, machine: Machine, progress: Progress) -> RunResult:
    masker = Masker()
    record = Record(options.out.resolve(), masker)
    record.begin()
    sweep(machine.cache / "agents")
    given = {**_build_variables(Counters(machine.cache / "builds.json").next(str(loaded.source.root), 1)), **loaded.variables}
    with store_of(machine.cache) as store:
        sources = LocalSources(loaded.source.root, store, record.folder, loaded.repositories)
        sources.freeze()
        context = RunContext(
            Library(options.library),
            record,
            masker,
            machine,
            MaskedProgress(progress, masker),
            sources,
            loaded.source.branch,
            options.queue.reason,
            options.queue.tasks,
            Issuer(machine.issuer_keys),
            RestApi(record, _last(given, "System.TeamProject"), _last(given, "Build.BuildId")),
        )
        with closing(context.issuer), closing(context.api):
            return _run(context, loaded, options, given)


def _run(context: RunContext, loaded: Loaded, options: RunOptions, given: dict[str, str]) -> RunResult:
    counters = Counters(context.machine.cache / "counters.json")
    scheduler = Scheduler(context, loaded.pipeline, _gate(context, loaded, options), given, counters.next, options.at_once)
    facts = {"pipeline": str(options.queue.file), "reason": options.queue.reason, "branch": loaded.source.branch}
    for name, value in {**facts, "commit": loaded.source.commit, **options.facts}.items():
        context.record.add_fact(name, value)
    started = time.monotonic()
    result = FAILED
    try:
        with _cancelled_by_signals(context):
            result = scheduler.execute()
    finally:
        seconds = time.monotonic() - started
        written = context.record.finish(result, seconds)
    return RunResult(result, seconds, context.record.stages, written, context.record.folder)


def _gate(context: RunContext, loaded: Loaded, options: RunOptions) -> Gate:
    project, branch = loaded.variables["Build.Repository.Name"], loaded.variables["Build.SourceBranch"]
    others = {alias: each for alias, each in loaded.repositories.items() if alias != "self"}
    places = {"self": (project, branch)} | {alias: (each.name, each.ref) for alias, each in others.items()}
    extended = tuple(RequiredTemplate(*places[origin.alias], origin.path) for origin in loaded.extended)
    named = {f"the repository {each.name}": each.ref for each in others.values()}
    return Gate(
        Refs(str(loaded.source.root), branch, named, extended),
        options.answers,
        options.asker,
        RunLocks(context.machine.cache / "locks", uuid.uuid4().hex),
        lambda: context.cancellation.level,
        context.progress.warn,
        frozenset(name.casefold() for name in options.stages),
    )


def _build_variables(number: int) -> dict[str, str]:
    today = datetime.now(UTC).strftime("%Y%m%d")
    return {
        "Build.BuildId": str(number),
        "Build.BuildNumber": f"{today}.{number}",
        "System.JobAttempt": "1",
        "System.StageAttempt": "1",
    }


def _last(given: dict[str, str], name: str) -> str:
    """As variables are read: in whatever case they were given, and the last one wins."""
    return [value for key, value in given.items() if key.casefold() == name.casefold()][-1]


def _selected(pipeline: Pipeline, names: tuple[str, ...], file: Path, problems: Problems) -> Pipeline:
    """Only the named stages, which then wait for each other alone."""
    if not names:
        return pipeline
    wanted = {name.casefold() for name in names}
    known = {stage.name.casefold() for stage in pipeline.stages}
    for name in names:
        if name.casefold() not in known:
            there = ", ".join(stage.name for stage in pipeline.stages)
            problems.add(Mark(Origin(str(file)), 1, 1), f"There is no stage '{name}'; the pipeline has: {there}.")
    for stage in pipeline.stages:
        if not stage.is_skippable and stage.name.casefold() not in wanted:
            problems.add(stage.mark, f"The stage '{stage.name}' cannot be left out, because of isSkippable: false.")
    stages = [
        replace(stage, depends_on=tuple(each for each in stage.depends_on if each[0].casefold() in wanted))
        for stage in pipeline.stages
        if stage.name.casefold() in wanted
    ]
    return replace(pipeline, stages=tuple(stages))


@contextmanager
def _cancelled_by_signals(context: RunContext) -> Iterator[None]:
    """Ctrl-C and a request to end stop the run as a cancelled one; only a main thread can listen to them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: _cancel(context)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _cancel(context: RunContext) -> None:
    context.cancellation.request()
    at_once = context.cancellation.at_once
    said = "Everything ends now." if at_once else "Cancelling; steps that run always() still follow. Once more ends at once."
    # A signal can arrive while this very thread is writing; another thread waits for its turn.
    threading.Thread(target=context.progress.warn, args=(said,), daemon=True).start()
