"""What a trial truly asks for. The generator knows it; the pipeline has to read it from the text."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class AgeLimits:
    """Ages in `unit`; None: no limit."""

    low: int | None = None
    high: int | None = None
    low_inclusive: bool = True
    high_inclusive: bool = True
    unit: str = "years"

    @property
    def low_years(self) -> float:
        return 0.0 if self.low is None else self.low * self._years

    @property
    def high_years(self) -> float:
        return np.inf if self.high is None else self.high * self._years

    @property
    def _years(self) -> float:
        return {"years": 1.0, "months": 1 / 12}[self.unit]


@dataclass(frozen=True)
class TrialTerms:
    """One version of one trial."""

    condition: int
    sex: str
    ages: AgeLimits
    # Trials differ in how strictly they screen; no text says so.
    strictness: float


def draw_ages(youngest: float, oldest: float, rng: np.random.Generator) -> AgeLimits:
    """Limits as sponsors choose them: mostly adults, sometimes with an upper limit, seldom children only."""
    for_children = youngest < 10 and rng.random() < (0.9 if oldest <= 18 else 0.35)
    if for_children:
        return _draw_child_ages(rng)
    low = int(rng.choice([18, 18, 18, 21, 40, 50, 60] if youngest >= 20 else [12, 18, 18, 18, 16]))
    high = int(rng.choice([55, 60, 65, 65, 70, 75, 80])) if rng.random() < 0.6 else None
    if high is not None and high - low < 15:
        high = None
    return AgeLimits(low, high, bool(rng.random() < 0.85), bool(rng.random() < 0.85))


def _draw_child_ages(rng: np.random.Generator) -> AgeLimits:
    if rng.random() < 0.3:
        return AgeLimits(int(rng.choice([3, 6])), int(rng.choice([36, 59, 71])), unit="months")
    return AgeLimits(int(rng.choice([1, 2, 4, 6])), int(rng.choice([11, 12, 17])), high_inclusive=bool(rng.random() < 0.8))


def amend(terms: TrialTerms, rng: np.random.Generator) -> TrialTerms:
    """An amendment widens or narrows the ages: what a screening was judged by depends on its day."""
    ages = terms.ages
    if ages.unit == "months" or ages.high is None:
        low = (ages.low or 0) + int(rng.choice([6, 10, 12]))
        amended = replace(ages, low=low) if ages.high is None or low < ages.high else replace(ages, high=None)
    else:
        amended = replace(ages, high=ages.high + int(rng.choice([-10, 10, 15])), high_inclusive=True)
    if amended.high is not None and amended.low is not None and amended.high <= amended.low:
        amended = replace(amended, high=None)
    return replace(terms, ages=amended)
