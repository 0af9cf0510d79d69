"""Trials with their texts, and what each of their versions truly asks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from samples.conditions import CONDITIONS
from samples.identifiers import number_rows
from samples.limits import TrialTerms, amend, draw_ages
from samples.phrases import write_criteria
from samples.times import REGISTRATION_START, SCREENING_DAYS, SCREENING_START, Times, random_times

AMENDED_SHARE = 0.2
TITLES = (
    "A Randomized Study of a New Treatment in {condition}",
    "Efficacy and Safety of an Oral Drug in Patients With {condition}",
    "Long-Term Follow-up of {condition}",
    "A Phase 2 Trial of Early Treatment of {condition}",
)


@dataclass(frozen=True)
class Trials:
    """`table` has one row a version; `first` and `amended` are the true terms by trial, the same where nothing was amended."""

    table: pd.DataFrame
    first: tuple[TrialTerms, ...]
    amended: tuple[TrialTerms, ...]
    # By trial; far in the future where nothing was amended.
    amended_at: Times


def generate_trials(count: int, rng: np.random.Generator) -> Trials:
    first = tuple(_draw_terms(rng) for _ in range(count))
    is_amended = rng.random(count) < AMENDED_SHARE
    amended = tuple(amend(terms, rng) if changes else terms for terms, changes in zip(first, is_amended, strict=True))
    recorded_at = random_times(count, REGISTRATION_START, 365, rng)
    amended_at = random_times(count, SCREENING_START + np.timedelta64(120, "D"), SCREENING_DAYS - 240, rng)
    identifiers = number_rows("T", count)
    titles = [_title(terms, rng) for terms in first]
    texts = _blank_some([_write(terms, rng) for terms in first], is_amended)
    versions = pd.DataFrame({"TRIAL_ID": identifiers, "TITLE": titles, "INCLUSION_CRITERIA": texts, "RECORDED_AT": recorded_at})
    changed = versions[is_amended].assign(
        INCLUSION_CRITERIA=[_write(terms, rng) for terms, changes in zip(amended, is_amended, strict=True) if changes],
        RECORDED_AT=amended_at[is_amended],
    )
    never = np.datetime64("2200-01-01", "s")
    return Trials(pd.concat([versions, changed], ignore_index=True), first, amended, np.where(is_amended, amended_at, never))


def _draw_terms(rng: np.random.Generator) -> TrialTerms:
    weights = np.array([condition.weight for condition in CONDITIONS])
    position = int(rng.choice(len(CONDITIONS), p=weights / weights.sum()))
    condition = CONDITIONS[position]
    one_sex = str(rng.choice(["FEMALE", "MALE"])) if rng.random() < 0.08 else "ALL"
    ages = draw_ages(condition.youngest, condition.oldest, rng)
    return TrialTerms(position, condition.sex or one_sex, ages, float(rng.normal(0, 0.5)))


def _write(terms: TrialTerms, rng: np.random.Generator) -> str:
    return write_criteria(CONDITIONS[terms.condition].name, terms.sex, terms.ages, rng)


def _title(terms: TrialTerms, rng: np.random.Generator) -> str:
    return TITLES[int(rng.integers(len(TITLES)))].format(condition=CONDITIONS[terms.condition].name.title())


def _blank_some(texts: list[str], is_amended: npt.NDArray[np.bool_]) -> list[str | None]:
    """Registries have records without criteria: about one in fifty, and one at least in a sample of ten or more."""
    plain = [position for position, amended in enumerate(is_amended) if not amended]
    wanted = max(1, len(texts) // 50) if len(texts) >= 10 else 0
    blank = set(plain[:: max(1, len(plain) // wanted)][:wanted]) if wanted else set()
    return [None if position in blank else text for position, text in enumerate(texts)]
