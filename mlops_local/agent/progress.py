"""Whoever shows a person how the run goes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from mlops_local.agent.masking import Masker


class Progress(Protocol):
    def stage_started(self, name: str) -> None: ...

    def stage_ended(self, name: str, result: str, seconds: float) -> None: ...

    def job_started(self, job: str) -> None: ...

    def job_ended(self, job: str, result: str, seconds: float) -> None: ...

    def step_started(self, job: str, step: str) -> None: ...

    def step_ended(self, job: str, step: str, result: str, seconds: float, tail: list[str]) -> None: ...

    def line(self, job: str, text: str) -> None: ...

    def warn(self, text: str) -> None: ...

    def held(self) -> AbstractContextManager[None]: ...


@dataclass(frozen=True)
class MaskedProgress:
    """Passes on what it hears without secrets, so that nobody who reports has to think of them."""

    inner: Progress
    masker: Masker

    def stage_started(self, name: str) -> None:
        self.inner.stage_started(self.masker.mask(name))

    def stage_ended(self, name: str, result: str, seconds: float) -> None:
        self.inner.stage_ended(self.masker.mask(name), result, seconds)

    def job_started(self, job: str) -> None:
        self.inner.job_started(self.masker.mask(job))

    def job_ended(self, job: str, result: str, seconds: float) -> None:
        self.inner.job_ended(self.masker.mask(job), result, seconds)

    def step_started(self, job: str, step: str) -> None:
        self.inner.step_started(self.masker.mask(job), self.masker.mask(step))

    def step_ended(self, job: str, step: str, result: str, seconds: float, tail: list[str]) -> None:
        """The tail is what the log has, and was masked for it."""
        self.inner.step_ended(self.masker.mask(job), self.masker.mask(step), result, seconds, tail)

    def line(self, job: str, text: str) -> None:
        """As the tail above."""
        self.inner.line(self.masker.mask(job), text)

    def warn(self, text: str) -> None:
        self.inner.warn(self.masker.mask(text))

    def held(self) -> AbstractContextManager[None]:
        return self.inner.held()
