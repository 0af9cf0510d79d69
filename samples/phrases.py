"""Eligibility texts as sponsors write them: the same limits in many words, among numbers that are no ages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from samples.limits import AgeLimits

RANGES = (
    "Aged {low} to {high} {unit}",
    "Age between {low} and {high} {unit}, inclusive",
    "{low}-{high} {unit} of age",
    "Participants must be {low} to {high} {unit} of age inclusive, at the time of signing the informed consent",
    "Between the ages of {low} and {high} {unit}",
    "Age \u2265 {low} and \u2264 {high} {unit}",
    "Aged from {low} {unit} up to {high} {unit}",
    "Male or female, {low} - {high} {unit} old",
)
LOWER = {
    True: (
        "Age \u2265 {low} {unit}",
        "Aged {low} {unit} or older",
        "At least {low} {unit} of age at screening",
        "{low} {unit} of age and older",
        "Age greater than or equal to {low} {unit}",
        "Participants who are {low} {unit} and above",
        "Patients must be {low} {unit} or over on the day of consent",
    ),
    False: ("Age > {low} {unit}", "Older than {low} {unit} of age", "Patients over the age of {low}", "Age above {low} {unit}"),
}
UPPER = {
    True: (
        "Age \u2264 {high} {unit}",
        "No older than {high} {unit} of age",
        "Age up to {high} {unit}",
        "Aged {high} {unit} or younger",
    ),
    False: ("Age < {high} {unit}", "Younger than {high} {unit} of age", "Under {high} {unit} of age"),
}
# The exclusion part turns the comparison round.
LOWER_EXCLUDED = {
    True: ("Under {low} {unit} of age", "Age < {low} {unit}", "Patients younger than {low} {unit}"),
    False: ("Age \u2264 {low} {unit}",),
}
UPPER_EXCLUDED = {
    True: ("Older than {high} {unit} of age", "Age > {high} {unit}", "Patients over {high} {unit} of age"),
    False: ("Age \u2265 {high} {unit}", "Aged {high} {unit} or older"),
}

DIAGNOSES = (
    "Confirmed diagnosis of {condition} for at least {months} months",
    "Diagnosed with {condition} according to current guidelines",
    "Clinical diagnosis of {condition}, made at least {weeks} weeks before screening",
    "Patients with {condition} on stable treatment for {weeks} weeks or more",
    "Documented {condition} with symptoms on at least {days} days in the last month",
)
SEXES = {
    "FEMALE": ("Female sex", "Women only", "Female participants"),
    "MALE": ("Male sex", "Men only", "Male participants"),
    "ALL": ("Both sexes", "Male or female", "Participants of any gender"),
}
INCLUDED_BESIDES = (
    "Body mass index between 18 and 35 kg/m2",
    "Systolic blood pressure below 160 mmHg",
    "Hemoglobin \u2265 9.0 g/dL and platelets \u2265 100 x 109/L",
    "ECOG performance status of 0 to 2",
    "Life expectancy of at least 6 months",
    "Stable dose of medication for at least 12 weeks prior to baseline",
    "Able to walk 10 meters without help",
    "HbA1c between 6.5 and 10.0 %",
    "Signed informed consent within 28 days before the first dose",
    "Negative pregnancy test for women of childbearing potential",
    "Willing to attend 8 visits over 24 months",
    "Oxygen saturation of more than 94 % on room air",
)
EXCLUDED_BESIDES = (
    "Participation in another trial within 30 days",
    "Malignancy within the past 5 years",
    "Estimated glomerular filtration rate < 45 mL/min/1.73 m2",
    "Myocardial infarction or stroke less than 6 months ago",
    "ALT or AST > 3 times the upper limit of normal",
    "Pregnant or breastfeeding",
    "Smoking history of more than 20 pack-years",
    "Alcohol consumption of over 14 units a week",
    "Weight below 40 kg",
    "More than 2 hospital stays in the last 12 months",
    "Known allergy to the study drug",
    "QTc interval over 470 ms",
    "Symptoms before the age of 5 years in a first-degree relative",
)
HEADINGS = (
    ("Inclusion Criteria:", "Exclusion Criteria:"),
    ("INCLUSION CRITERIA:", "EXCLUSION CRITERIA:"),
    ("Key Inclusion Criteria:", "Key Exclusion Criteria:"),
)
BULLETS = ("  -  ", "* ", "{number}. ", "")


def write_criteria(condition: str, sex: str, ages: AgeLimits, rng: np.random.Generator) -> str:
    included, excluded = _write_ages(ages, rng)
    included.append(_fill(_pick(DIAGNOSES, rng), rng, condition=condition))
    if sex != "ALL" or rng.random() < 0.4:
        included.append(_pick(SEXES[sex], rng))
    included += _pick_several(INCLUDED_BESIDES, rng)
    excluded += _pick_several(EXCLUDED_BESIDES, rng)
    return _lay_out(included, excluded, rng)


def _write_ages(ages: AgeLimits, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Both limits in one phrase, each on its own, or in the exclusion part."""
    plain = ages.low_inclusive and ages.high_inclusive
    if ages.low is not None and ages.high is not None and plain and rng.random() < 0.7:
        return [_fill(_pick(RANGES, rng), rng, ages)], []
    included: list[str] = []
    excluded: list[str] = []
    for limit, inclusive, phrases, excluding in (
        (ages.low, ages.low_inclusive, LOWER, LOWER_EXCLUDED),
        (ages.high, ages.high_inclusive, UPPER, UPPER_EXCLUDED),
    ):
        if limit is None:
            continue
        in_exclusion = rng.random() < 0.25
        phrase = _fill(_pick((excluding if in_exclusion else phrases)[inclusive], rng), rng, ages)
        (excluded if in_exclusion else included).append(phrase)
    return included, excluded


def _fill(phrase: str, rng: np.random.Generator, ages: AgeLimits | None = None, condition: str = "") -> str:
    low, high, unit = (ages.low, ages.high, ages.unit) if ages else (None, None, "")
    counts = {"months": int(rng.integers(3, 13)), "weeks": int(rng.integers(4, 13)), "days": int(rng.integers(2, 9))}
    return phrase.format(low=low, high=high, unit=unit, condition=condition, **counts)


def _pick(phrases: Sequence[str], rng: np.random.Generator) -> str:
    return phrases[int(rng.integers(len(phrases)))]


def _pick_several(phrases: Sequence[str], rng: np.random.Generator) -> list[str]:
    chosen = rng.choice(len(phrases), size=int(rng.integers(2, 6)), replace=False)
    return [phrases[int(position)] for position in chosen]


def _lay_out(included: list[str], excluded: list[str], rng: np.random.Generator) -> str:
    bullet = _pick(BULLETS, rng)
    gap = "\n\n" if bullet.startswith(" ") else "\n"
    headings = HEADINGS[int(rng.integers(len(HEADINGS)))]
    parts = []
    for heading, items in zip(headings, (included, excluded), strict=True):
        order = rng.permutation(len(items))
        lines = [bullet.format(number=number) + items[int(position)] for number, position in enumerate(order, 1)]
        parts.append(f"{heading}\n\n{gap.join(lines)}")
    return "\n\n".join(parts)
