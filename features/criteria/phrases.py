"""One statement that may be about age, with the words around it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from features.criteria.bounds import LINKS, OLDEST, Span
from features.criteria.tokens import Token
from features.criteria.words import CONDITIONS, MEASURES, NEUTRAL, NEUTRAL_KINDS


@dataclass(frozen=True)
class Phrase:
    """Spans said in one breath: they share their unit and their evidence, as in "below 18 or above 70 years"."""

    tokens: Sequence[Token]
    spans: tuple[Span, ...]

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
        while position > 0 and _is_neutral(self.tokens[position - 1]):
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
    phrases = [Phrase(tokens, _with_shared_unit(chain)) for chain in chains]
    return [phrase for phrase in phrases if all(bound.years <= OLDEST for span in phrase.spans for bound in span.bounds)]


def _continues(tokens: Sequence[Token], previous: Span, span: Span) -> bool:
    links = tokens[previous.end : span.start]
    compares = any(bound.comparison for bound in span.bounds)
    # "18 < age < 65" is one statement; a second word for age after other words opens another one, as in
    # "gestational age 37-43 weeks and postnatal age < 48 hours".
    is_infix = [token.kind for token in links] == ["AGE"]
    return compares and len(links) <= 3 and (is_infix or all(token.kind in LINKS - {"AGE"} for token in links))


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


def _with_shared_unit(chain: Sequence[Span]) -> tuple[Span, ...]:
    unit = next((span.unit for span in chain if span.unit), None)
    return tuple(replace(span, bounds=tuple(replace(bound, unit=bound.unit or unit) for bound in span.bounds)) for span in chain)


def _is_neutral(token: Token) -> bool:
    return token.kind in NEUTRAL_KINDS or token.text in NEUTRAL or token.text.startswith("non")
