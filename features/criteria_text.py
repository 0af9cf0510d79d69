"""Reads a trial's criteria from free text. Runs inside Snowflake as a Python function: standard library only.

Its code is this file and the package `features/criteria`; both go into the function's imports.
"""

from dataclasses import dataclass

from features.criteria.ages import read_age_limits
from features.criteria.clauses import read_clauses
from features.criteria.traits import read_condition, read_sex


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
        sex=read_sex(clauses),
        condition=read_condition(clauses),
    )


def read_criteria_object(text: str | None) -> dict[str, float | bool | str | None]:
    """The same as a Snowflake OBJECT. A trial without text has no limits: unknown is no reason to turn anybody away."""
    criteria = read_criteria(text)
    return {
        "MIN_AGE": criteria.min_age,
        "MAX_AGE": criteria.max_age,
        "MIN_INCLUSIVE": criteria.min_inclusive,
        "MAX_INCLUSIVE": criteria.max_inclusive,
        "SEX": criteria.sex,
        "CONDITION": criteria.condition,
    }
