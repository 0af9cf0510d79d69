"""One statement that may be about age, with the words around it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from features.criteria.bounds import LINKS, OLDEST, YEARS_A_UNIT, Span
from features.criteria.tokens import COMPARISONS, Token
from features.criteria.words import CONDITIONS, MEASURES, NEUTRAL, NEUTRAL_KINDS, TIMES_BEHIND


@dataclass(frozen=True)
class Phrase:
    """Spans said in one breath: they share their unit and their evidence, as in "below 18 or above 70 years"."""

    tokens: Sequence[Token]
    spans: tuple[Span, ...]
    # Where the statement before it ends.
    floor: int = 0

    @property
    def start(self) -> int:
        return self.spans[0].start

    @property
    def end(self) -> int:
        return self.spans[-1].end

    @cached_property
    def lead(self) -> int:
        """Where the words begin that lead straight to the number."""
        position = self.start
        while position > self.floor and _is_neutral(self.tokens[position - 1]):
            position -= 1
        return position

    @property
    def leading(self) -> Sequence[Token]:
        return self.tokens[self.lead : self.start]

    @property
    def opener(self) -> str:
        """The word before the leading ones."""
        return self.tokens[self.lead - 1].text if self.lead else ""

    @property
    def unit(self) -> str | None:
        return next((span.unit for span in self.spans if span.unit), None)

    @property
    def tells_age(self) -> bool:
        return any(span.tells_age for span in self.spans)

    @property
    def compares(self) -> bool:
        return any(bound.comparison for span in self.spans for bound in span.bounds)

    def earlier(self, count: int) -> Sequence[Token]:
        return self.tokens[max(0, self.lead - count) : self.start]

    def behind(self, count: int) -> Sequence[Token]:
        return self.tokens[self.end : self.end + count]


def read_phrases(tokens: Sequence[Token], spans: Sequence[Span]) -> list[Phrase]:
    chains: list[list[Span]] = []
    for span in spans:
        if _is_measure(tokens, span):
            continue
        if chains and _continues(tokens, chains[-1][-1], span):
            chains[-1].append(span)
        else:
            chains.append([span])
    floors = [0, *(chain[-1].end for chain in chains)]
    phrases = [Phrase(tokens, _with_shared_unit(tokens, chain), floor) for chain, floor in zip(chains, floors[:-1], strict=True)]
    return [phrase for phrase in phrases if all(bound.years <= OLDEST for span in phrase.spans for bound in span.bounds)]


def _continues(tokens: Sequence[Token], previous: Span, span: Span) -> bool:
    kinds = [token.kind for token in tokens[previous.end : span.start]]
    # A range is complete in itself; what follows in brackets says it again: "1-17 years (12 months to 17 years 11 months)".
    if (previous.is_range and kinds != ["OPEN"]) or not any(bound.comparison for bound in span.bounds) or len(kinds) > 3:
        return False
    # "BMI < 30, 18-40 years" and "< 75 years old, > 5 years since menopause" are two statements.
    if (kinds == ["COMMA"] and span.is_range) or any(token.text in TIMES_BEHIND for token in tokens[span.end : span.end + 1]):
        return False
    # "18 < age < 65" is one statement; a second word for age after other words opens another one, as in
    # "gestational age 37-43 weeks and postnatal age < 48 hours".
    is_infix = kinds == ["AGE"] and tokens[previous.end - 1].kind in COMPARISONS
    return is_infix or all(kind in LINKS - {"AGE"} for kind in kinds)


def _is_measure(tokens: Sequence[Token], span: Span) -> bool:
    """Something else than an age: no unit of time, and "kg", "%" or "seizures" behind it."""
    if span.unit or span.tells_age or span.end >= len(tokens):
        return False
    following = tokens[span.end]
    if following.text in MEASURES:
        return True
    is_led_by_age = any(token.kind == "AGE" for token in tokens[max(0, span.start - 3) : span.start])
    is_plain = following.text in NEUTRAL | CONDITIONS | {".", "/", "-"}
    return not is_led_by_age and not is_plain and following.kind in ("WORD", "PUNCT")


def _with_shared_unit(tokens: Sequence[Token], chain: Sequence[Span]) -> tuple[Span, ...]:
    unit = next((span.unit for span in chain if span.unit), None) or _labelled_unit(tokens, chain[0].start)
    return tuple(replace(span, bounds=tuple(replace(bound, unit=bound.unit or unit) for bound in span.bounds)) for span in chain)


def _labelled_unit(tokens: Sequence[Token], start: int) -> str | None:
    """ "Age (months): 6-24", "age in months 6 to 24"."""
    label = [token.kind for token in tokens[max(0, start - 5) : start]]
    if "AGE" not in label or "NUM" in label:
        return None
    return next((kind for kind in label if kind in YEARS_A_UNIT), None)


def _is_neutral(token: Token) -> bool:
    return token.kind in NEUTRAL_KINDS or token.text in NEUTRAL or token.text.startswith("non")
