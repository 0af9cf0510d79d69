"""From scores, counted by whole percents, to the curves that people read. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PERCENTS = 100
_GROUPS = 10

Point = tuple[float, float]


@dataclass(frozen=True)
class Scored:
    """Held-out rows with a score from `percent` to below the next one; 100 is by itself. `total` is the sum of their scores, in percent."""

    percent: int
    rows: int
    positives: int
    total: float


@dataclass(frozen=True)
class Threshold:
    """What would be called positive from this score on, in percent."""

    percent: int
    true_positives: int
    false_positives: int


@dataclass(frozen=True)
class Reliability:
    """Rows with scores of one tenth: what they were said to be, and what they were, as shares."""

    said: float
    found: float
    rows: int

    @property
    def point(self) -> Point:
        return self.said, self.found


@dataclass(frozen=True)
class Curves:
    positives: int
    negatives: int
    thresholds: tuple[Threshold, ...]
    calibration: tuple[Reliability, ...]

    @property
    def roc(self) -> tuple[Point, ...]:
        """False positive rate and true positive rate, from the strictest threshold on."""
        shares = ((one.false_positives / self.negatives, one.true_positives / self.positives) for one in self.thresholds)
        return ((0.0, 0.0), *shares)

    @property
    def precision_recall(self) -> tuple[Point, ...]:
        """Recall and precision; a threshold that no row reaches has no precision."""
        return tuple(
            (one.true_positives / self.positives, one.true_positives / reached)
            for one in self.thresholds
            if (reached := one.true_positives + one.false_positives)
        )


def make_curves(scored: Sequence[Scored]) -> Curves | None:
    """None where one of the outcomes is missing: there is nothing to be told apart."""
    rows, positives = sum(one.rows for one in scored), sum(one.positives for one in scored)
    if not 0 < positives < rows:
        return None
    return Curves(positives, rows - positives, tuple(_thresholds(scored)), tuple(_calibrate(scored)))


def _thresholds(scored: Sequence[Scored]) -> Iterator[Threshold]:
    by_percent = {one.percent: one for one in scored}
    right, wrong = 0, 0
    for percent in range(PERCENTS, -1, -1):
        if one := by_percent.get(percent):
            right += one.positives
            wrong += one.rows - one.positives
        yield Threshold(percent, right, wrong)


def _calibrate(scored: Sequence[Scored]) -> Iterator[Reliability]:
    for group in range(_GROUPS):
        within = [one for one in scored if min(one.percent * _GROUPS // PERCENTS, _GROUPS - 1) == group]
        rows = sum(one.rows for one in within)
        if rows:
            yield Reliability(
                sum(one.total for one in within) / rows / PERCENTS, sum(one.positives for one in within) / rows, rows
            )
