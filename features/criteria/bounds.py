"""The grammar of a limit: "18 years or older", "between 6 and 24 months", "18 < age < 65", "from 2 to <12 years"."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from features.criteria.tokens import COMPARISONS, NEGATED, Token

DAYS_A_YEAR = 365.25
YEARS_A_UNIT = {"YEAR": 1.0, "MONTH": 1 / 12, "WEEK": 7 / DAYS_A_YEAR, "DAY": 1 / DAYS_A_YEAR, "HOUR": 1 / 24 / DAYS_A_YEAR}
UNITS_BY_SIZE = tuple(YEARS_A_UNIT)
OLDEST = 120.0

FLIPPED = {"GE": "LE", "GT": "LT", "LE": "GE", "LT": "GT"}
# What may stand between a comparison and its number: "over the age of 21", "minimum age: 18".
BEFORE_NUMBER = {"AGE", "OLD", "OPEN", "COLON", "EQ", "COMMA"}
ARTICLES = {"the", "of", "a", "an", "their", "his", "her", "is", "years", "patient's", "years'"}
# What may stand before a range: "not between the ages of".
OPENINGS = {"BETWEEN", "FROM", "NOT", "OUTSIDE", "AGE", "OLD", "OPEN", "COLON", "EQ", "TO"}
# What may stand between the two ends of a range: "18 years (inclusive) to 65".
LINKS = {"TO", "AND", "UPTO", "COMMA", "BETWEEN", "FROM", "AGE", "OLD", "OPEN", "CLOSE", "EQ", "INCLUSIVE"}


@dataclass(frozen=True)
class Bound:
    """One number with its comparison; `start` and `end` are token positions, `end` is the first token after it."""

    start: int
    end: int
    value: float
    unit: str | None
    comparison: str | None
    tells_age: bool

    @property
    def years(self) -> float:
        return self.value * YEARS_A_UNIT[self.unit or "YEAR"]


@dataclass(frozen=True)
class Span:
    """One or two bounds that were written as one phrase."""

    bounds: tuple[Bound, ...]
    is_range: bool
    negated: bool = False

    @property
    def start(self) -> int:
        return self.bounds[0].start

    @property
    def end(self) -> int:
        return self.bounds[-1].end

    @property
    def tells_age(self) -> bool:
        return any(bound.tells_age for bound in self.bounds)

    @property
    def unit(self) -> str | None:
        return next((bound.unit for bound in self.bounds if bound.unit), None)


def read_spans(tokens: Sequence[Token]) -> list[Span]:
    bounds = [bound for position in range(len(tokens)) if (bound := _read_bound(tokens, position))]
    bounds = _without_overlap(bounds)
    spans: list[Span] = []
    while bounds:
        first, rest = bounds[0], bounds[1:]
        pair = _read_range(tokens, first, rest[0]) if rest else None
        spans.append(pair or Span((_with_opening(tokens, first),), is_range=False))
        bounds = rest[1:] if pair else rest
    return spans


def _read_bound(tokens: Sequence[Token], position: int) -> Bound | None:
    if tokens[position].kind != "NUM":
        return None
    bound = _read_quantity(tokens, Bound(position, position + 1, tokens[position].value, None, None, False))
    return _read_prefix(tokens, _read_infix(tokens, bound))


def _read_quantity(tokens: Sequence[Token], bound: Bound) -> Bound:
    """Reads to the right of the number: unit, "of age", "or older", "inclusive"."""
    end, unit, value, comparison, tells_age = bound.end, bound.unit, bound.value, bound.comparison, bound.tells_age
    while end < len(tokens):
        token = tokens[end]
        if token.kind in YEARS_A_UNIT and unit is None:
            unit = token.kind
        elif token.kind in ("OLD", "BIRTHDAY"):
            tells_age = True
        elif token.kind in ("UP", "DOWN") and comparison is None:
            comparison, tells_age = ("GE" if token.kind == "UP" else "LE"), tells_age or token.tells_age
        elif parts := _smaller_part(tokens, end, unit):
            value, end = value + parts[0], end + parts[1]
        elif token.kind not in ("ORDINAL", "INCLUSIVE") and not _joins_unit(tokens, end, unit):
            break
        end += 1
    return replace(bound, end=end, unit=unit, value=value, comparison=comparison, tells_age=tells_age)


def _smaller_part(tokens: Sequence[Token], position: int, unit: str | None) -> tuple[float, int] | None:
    """The months of "1 year (and) 6 months", in years of the larger unit, and how many tokens they take before their unit."""
    steps = 1 if tokens[position].text in ("and", ",") else 0
    number, smaller = (*tokens[position + steps : position + steps + 2], None, None)[:2]
    if unit is None or number is None or smaller is None or number.kind != "NUM" or smaller.kind not in YEARS_A_UNIT:
        return None
    value = number.value * YEARS_A_UNIT[smaller.kind] / YEARS_A_UNIT[unit]
    # 11 months complete a year's age, 18 months are an age of their own.
    is_part = UNITS_BY_SIZE.index(smaller.kind) > UNITS_BY_SIZE.index(unit) and value < 1
    return (value, steps + 1) if is_part else None


def _joins_unit(tokens: Sequence[Token], position: int, unit: str | None) -> bool:
    """ "18 (years)": a bracket between a number and its unit."""
    return (
        unit is None
        and tokens[position].kind == "OPEN"
        and position + 1 < len(tokens)
        and tokens[position + 1].kind in YEARS_A_UNIT
    )


def _read_infix(tokens: Sequence[Token], bound: Bound) -> Bound:
    """ "18 < age": the comparison stands behind the number and speaks of what follows."""
    kinds = [token.kind for token in tokens[bound.end : bound.end + 2]]
    if len(kinds) == 2 and kinds[0] in COMPARISONS and kinds[1] in ("AGE", "PERSON") and bound.comparison is None:
        return replace(bound, end=bound.end + 1, comparison=FLIPPED[kinds[0]], tells_age=True)
    return bound


def _read_prefix(tokens: Sequence[Token], bound: Bound) -> Bound:
    position, tells_age = bound.start - 1, bound.tells_age
    while position >= 0 and (tokens[position].kind in BEFORE_NUMBER or tokens[position].text in ARTICLES):
        tells_age = tells_age or tokens[position].kind in ("AGE", "OLD")
        position -= 1
    if position < 0:
        return bound
    token = tokens[position]
    if token.kind in COMPARISONS and (bound.comparison is None or token.kind == bound.comparison):
        negated = position > 0 and tokens[position - 1].kind == "NOT"
        comparison = NEGATED[token.kind] if negated else token.kind
        return replace(bound, start=position - negated, comparison=comparison, tells_age=tells_age or token.tells_age)
    if token.kind == "NOT" and bound.comparison:
        return replace(bound, start=position, comparison=NEGATED[bound.comparison])
    return bound


def _without_overlap(bounds: Sequence[Bound]) -> list[Bound]:
    """The months of "1 year 6 months" were read as part of the years already."""
    kept: list[Bound] = []
    for bound in bounds:
        if not kept or bound.start >= kept[-1].end:
            kept.append(bound)
    return kept


def _with_opening(tokens: Sequence[Token], bound: Bound) -> Bound:
    """ "up to 18 years" and "from 18 years" without a second end; what a birthday means depends on the verb before it."""
    if bound.comparison is not None:
        return bound
    before = [
        token
        for token in tokens[max(0, bound.start - 4) : bound.start]
        if token.text not in ARTICLES and token.kind not in ("AGE", "OLD")
    ]
    opening = before[-1].kind if before else ""
    is_birthday = any(token.kind == "BIRTHDAY" for token in tokens[bound.start : bound.end])
    if opening == "NOT_REACHED" or (is_birthday and before and before[-1].text in ("before", "until", "prior")):
        return replace(bound, comparison="LT", tells_age=True)
    if opening == "UPTO" or (is_birthday and opening in ("UPTO", "TO")):
        return replace(bound, comparison="LE")
    if opening in ("FROM", "REACHED"):
        return replace(bound, comparison="GE", tells_age=bound.tells_age or is_birthday)
    return bound


def _read_range(tokens: Sequence[Token], low: Bound, high: Bound) -> Span | None:
    links = tokens[low.end : high.start]
    kinds = {token.kind for token in links}
    if not all(token.kind in LINKS or token.text in ARTICLES for token in links):
        return None
    opening = _opening(tokens, low.start)
    joined = bool(kinds & {"TO", "UPTO"}) or (
        "AND" in kinds and (bool(opening & {"BETWEEN", "FROM"}) or _is_bare_pair(tokens, low, high))
    )
    if not joined or low.comparison in ("LT", "LE") or high.comparison in ("GT", "GE"):
        return None
    unit = low.unit or high.unit
    low = replace(low, comparison=low.comparison or "GE", unit=unit)
    high = replace(high, comparison=high.comparison or "LE", unit=high.unit or unit)
    if low.years >= high.years:
        return None
    if high.end < len(tokens) and any(token.kind == "EXCLUSIVE" for token in tokens[high.end : high.end + 2]):
        low, high = replace(low, comparison="GT"), replace(high, comparison="LT")
    return Span((low, high), is_range=True, negated=bool(opening & {"NOT", "OUTSIDE"}))


def _opening(tokens: Sequence[Token], start: int) -> set[str]:
    """The kinds of the words that open a range: "not between the ages of", "outside the age range of"."""
    position = start
    while position > 0 and (tokens[position - 1].kind in OPENINGS or tokens[position - 1].text in ARTICLES):
        position -= 1
    return {token.kind for token in tokens[position:start]}


def _is_bare_pair(tokens: Sequence[Token], low: Bound, high: Bound) -> bool:
    """ "aged 18 and 65 years": two numbers without a comparison, led by the word age."""
    led_by_age = low.start > 0 and tokens[low.start - 1].kind == "AGE"
    return led_by_age and low.comparison is None and high.comparison is None
