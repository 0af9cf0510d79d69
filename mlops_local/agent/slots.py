"""Agents of this machine: a numbered folder for one job at a time, empty before the job and gone after it.

A number and not a random name, because paths that stay the same keep caches that hold paths valid.
"""

from __future__ import annotations

import itertools
import os
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mlops_local.agent.file_locks import lock_file
from mlops_local.agent.folders import remove


@dataclass(frozen=True)
class Slot:
    """The folders of one agent, laid out as on Azure's own agents."""

    number: int
    folder: Path

    @property
    def work(self) -> Path:
        return self.folder / "_work"

    @property
    def workspace(self) -> Path:
        return self.work / "1"

    @property
    def sources(self) -> Path:
        return self.workspace / "s"

    @property
    def temp(self) -> Path:
        return self.work / "_temp"

    @property
    def tools(self) -> Path:
        return self.work / "_tool"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def prepare(self) -> None:
        remove(self.folder)
        for folder in (
            self.sources,
            self.workspace / "a",
            self.workspace / "b",
            self.workspace / "TestResults",
            self.temp,
            self.tools,
        ):
            folder.mkdir(parents=True)
        self.home.mkdir()
        for private in (self.folder, self.temp, self.home):
            private.chmod(0o700)


@contextmanager
def claimed(agents: Path) -> Iterator[Slot]:
    """The first free agent; the lock falls with this process, so a killed run leaves none taken."""
    agents.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        lock = lock_file(agents / f"{number}.lock")
        if lock is None:
            continue
        slot = Slot(number, agents / str(number))
        try:
            slot.prepare()
            yield slot
        finally:
            _clear(slot)
            os.close(lock)
        return


def _clear(slot: Slot) -> None:
    """What a job has made is gone at once; installed packages, ten thousand files, go while the next job begins."""
    discarded = slot.folder.with_name(f"discarded-{uuid.uuid4().hex}")
    if slot.tools.exists():
        slot.tools.rename(discarded)
        threading.Thread(target=remove, args=(discarded,)).start()
    remove(slot.folder)


def sweep(agents: Path) -> None:
    """Empty agents that a killed run left behind: a secure file may be among what they hold."""
    for file in agents.glob("*.lock"):
        lock = lock_file(file)
        if lock is not None:
            remove(agents / file.stem)
            os.close(lock)
    for discarded in agents.glob("discarded-*"):
        remove(discarded)
