"""Who, what and when, joined with what was known then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from mlops.definitions.declarable import Declarable, Key
from mlops.definitions.features import FeatureView
from mlops.definitions.rules import VERSION, asking, empty, no_columns, no_tables, unlike
from mlops.thresholds import Quality


@dataclass(frozen=True)
class TrainingSet(Declarable):
    """Who, what and when (`spine`), joined with what was known about it at that time; stored as a version of a Dataset.

    With a `version` that is the one of this name: an apply makes it once, and what it trains learns from it. Without, each training takes
    the rows of its moment.

    `group` is the column whose values never stand on both sides of a split; without one the split is by time, and what is held out
    is what came last. Training sets of one `name` are versions of one Dataset; a model names one as in US_FLIGHT_DELAYS/V1.
    """

    kind: ClassVar[str] = "training set"
    name: str
    spine: str
    keys: tuple[str, ...]
    timestamp: str
    label: str
    feature_views: tuple[str, ...]
    reads: tuple[str, ...]
    description: str
    group: str | None = None
    version: str | None = None
    quality: Quality = field(default_factory=Quality)

    def own_faults(self) -> Iterator[str]:
        yield from asking("spine", self.spine)
        yield from empty("keys", self.keys)
        yield from no_columns("keys", (*self.keys, self.timestamp, self.label))
        yield from empty("feature_views", self.feature_views)
        yield from no_tables(self.reads)
        if self.version is not None:
            yield from unlike(VERSION, "a version is like V1", self.version)
        if self.group is not None and self.group not in self.keys:
            yield f"the group {self.group} is none of its keys"
        if any("/" not in view for view in self.feature_views):
            yield "a feature view is named with its version, as in PATIENT_AGE/V1"

    @property
    def stored(self) -> bool:
        """Made once, by an apply, with the rows of that moment; without a version, each training takes those of its own."""
        return self.version is not None

    @property
    def row(self) -> tuple[str, ...]:
        """What tells a row from all others."""
        return tuple(dict.fromkeys((*self.keys, self.timestamp)))

    @property
    def full_name(self) -> str:
        return f"{self.name}/{self.version}" if self.version else self.name

    @property
    def requires(self) -> tuple[Key, ...]:
        return tuple((FeatureView.kind, name) for name in self.feature_views)
