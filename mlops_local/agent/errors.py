"""What is wrong with a pipeline, and where: every error names file, line and column."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Origin:
    """A file: as a person reads its name, and as templates find it (repository alias and path inside it)."""

    shown: str
    alias: str = "self"
    path: str = ""


@dataclass(frozen=True)
class Mark:
    origin: Origin
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.origin.shown}:{self.line}:{self.column}"


class PipelineError(Exception):
    """One mistake in a pipeline."""

    def __init__(self, mark: Mark, sentence: str) -> None:
        super().__init__(f"{mark}: {sentence}")
        self.mark = mark
        self.sentence = sentence


class KnownError(PipelineError):
    """What follows from a mistake that was reported already, and is not one of its own."""

    def __init__(self, mark: Mark) -> None:
        super().__init__(mark, "")


class WrongPipeline(Exception):  # noqa: N818 - a verdict with all its errors, not one error
    """The pipeline cannot run; every mistake that was found, in the order of files and lines."""

    def __init__(self, errors: list[PipelineError]) -> None:
        files = list(dict.fromkeys(error.mark.origin.shown for error in errors))
        unique = {
            str(error): error
            for error in sorted(errors, key=lambda each: (files.index(each.mark.origin.shown), each.mark.line, each.mark.column))
        }
        super().__init__("\n".join(unique))
        self.errors = list(unique.values())


@dataclass
class Problems:
    """Collects mistakes, so that a person sees all of them at once and not only the first."""

    errors: list[PipelineError] = field(default_factory=list)
    warnings: list[PipelineError] = field(default_factory=list)
    _settled: set[Mark] = field(default_factory=set)

    def add(self, mark: Mark, sentence: str) -> None:
        if sentence and mark not in self._settled:
            self.errors.append(PipelineError(mark, sentence))

    def settle(self) -> None:
        """Another look begins: what it finds at a place that is known to be wrong is the same mistake in other words."""
        self._settled.update(error.mark for error in self.errors)

    def warn(self, mark: Mark, sentence: str) -> None:
        self.warnings.append(PipelineError(mark, sentence))

    @contextmanager
    def collect(self) -> Iterator[None]:
        try:
            yield
        except PipelineError as error:
            self.add(error.mark, error.sentence)

    def stop(self) -> None:
        if self.errors:
            raise WrongPipeline(self.errors)
