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
# "Meets none of the exclusion criteria" speaks of a part, it does not open one.
MENTION = re.compile(
    r"(?:\b(?:meets?|meeting|none|any|no|not|satisf\w+|fulfil\w*|per|above|by|other|of)\b)[^.\n]*$", re.IGNORECASE
)

BULLET = r"(?:[-*•●▪◦·]|\(?\d{1,2}[.)]|\(?[a-zA-Z][.)]|\(?[ivx]{1,4}[.)])"
SOFT_BREAK = re.compile(rf"(?<=[^\n]{{60}})[ \t]*\n[ \t]{{4,}}(?!{BULLET}[ \t])(?=\S)")
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
    r"(?:(?:minimum|maximum|lower|upper|min|max)\.?\s+)?age(?:\s+(?:limits?|range|group))?s?\s*[:=-]*$", re.IGNORECASE
)


@dataclass(frozen=True)
class Clause:
    text: str
    excludes: bool


def read_clauses(text: str) -> list[Clause]:
    """A clause is one bullet, one sentence or one side of a semicolon."""
    return [
        clause
        for part, excludes in _parts(_normalise(text))
        for words in _labelled(_cut(part))
        for clause in _judged(words, excludes)
    ]


def _judged(words: str, excludes: bool) -> Iterator[Clause]:
    """A sentence of the inclusion part may exclude in itself: "aged 18 to 65, pregnant women will be excluded"."""
    if excludes or not EXCLUDING.search(words):
        yield Clause(words, excludes)
        return
    for words_between_commas in re.split(r",\s", words):
        yield Clause(words_between_commas, bool(EXCLUDING.search(words_between_commas)))


def _normalise(text: str) -> str:
    text = unicodedata.normalize("NFKC", html.unescape(text)).replace("\r\n", "\n").replace("\r", "\n")
    for pattern, sign in SIGNS:
        text = re.sub(pattern, sign, text)
    # Registry exports wrap long lines and indent what follows; a break without that is a new item.
    return SOFT_BREAK.sub(" ", text)


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    start, excludes = 0, False
    for heading in HEADING.finditer(text):
        if _is_mention(text, heading):
            continue
        yield text[start : heading.start()], excludes
        start, excludes = heading.end(), _opens_exclusion(heading)
    yield text[start:], excludes


def _is_mention(text: str, heading: re.Match[str]) -> bool:
    line_start = text.rfind("\n", 0, heading.start()) + 1
    return bool(heading["criteria"]) and bool(MENTION.search(text[line_start : heading.start()]))


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
