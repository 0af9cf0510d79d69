"""What data and models are held to: plain numbers, with defaults that are on. What is wrong with them is said when they are built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mlops.typed import Checked, least, one_of, share

# The metrics that two versions can be compared by where their predictions are, and a part of the rows with the whole.
COMPARED = ("ROC_AUC", "ACCURACY", "PRECISION", "RECALL", "F1_SCORE")
MEASURED = (*COMPARED, "BALANCED_ACCURACY", "BASELINE_ACCURACY", "AVERAGE_PRECISION", "LOG_LOSS")

Range = tuple[float | None, float | None]


@dataclass(frozen=True)
class Quality(Checked):
    """What data must be like before a model learns from it. Keys, timestamp and label are never missing; numbers are finite.

    | value | the most or the least that is let pass |
    | --- | --- |
    | `null_share`, `nulls` | the share that may be missing of an input, and the same of single ones |
    | `ranges` | the least and the greatest value of a number, None where there is none |
    | `growth` | how far numbers without a range may go beyond those of the training before, as a share of their span; None: anywhere |
    | `duplicates` | rows that have the keys and the timestamp of another one |
    | `oldest_days` | how old the newest row may be |
    | `row_change` | by which share the number of rows may differ from the training before |
    | `leak` | the ROC AUC above which an input alone tells the label |
    """

    null_share: float = 0.9
    nulls: Mapping[str, float] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    growth: float | None = 1.0
    duplicates: int = 0
    oldest_days: float = 90
    row_change: float = 0.5
    leak: float = 0.99

    def faults(self) -> Iterator[str]:
        for name, value in {"null_share": self.null_share, **{f"nulls of {one}": of for one, of in self.nulls.items()}}.items():
            yield from share(name, value)
        for name, limits in self.ranges.items():
            yield from _range_faults(name, limits)
        yield from least("growth", self.growth or 0, 0)
        yield from least("duplicates", self.duplicates, 0)
        yield from least("oldest_days", self.oldest_days, 0)
        yield from least("row_change", self.row_change, 0)
        if not 0.5 <= self.leak <= 1:
            yield f"leak is a ROC AUC between 0.5 and 1, and this is {self.leak}"


@dataclass(frozen=True)
class Gate(Checked):
    """The least, or the most, that a metric must reach before a version becomes the default one."""

    metric: str
    minimum: float | None = None
    maximum: float | None = None

    @property
    def title(self) -> str:
        return f"Gate {self.metric}"

    @property
    def wanted(self) -> str:
        sides = ((">=", self.minimum), ("<=", self.maximum))
        return ", ".join(f"{sign} {limit:g}" for sign, limit in sides if limit is not None)

    def faults(self) -> Iterator[str]:
        yield from one_of("a metric", self.metric, MEASURED)
        yield from _range_faults(self.metric, (self.minimum, self.maximum))

    def passes(self, value: float) -> bool:
        """What is no number passes nothing."""
        return (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)


@dataclass(frozen=True)
class Champion(Checked):
    """How a new version must stand up to the one in use, on rows that neither has seen.

    `margin` is how much larger the metric must be; a negative one says how much worse is still as good.
    """

    metric: str = "ROC_AUC"
    margin: float = -0.02
    minimum_rows: int = 30

    def faults(self) -> Iterator[str]:
        yield from one_of("metric", self.metric, COMPARED)
        if not -1 <= self.margin <= 1:
            yield f"margin is between -1 and 1, and this is {self.margin}"
        yield from least("minimum_rows", self.minimum_rows, 1)


@dataclass(frozen=True)
class Slices(Checked):
    """Each value of these columns (of the categorical inputs, if none are named) with so many held-out rows is judged by itself: its
    metric may be by `drop` below that of all rows."""

    columns: tuple[str, ...] | None = None
    drop: float = 0.25
    minimum_rows: int = 50
    metric: str = "ACCURACY"

    def faults(self) -> Iterator[str]:
        yield from share("drop", self.drop)
        yield from least("minimum_rows", self.minimum_rows, 1)
        yield from one_of("metric", self.metric, COMPARED)


def _range_faults(name: str, limits: Range) -> Iterator[str]:
    lowest, highest = limits
    if lowest is None and highest is None:
        yield f"the range of {name} has no limit on either side"
    elif lowest is not None and highest is not None and lowest > highest:
        yield f"the range of {name} is from the least to the greatest value, and this is from {lowest:g} to {highest:g}"
