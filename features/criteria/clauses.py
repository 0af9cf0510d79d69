"""Cuts a registry's eligibility text into clauses, each known to include or to exclude."""

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# What registries and word processors write for the same sign; applied after NFKC, which already folds full-width forms.
SIGNS = (
    (r"[\u2010-\u2015\u2212~\uff5e]", "-"),
    (r"[\u2018\u2019\u02bc]", "'"),
    (r"\\([<>=~*\-\[\]])", r"\1"),
    ("\u2267|\u2a7e", "\u2265"),
    ("\u2266|\u2a7d", "\u2264"),
    ("\u2044", "/"),
    (r"(?<=\d)\u00a0", " "),
)

HEADING = re.compile(
    # "Inclusion and exclusion criteria" over one list opens what is included.
    r"(?:(?P<criteria>\b(?P<kind>inclusion|exclusion)s?(?:\s*(?:and|/|&)\s*exclusion)?s?[\s_-]{0,3}criteri(?:a|on|um)\b)"
    r"|(?:^|(?<=[.;:\n]))[\s*\[-]*(?P<bare>inclusions?|exclusions?|include|excluded?|(?:not|in)[- ]?eligible(?: if)?)\s*\]?\s*:)",
    re.IGNORECASE | re.MULTILINE,
)
# "Meets none of the exclusion criteria" speaks of a part, it does not open one; a capital letter and a colon do.
MENTION = re.compile(
    r"\b(?:meets?|meeting|none|any|no|not|satisf\w+|fulfil\w*|per|above|by|other|of)(?:[ \t]+\w+){0,4}[ \t]*$", re.IGNORECASE
)
OPENED = re.compile(r"[^\n:]{0,60}:")
# Criteria of those who look after or treat the participant: "Inclusion criteria for caregivers", "Parents: Inclusion".
OTHERS = re.compile(
    r"\b(?:care-?\s?(?:givers?|takers?|rs?\b)|parents?|guardians?|support persons?|partners?|famil(?:y|ies)|relatives|"
    r"health-?\s?care|providers?|clinicians?|physicians?|facilitators?|teachers?|staff|informants?|workers?)\b",
    re.IGNORECASE,
)

BULLET = r"(?:[-*•●▪◦·]|\(?\d{1,2}[.)]|\(?[a-zA-Z][.)]|\(?[ivx]{1,4}[.)])"
SOFT_BREAK = re.compile(rf"(?<=[^\n]{{60}})[ \t]*\n[ \t]{{4,}}(?!{BULLET}[ \t])(?=\S)")
# Exports that lost their line breaks keep their bullets: " * ", and numbers that count up.
INLINE_BULLET = re.compile(r"(?<=\S)[ \t]+(?=[*•●▪◦][ \t]+\S)")
INLINE_NUMBER = re.compile(
    r"(?<![<>=\u2264\u2265])(?<!\bto)(?<!\bof)(?<!\bleast)(?<!\bthan)(?<!\bover)(?<!\bage)[ \t]+\(?(\d{1,2})[.)][ \t]+(?=\S)"
)
CLAUSE_BREAK = re.compile(
    rf"\n\s*(?:{BULLET}\s+)*"
    rf"|;\s+"
    # A full stop ends a clause unless it belongs to an abbreviation: "75 yrs. old", "i.e. older", "No. 5".
    rf"|(?<!\byrs)(?<!\byr)(?<!\bmos)(?<!\bi\.e)(?<!\be\.g)(?<!\bvs)(?<!\bmin)(?<!\bmax)\.\s+(?:{BULLET}\s+)?(?=[A-Z\d(<>\u2264\u2265])"
)
EXCLUDING = re.compile(
    r"\b(?:(?:be|are|is|were) (?:\w+ )?excluded|not (?:be )?(?:\w+ )?(?:eligible|included|enrolled|recruited|allowed|admitted)|"
    r"ineligible|cannot (?:participate|take part|be included))\b",
    re.IGNORECASE,
)
AGE_LABEL = re.compile(
    r"(?:^|.*:\s*)(?:(?:minimum|maximum|lower|upper|min|max)\.?\s+)?age(?:\s+(?:limits?|range|group))?s?\s*[:=-]*$", re.IGNORECASE
)


