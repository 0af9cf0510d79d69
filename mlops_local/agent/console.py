"""How a run looks: live on a terminal, plain lines everywhere else, a table of stages and times at the end."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from mlops_local.agent.record import CANCELED, FAILED, SKIPPED, SUCCEEDED, WITH_ISSUES, StageRecord

_STYLES = {SUCCEEDED: "green", WITH_ISSUES: "yellow", FAILED: "bold red", CANCELED: "yellow", SKIPPED: "dim"}
# Output lines of a failed step that are shown at once; the log has all of them.
_SHOWN_LINES = 30


def duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60):02} s"


class PlainProgress:
    """One line per event, so that a log file of the run can be read."""

    def __init__(self, stream: IO[str] | None = None, *, verbose: bool = False) -> None:
        self._stream = stream or sys.stdout
        self._verbose = verbose
        self._started = time.monotonic()
        self._lock = threading.Lock()

    def _print(self, text: str) -> None:
        with self._lock:
            self._stream.write(f"{time.monotonic() - self._started:7.1f}  {text}\n")
            self._stream.flush()

    def stage_started(self, name: str) -> None:
        self._print(f"{name}: started")

    def stage_ended(self, name: str, result: str, seconds: float) -> None:
        self._print(f"{name}: {result} in {duration(seconds)}")

    def job_started(self, job: str) -> None:
        self._print(f"  {job}: started")

    def job_ended(self, job: str, result: str, seconds: float) -> None:
        self._print(f"  {job}: {result} in {duration(seconds)}")

    def step_started(self, job: str, step: str) -> None:
        """The end of a step says all that a log needs."""

    def step_ended(self, job: str, step: str, result: str, seconds: float, tail: list[str]) -> None:
        if result != SKIPPED:
            self._print(f"    {job} / {step}: {result} in {duration(seconds)}")
        if result == FAILED and not self._verbose:
            for line in tail[-_SHOWN_LINES:]:
                self._print(f"      {line}")

    def line(self, job: str, text: str) -> None:
        if self._verbose:
            self._print(f"      {text}")

    def warn(self, text: str) -> None:
        self._print(f"warning: {text}")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Other stages go on while a person answers, and their lines come in between."""
        yield

    def close(self) -> None:
        """Nothing is held open."""


class LiveProgress:
    """What runs now, redrawn in place below what is over."""

    def __init__(self) -> None:
        self._console = Console()
        self._running: dict[str, tuple[str, float]] = {}
        self._jobs: dict[str, float] = {}
        self._lock = threading.Lock()
        self._live = Live(get_renderable=self._now, console=self._console, refresh_per_second=8, transient=True)
        self._live.start()

    def _now(self) -> Text:
        with self._lock:
            lines = [self._running_line(job, started) for job, started in self._jobs.items()]
        return Text("\n").join(lines)

    def _running_line(self, job: str, started: float) -> Text:
        step, since = self._running.get(job, ("", started))
        now = time.monotonic()
        return Text.assemble(
            ("  > ", "cyan"),
            (job, "bold"),
            f" {duration(now - started)}  {step}",
            (f"  {duration(now - since)}" if step else "", "dim"),
        )

    def _done(self, indent: str, name: str, result: str, seconds: float) -> None:
        self._live.refresh()
        style = _STYLES.get(result, "")
        self._console.print(Text.assemble(indent, (f"{result:<10}", style), f" {name}", (f"  {duration(seconds)}", "dim")))

    def stage_started(self, name: str) -> None:
        self._console.print(Text(name, "bold"))

    def stage_ended(self, name: str, result: str, seconds: float) -> None:
        self._done("", name, result, seconds)

    def job_started(self, job: str) -> None:
        with self._lock:
            self._jobs[job] = time.monotonic()

    def job_ended(self, job: str, result: str, seconds: float) -> None:
        with self._lock:
            self._jobs.pop(job, None)
            self._running.pop(job, None)
        self._done("  ", job, result, seconds)

    def step_started(self, job: str, step: str) -> None:
        with self._lock:
            self._running[job] = (step, time.monotonic())

    def step_ended(self, job: str, step: str, result: str, seconds: float, tail: list[str]) -> None:
        with self._lock:
            self._running.pop(job, None)
        if result != SKIPPED:
            self._done("    ", f"{job} / {step}", result, seconds)
        if result == FAILED:
            for line in tail[-_SHOWN_LINES:]:
                self._console.print(Text(f"      {line}", "dim"))

    def line(self, job: str, text: str) -> None:
        """Output of steps goes to their logs."""

    def warn(self, text: str) -> None:
        self._console.print(Text(f"warning: {text}", "yellow"))

    @contextmanager
    def held(self) -> Iterator[None]:
        """While a person answers, nothing is drawn over the question."""
        self._live.stop()
        try:
            yield
        finally:
            self._live.start()

    def close(self) -> None:
        self._live.stop()


def make_progress(*, verbose: bool = False) -> PlainProgress | LiveProgress:
    return LiveProgress() if sys.stdout.isatty() and not verbose else PlainProgress(verbose=verbose)


def print_table(stages: list[StageRecord], result: str, seconds: float) -> None:
    table = Table(title=None, box=None, pad_edge=False)
    table.add_column("Stage")
    table.add_column("Result")
    table.add_column("Time", justify="right")
    for stage in stages:
        table.add_row(stage.display_name, Text(stage.result, _STYLES.get(stage.result, "")), duration(stage.seconds))
    table.add_row("", "", "")
    table.add_row("All", Text(result, _STYLES.get(result, "")), duration(seconds))
    console = Console()
    console.print()
    console.print(table)
