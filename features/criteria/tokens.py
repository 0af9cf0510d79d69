"""Turns a clause into tokens: numbers, units, comparisons, words for age and for people, and everything else."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from features.criteria.lexicon import LEXICON, SMALL_NUMBERS, SPELLINGS, TENS

NUMBER_WORDS = {word: value for value, word in enumerate(SMALL_NUMBERS)} | {
    word: 10 * value for value, word in enumerate(TENS, 2)
}
NUMBER_WORD = re.compile(rf"\b(?:({'|'.join(TENS)})(?:[\s-]+({'|'.join(SMALL_NUMBERS[1:10])}))?|({'|'.join(SMALL_NUMBERS)}))\b")

# A phrase begins and ends at the edge of a word; a sign such as ">=" has no edge to keep.
_START, _END = r"(?:(?<![a-z])|(?![a-z]))", r"(?:(?<![a-z])|(?![a-z]))"
TOKEN = re.compile("|".join(f"(?P<k{row}>{_START}(?:{pattern}){_END})" for row, (_, pattern) in enumerate(LEXICON)))

COMPARISONS = ("GE", "GT", "LE", "LT")
NEGATED = {"GE": "LT", "GT": "LE", "LE": "GT", "LT": "GE"}
OR_EQUAL = {"GT": "GE", "GT?": "GE", "GE": "GE", "LT": "LE", "LT?": "LE", "LE": "LE"}


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    value: float = 0.0

    @property
    def tells_age(self) -> bool:
        """ "older than 18" and "minimum age 18" are about age, "more than 18" need not be."""
        return any(word in self.text for word in ("old", "young", "age", "elder"))


def read_tokens(clause: str) -> list[Token]:
    text = NUMBER_WORD.sub(_digits, clause.lower())
    for pattern, spelling in SPELLINGS:
        text = re.sub(pattern, spelling, text)
    return _fold(list(_tokens(text)))


def _digits(words: re.Match[str]) -> str:
    return str(sum(NUMBER_WORDS[word] for word in words.groups() if word))


def _tokens(text: str) -> Iterator[Token]:
    for match in TOKEN.finditer(text):
        kind = LEXICON[int(str(match.lastgroup)[1:])][0]
        yield Token(kind, match.group().strip(), _value(match.group()) if kind == "NUM" else 0.0)


def _value(digits: str) -> float:
    whole = digits.removesuffix("1/2").rstrip(" -")
    if digits == "birth":
        return 0.0
    return float(whole.replace(",", "")) + 0.5 if whole != digits else float(digits.replace(",", ""))


def _fold(tokens: list[Token]) -> list[Token]:
    """Joins what belongs together: "not" + "older than", "greater than" + "or equal to", "eighteen" + "(18)"."""
    folded: list[Token] = []
    for token in tokens:
        folded.append(token)
        while joined := _joined(folded):
            folded = joined
    return [replace(token, kind="WORD") if token.kind in ("GT?", "LT?") else token for token in folded]


def _joined(tokens: list[Token]) -> list[Token] | None:
    kinds = [token.kind for token in tokens[-4:]]
    if len(kinds) >= 2 and (joined := _joined_comparison(tokens[-2], tokens[-1])):
        return [*tokens[:-2], joined]
    if len(kinds) == 4 and (kinds[1], kinds[3]) == ("OPEN", "CLOSE") and _says_again(tokens[-4], tokens[-2]):
        return tokens[:-3]
    return None


def _joined_comparison(left: Token, right: Token) -> Token | None:
    text = f"{left.text} {right.text}"
    if right.kind == "EQ" and left.kind in OR_EQUAL:
        return Token(OR_EQUAL[left.kind], text)
    if left.kind == "EQ" and right.kind in OR_EQUAL:
        return Token(OR_EQUAL[right.kind], text)
    if left.kind == "NOT" and right.kind in COMPARISONS:
        return Token(NEGATED[right.kind], text)
    return None


def _says_again(token: Token, in_brackets: Token) -> bool:
    if token.kind == "NUM":
        return in_brackets.kind == "NUM" and token.value == in_brackets.value
    return token.kind in COMPARISONS and in_brackets.kind in COMPARISONS