@dataclass(frozen=True)
class Clause:
    text: str
    excludes: bool
    # Said of somebody beside the participant.
    of_others: bool = False


@dataclass(frozen=True)
class _Part:
    text: str
    excludes: bool
    of_others: bool


def read_clauses(text: str) -> list[Clause]:
    """A clause is one bullet, one sentence or one side of a semicolon."""
    return [
        clause for part in _parts(_normalise(text)) for words in _labelled(_cut(part.text)) for clause in _judged(words, part)
    ]


def _judged(words: str, part: _Part) -> Iterator[Clause]:
    """A sentence of the inclusion part may exclude in itself: "aged 18 to 65, pregnant women will be excluded"."""
    if part.excludes or not EXCLUDING.search(words):
        yield Clause(words, part.excludes, part.of_others)
        return
    for words_between_commas in re.split(r",\s", words):
        yield Clause(words_between_commas, bool(EXCLUDING.search(words_between_commas)), part.of_others)


def _normalise(text: str) -> str:
    text = unicodedata.normalize("NFKC", html.unescape(text)).replace("\r\n", "\n").replace("\r", "\n")
    for pattern, sign in SIGNS:
        text = re.sub(pattern, sign, text)
    # Registry exports wrap long lines and indent what follows; a break without that is a new item.
    return _break_numbers(INLINE_BULLET.sub("\n", SOFT_BREAK.sub(" ", text)))


def _break_numbers(text: str) -> str:
    """Breaks before " 1. ", " 2. ", " 3. ", as long as they count up: "at least 18. Next" is no list."""
    pieces: list[str] = []
    start, expected = 0, 1
    for number in INLINE_NUMBER.finditer(text):
        if int(number[1]) in (1, expected):
            pieces.append(text[start : number.start()])
            start, expected = number.start(), int(number[1]) + 1
    return "\n".join([*pieces, text[start:]])


def _parts(text: str) -> Iterator[_Part]:
    start, excludes, of_others = 0, False, False
    for heading in HEADING.finditer(text):
        if _is_mention(text, heading):
            continue
        yield _Part(text[start : heading.start()], excludes, of_others)
        start, excludes, of_others = heading.end(), _opens_exclusion(heading), _is_of_others(text, heading)
    yield _Part(text[start:], excludes, of_others)


def _is_mention(text: str, heading: re.Match[str]) -> bool:
    if not heading["criteria"] or (heading["kind"][0].isupper() and OPENED.match(text, heading.end())):
        return False
    line_start = text.rfind("\n", 0, heading.start()) + 1
    return bool(MENTION.search(text[line_start : heading.start()]))


def _is_of_others(text: str, heading: re.Match[str]) -> bool:
    before = re.split(r"[.\n]", text[max(0, heading.start() - 60) : heading.start()])[-1]
    opened = OPENED.match(text, heading.end())
    return bool(OTHERS.search(before) or (opened and OTHERS.search(opened.group())))


def _opens_exclusion(heading: re.Match[str]) -> bool:
    word = (heading["kind"] or heading["bare"]).lower()
    return word.startswith(("ex", "not", "in-", "inel", "in el"))


def _cut(part: str) -> Iterator[str]:
    for clause in CLAUSE_BREAK.split("\n" + part):
        if words := " ".join(clause.split()).strip(" :]-*"):
            yield words


def _labelled(clauses: Iterator[str]) -> Iterator[str]:
    """Joins a label that stands alone to what follows: "Age" / "18 and over", "Minimum age" / "18 Years"."""
    label = ""
    for clause in clauses:
        if AGE_LABEL.match(clause):
            label = clause + ": "
            continue
        yield label + clause
        label = ""
