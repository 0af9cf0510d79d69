"""Reads a trial's criteria from free text. Runs inside Snowflake as a Python function: standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass

from features.criteria.ages import read_age_limits
from features.criteria.clauses import read_clauses


@dataclass(frozen=True)
class Criteria:
    """Ages in years; None where the text states no limit, which is not the same as 110."""

    min_age: float | None = None
    max_age: float | None = None
    min_inclusive: bool | None = None
    max_inclusive: bool | None = None
    sex: str = "ALL"
    condition: str | None = None


def read_criteria(text: str | None) -> Criteria:
    clauses = read_clauses(text or "")
    lowest, highest = read_age_limits(clauses)
    return Criteria(
        min_age=lowest.years if lowest else None,
        max_age=highest.years if highest else None,
        min_inclusive=lowest.inclusive if lowest else None,
        max_inclusive=highest.inclusive if highest else None,
    )
