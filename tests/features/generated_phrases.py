"""Statements of age limits put together from parts, with the limits that they state."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

YEARS = {"years": 1.0, "months": 1 / 12, "weeks": 7 / 365.25, "days": 1 / 365.25}
HIGHEST = {"years": 90, "months": 200, "weeks": 100, "days": 300}
WORDS = {18: "eighteen", 21: "twenty-one", 40: "forty", 65: "sixty five", 12: "twelve", 6: "six", 70: "seventy"}

# (phrase, comparison): what it says of an age when it stands in the inclusion part.
LOWER = (
    ("Age \u2265 {n} {unit}", True),
    ("Age >= {n} {unit}", True),
    ("age >/= {n} {unit}", True),
    ("Age > or = {n} {unit}", True),
    ("aged {n} {unit} or older", True),
    ("Aged {n} {unit} and above", True),
    ("At least {n} {unit} of age", True),
    ("{n} {unit} of age or older at the time of consent", True),
    ("Patients must be {n} {unit} old or over", True),
    ("Not younger than {n} {unit}", True),
    ("Participants no less than {n} {unit} of age", True),
    ("Minimum age: {n} {unit}", True),
    ("Age greater than or equal to {n} {unit}", True),
    ("Age equal to or above {n} {unit}", True),
    ("Age > {n} {unit}", False),
    ("Older than {n} {unit}", False),
    ("Patients over the age of {n} {unit}", False),
    ("Age above {n} {unit}", False),
    ("Subjects more than {n} {unit} of age", False),
    ("Male or female patients > {n} {unit} of age", False),
)
UPPER = (
    ("Age \u2264 {n} {unit}", True),
    ("Age up to {n} {unit}", True),
    ("aged {n} {unit} or younger", True),
    ("No older than {n} {unit} of age", True),
    ("Maximum age {n} {unit}", True),
    ("Age not exceeding {n} {unit}", True),
    ("Age less than or equal to {n} {unit}", True),
    ("Age < {n} {unit}", False),
    ("Younger than {n} {unit}", False),
    ("Patients under {n} {unit} of age", False),
    ("Age below {n} {unit}", False),
    ("Children less than {n} {unit} old", False),
)
RANGES = (
    ("Aged {low} to {high} {unit}", True, True),
    ("Aged between {low} and {high} {unit}", True, True),
    ("Age: {low} - {high} {unit} (inclusive)", True, True),
    ("{low}-{high} {unit} old", True, True),
    ("Between the ages of {low} and {high} {unit}", True, True),
    ("Male or female, {low} through {high} {unit} of age", True, True),
    ("Age \u2265{low} and \u2264{high} {unit}", True, True),
    ("{low} \u2264 age \u2264 {high} {unit}", True, True),
    ("Patients from {low} {unit} up to {high} {unit} of age", True, True),
    ("from {low} to <{high} {unit} of age", True, False),
    ("Age > {low} and < {high} {unit}", False, False),
    ("{low} {unit} of age and older, but younger than {high} {unit}", True, False),
    ("at least {low} {unit} of age, but not older than {high} {unit}", True, True),
    ("Ages {low} and over, under {high} {unit} of age", True, False),
)
INCLUDED_BESIDES = (
    "Body mass index of {a} to {b} kg/m2",
    "Platelets \u2265 {b} x 109/L",
    "Systolic blood pressure under {b} mmHg",
    "Life expectancy of at least {a} months",
    "Diagnosis of asthma for at least {a} years",
    "Stable dose for more than {a} weeks prior to baseline",
    "Disease duration of {a} to {b} years",
    "HbA1c between {a} and {b} %",
    "Smoking history of over {a} pack-years",
    "ECOG performance status 0-{a}",
    "SpO2 > {b}% on room air",
    "At least {a} relapses within the last {b} months",
    "Onset of symptoms after the age of {a}",
    "Gestational age of {a} to {b} weeks",
    "Has a child aged {a} to {b} years",
    "COVID-19 confirmed within {a} days",
)
EXCLUDED_BESIDES = (
    "Participation in another study within {a} months",
    "Malignancy within the past {a} years",
    "ALT > {a} times the upper limit of normal",
    "Surgery less than {a} weeks ago",
    "Alcohol use of more than {b} units a week",
    "Weight below {b} kg",
    "Family history of cancer before the age of {b}",
    "Dialysis for more than {a} years",
    "Life expectancy of less than {a} years",
)


@dataclass(frozen=True)
class Statement:
    phrase: str
    low: float | None = None
    high: float | None = None
    low_inclusive: bool | None = None
    high_inclusive: bool | None = None


@st.composite
def lower_limits(draw: st.DrawFn) -> Statement:
    phrase, inclusive = draw(st.sampled_from(LOWER))
    number, unit = draw(_quantities())
    return Statement(_fill(phrase, n=draw(_spelled(number)), unit=unit), low=number * YEARS[unit], low_inclusive=inclusive)


@st.composite
def upper_limits(draw: st.DrawFn) -> Statement:
    phrase, inclusive = draw(st.sampled_from(UPPER))
    number, unit = draw(_quantities())
    return Statement(_fill(phrase, n=draw(_spelled(number)), unit=unit), high=number * YEARS[unit], high_inclusive=inclusive)


@st.composite
def ranges(draw: st.DrawFn) -> Statement:
    phrase, low_inclusive, high_inclusive = draw(st.sampled_from(RANGES))
    low, unit = draw(_quantities())
    high = draw(st.integers(low + 1, HIGHEST[unit] + 20))
    text = _fill(phrase, low=draw(_spelled(low)), high=draw(_spelled(high)), unit=unit)
    return Statement(text, low * YEARS[unit], high * YEARS[unit], low_inclusive, high_inclusive)


@st.composite
def texts_around(draw: st.DrawFn, *, included: list[str], excluded: list[str]) -> str:
    """The statements among others, in any order, under the headings of registries."""
    inclusion = draw(_with_distractors(included, INCLUDED_BESIDES))
    exclusion = draw(_with_distractors(excluded, EXCLUDED_BESIDES))
    bullet = draw(st.sampled_from(("  -  ", "* ", "", "\u2022 ")))
    heading = draw(st.sampled_from(("{} Criteria:", "{} criteria", "Key {} Criteria:", "[{} Criteria]")))
    gap = draw(st.sampled_from(("\n", "\n\n", "\r\n\r\n")))
    parts = [heading.format(name) + gap + gap.join(bullet + item for item in items)
             for name, items in (("Inclusion", inclusion), ("Exclusion", exclusion))]  # fmt: skip
    return gap.join(parts)


@st.composite
def _with_distractors(draw: st.DrawFn, statements: list[str], besides: tuple[str, ...]) -> list[str]:
    chosen = draw(st.lists(st.sampled_from(besides), min_size=1, max_size=4, unique=True))
    a, b = draw(st.integers(1, 12)), draw(st.integers(13, 120))
    items = [*statements, *(phrase.format(a=a, b=b) for phrase in chosen)]
    return draw(st.permutations(items))


def _quantities() -> st.SearchStrategy[tuple[int, str]]:
    return st.sampled_from(tuple(YEARS)).flatmap(lambda unit: st.tuples(st.integers(1, HIGHEST[unit]), st.just(unit)))


def _spelled(number: int) -> st.SearchStrategy[str]:
    spellings = [str(number)]
    if number in WORDS:
        spellings += [WORDS[number], f"{WORDS[number]} ({number})"]
    return st.sampled_from(spellings)


def _fill(phrase: str, **parts: str) -> str:
    return phrase.format(**parts)
