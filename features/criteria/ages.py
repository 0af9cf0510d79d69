"""The age limits of a trial, from all its clauses."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from features.criteria.bounds import Bound, read_spans
from features.criteria.clauses import Clause
from features.criteria.evidence import Certainty, Judgement, judge
from features.criteria.phrases import read_phrases
from features.criteria.tokens import NEGATED, read_tokens

AT_LEAST, AT_MOST = ("GE", "GT"), ("LE", "LT")
# Below this, ages that differ by less are the same age written in two units.
SAME_AGE_YEARS = 1e-6


@dataclass(frozen=True)
class Limit:
    years: float
    inclusive: bool


@dataclass(frozen=True)
class _Statement:
    comparison: str
    years: float
    certainty: Certainty
    one_sex: bool
    from_exclusion: bool


def read_age_limits(clauses: Iterable[Clause]) -> tuple[Limit | None, Limit | None]:
    statements = _firmest([statement for clause in clauses for statement in _statements(clause)])
    lows = _preferred(statements, AT_LEAST)
    highs = _preferred(statements, AT_MOST)
    lowest, highest = _widest(lows, widest=min), _widest(highs, widest=max)
    # "55 to 65 with osteoporosis, or over 65": a group that begins where the last one ends has no upper limit.
    if highest and any(said.years >= highest.years for said in lows):
        highest = None
    return lowest, highest


def _statements(clause: Clause) -> Iterator[_Statement]:
    tokens = read_tokens(clause.text)
    for judgement in map(judge, read_phrases(tokens, read_spans(tokens))):
        bounds = _excluding(judgement) if clause.excludes else _including(judgement)
        certainty = min(Certainty.WEAK, judgement.certainty) if clause.of_others else judgement.certainty
        for comparison, years in bounds:
            yield _Statement(comparison, years, certainty, judgement.one_sex, clause.excludes)


def _including(judgement: Judgement) -> Iterator[tuple[str, float]]:
    for span in judgement.phrase.spans:
        if not span.negated:
            # A single age without a comparison, "18 years of age", is taken as the age to have reached.
            yield from ((bound.comparison or "GE", bound.years) for bound in span.bounds)


def _excluding(judgement: Judgement) -> Iterator[tuple[str, float]]:
    """Who is under 18 is excluded: 18 and over. To exclude 30 to 40 leaves a hole, which is no limit."""
    if judgement.qualified or judgement.one_sex:
        return
    for span in judgement.phrase.spans:
        if span.negated:
            yield from ((bound.comparison or "GE", bound.years) for bound in span.bounds)
    bounds = [bound for span in judgement.phrase.spans if not span.is_range for bound in span.bounds if bound.comparison]
    if not _leaves_a_hole(bounds):
        yield from ((NEGATED[str(bound.comparison)], bound.years) for bound in bounds)


def _leaves_a_hole(bounds: Sequence[Bound]) -> bool:
    lows = [bound.years for bound in bounds if bound.comparison in AT_LEAST]
    highs = [bound.years for bound in bounds if bound.comparison in AT_MOST]
    return bool(lows and highs) and min(lows) < max(highs)


def _firmest(statements: Sequence[_Statement]) -> list[_Statement]:
    certainties = [said.certainty for said in statements]
    firm = [said for said in statements if said.certainty and said.certainty == max(certainties)]
    of_everybody = any(not said.one_sex and not said.from_exclusion for said in firm)
    return [said for said in firm if not (said.one_sex and of_everybody)]


def _preferred(statements: Sequence[_Statement], comparisons: Sequence[str]) -> list[_Statement]:
    """What is included goes before what is excluded."""
    said = [statement for statement in statements if statement.comparison in comparisons]
    return [statement for statement in said if not statement.from_exclusion] or said


def _widest(said: Sequence[_Statement], *, widest: Callable[[Iterable[float]], float]) -> Limit | None:
    """Groups of a trial may differ in age: the trial takes the youngest and the oldest of all."""
    if not said:
        return None
    years = widest(statement.years for statement in said)
    at_it = [statement for statement in said if abs(statement.years - years) < SAME_AGE_YEARS]
    return Limit(years, any(statement.comparison in ("GE", "LE") for statement in at_it))
