"""What a run leaves: results of stages, jobs and steps, logs, summaries, artifacts and test results, in one folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlops_local.agent.artifacts import Artifacts
from mlops_local.agent.masking import Masker

SUCCEEDED = "Succeeded"
WITH_ISSUES = "SucceededWithIssues"
FAILED = "Failed"
CANCELED = "Canceled"
SKIPPED = "Skipped"
_WORSE = {SKIPPED: 0, SUCCEEDED: 1, WITH_ISSUES: 2, CANCELED: 3, FAILED: 4}


def worst(results: list[str]) -> str:
    return max(results, key=_WORSE.__getitem__, default=SUCCEEDED)


@dataclass(kw_only=True)
class Span:
    """When something began and ended, and how. Moments are UTC, as ISO 8601; a result of "" is none yet."""

    result: str = ""
    started: str = ""
    finished: str = ""
    seconds: float = 0.0
    issues: list[dict[str, str]] = field(default_factory=list)
    _since: float = 0.0

    def start(self) -> None:
        self.started, self._since = _now(), time.monotonic()

    def end(self, result: str) -> None:
        """A part that never started has a result and no moments."""
        self.result = result
        if self.started:
            self.finished, self.seconds = _now(), time.monotonic() - self._since

    def times(self) -> dict[str, Any]:
        state = (
            "completed" if self.result and (self.finished or not self.started) else "inProgress" if self.started else "pending"
        )
        moments = {"started": self.started or None, "finished": self.finished or None, "seconds": round(self.seconds, 3)}
        return {"state": state, "result": self.result if state == "completed" else None, **moments}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass
class StepRecord(Span):
    name: str
    display_name: str
    task: str
    log: str = ""

    def facts(self) -> dict[str, Any]:
        # Most steps have no name of their own; in Azure DevOps, too, the record of a run then names them as they are shown.
        shown = {"name": self.name or self.display_name, "displayName": self.display_name, "task": self.task}
        return {**shown, **self.times(), "log": self.log, "issues": self.issues}


@dataclass
class JobRecord(Span):
    name: str
    display_name: str
    agent: int = 0
    steps: list[StepRecord] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        shown = {"name": self.name, "displayName": self.display_name, **self.times(), "agent": self.agent}
        return {**shown, "issues": self.issues, "steps": [step.facts() for step in self.steps]}


@dataclass
class StageRecord(Span):
    """`parts` has an entry for each job of the stage: one record, or those of its legs. `checks` is what was decided before."""

    name: str
    display_name: str
    parts: list[list[JobRecord]] = field(default_factory=list)
    checks: list[dict[str, str]] = field(default_factory=list)

    @property
    def jobs(self) -> list[JobRecord]:
        return [job for part in self.parts for job in part]

    def facts(self) -> dict[str, Any]:
        shown = {"name": self.name, "displayName": self.display_name, **self.times()}
        return {**shown, "issues": self.issues, "checks": self.checks, "jobs": [job.facts() for job in self.jobs]}


class Record:
    """The folder `out/`. Everything that is written here passes the masker."""

    def __init__(self, folder: Path, masker: Masker) -> None:
        self.folder = folder
        self.masker = masker
        self.stages: list[StageRecord] = []
        self.facts: dict[str, Any] = {}
        self.tests = {"total": 0, "passed": 0, "failed": 0, "skipped": 0}
        self.tags: list[str] = []
        self.artifacts = Artifacts(folder / "artifacts")
        self._summaries: list[tuple[tuple[int, ...], str]] = []
        self._lock = threading.RLock()
        self._since = time.monotonic()
        self._next_write = 0.0
        self._later: threading.Timer | None = None
        self._finished = False

    def begin(self) -> None:
        """Only what an earlier run left is removed; `out` may hold files of other commands."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("logs", "artifacts", "test-results", "coverage", "attachments", "report"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for name in ("run.json", "run.json.part", "summary.md"):
            (self.folder / name).unlink(missing_ok=True)

    def log_file(self, *names: str) -> Path:
        file = self.folder.joinpath("logs", *map(file_name, names[:-1]), f"{file_name(names[-1])}.log")
        file.parent.mkdir(parents=True, exist_ok=True)
        return file

    def add_summary(self, place: tuple[int, ...], markdown: str) -> None:
        with self._lock:
            self._summaries.append((place, self.masker.mask(markdown).strip()))

    def add_tests(self, total: int, failed: int, skipped: int) -> None:
        with self._lock:
            for name, count in (("total", total), ("failed", failed), ("skipped", skipped), ("passed", total - failed - skipped)):
                self.tests[name] += count

    def add_coverage(self, covered: int, lines: int) -> None:
        """Lines of every file that any step has published."""
        with self._lock:
            before = self.facts.get("coverage", {"covered": 0, "lines": 0})
            covered, lines = before["covered"] + covered, before["lines"] + lines
            self.facts["coverage"] = {"covered": covered, "lines": lines, "percent": round(100 * covered / lines, 1)}

    def add_fact(self, name: str, value: object) -> None:
        with self._lock:
            self.facts[name] = value

    def add_tag(self, tag: str) -> None:
        with self._lock:
            if tag not in self.tags:
                self.tags.append(tag)

    def changed(self) -> None:
        """Keep run.json true while the run goes on, so that it can be read after the run was killed.

        The more there is to write, the less often it is written: a twentieth of the time at most goes into this.
        """
        with self._lock:
            if self._finished or self._later is not None:
                return
            wait = self._next_write - time.monotonic()
            if wait <= 0:
                self._write_progress()
                return
            self._later = threading.Timer(wait, self._write_later)
            self._later.daemon = True
            self._later.start()

    def _write_later(self) -> None:
        with self._lock:
            self._later = None
            if not self._finished:
                self._write_progress()

    def _write_progress(self) -> None:
        began = time.monotonic()
        self._write("", began - self._since)
        ended = time.monotonic()
        self._next_write = ended + 20 * (ended - began)

    def finish(self, result: str, seconds: float) -> dict[str, Any]:
        with self._lock:
            self._finished = True
            if self._later is not None:
                self._later.cancel()
            facts = self._write(result, seconds)
            summaries = [text for _, text in sorted(self._summaries, key=lambda summary: summary[0])]
            (self.folder / "summary.md").write_text(
                "".join(f"{text}\n\n" for text in summaries).rstrip("\n") + "\n" * bool(summaries), encoding="utf-8"
            )
        return facts

    def _write(self, result: str, seconds: float) -> dict[str, Any]:
        """A reader finds the old file or the new one, never a part of one."""
        facts = self._all_facts(result, seconds)
        part = self.folder / "run.json.part"
        part.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(part, self.folder / "run.json")
        return facts

    def _all_facts(self, result: str, seconds: float) -> dict[str, Any]:
        state = "completed" if result else "inProgress"
        facts: dict[str, Any] = {"result": result or None, "state": state, "seconds": round(seconds, 3), **self.facts}
        facts |= {"tests": self.tests, "artifacts": self.artifacts.names, "tags": self.tags}
        facts["stages"] = [stage.facts() for stage in self.stages]
        masked: dict[str, Any] = _masked(facts, self.masker)
        return masked


def _masked(value: Any, masker: Masker) -> Any:
    if isinstance(value, str):
        return masker.mask(value)
    if isinstance(value, dict):
        return {key: _masked(item, masker) for key, item in value.items()}
    return [_masked(item, masker) for item in value] if isinstance(value, list) else value


def file_name(text: str) -> str:
    """A text as one readable part of a path."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:80] or "step"
