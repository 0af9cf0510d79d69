"""Failures while a statement runs, in Snowflake's numbers and words.

Translated expressions raise them by DuckDB's ``error('..')`` with the number and SQLSTATE in front.
"""

from __future__ import annotations

import re

from mlops_local.account.errors import AccountError

_MARKED = re.compile(r"\[(\d+) (\w{5})\] (.*)", re.DOTALL)
# DuckDB's complaint about a value, and Snowflake's number, SQLSTATE and words for it; the first that fits.
_TIME_LIKE = r"\d{1,5}-\d{1,2}(?:-\d{1,2})?[^'\"]*"
_COMPLAINTS = tuple(
    (re.compile(pattern, re.DOTALL), number, state, words)
    for pattern, number, state, words in (
        (
            rf"string '({_TIME_LIKE})' to INT64",
            100035,
            "22007",
            "Timestamp '{}' is not recognized; this account holds timestamps from 1677-09-22 to 2262-04-11",
        ),
        (
            r"with value (\d+-\d+-\d+) can't be cast",
            100035,
            "22007",
            "Timestamp '{}' is out of range; this account holds timestamps from 1677-09-22 to 2262-04-11",
        ),
        (r"[Cc]ould not convert string ['\"](.*?)['\"] to BOOL", 100037, "22018", "Boolean value '{}' is not recognized"),
        (r"[Cc]ould not convert string ['\"](.*?)['\"] to", 100038, "22018", "Numeric value '{}' is not recognized"),
        (r"date field (?:format|value out of range): \"(.*?)\"", 100040, "22007", "Date '{}' is not recognized"),
        (r"timestamp field (?:format|value out of range): \"(.*?)\"", 100035, "22007", "Timestamp '{}' is not recognized"),
        (r"time field (?:format|value out of range): \"(.*?)\"", 100108, "22007", "Time '{}' is not recognized"),
        (r"Could not parse string \"(.*?)\" according to format", 100096, "22007", "Can't parse '{}' by its format"),
        (
            r"(?:Could not cast|[Cc]asting) value \"?([^\s\"]+)\"? to (?:type )?DECIMAL",
            100132,
            "22003",
            "Number out of representable range: value {}",
        ),
        (
            r"with value (\S+) can't be cast because the value is out of range",
            100132,
            "22003",
            "Number out of representable range: value {}",
        ),
        (r"(Overflow in \w+ of INT\w+ \(.*?\))", 100046, "22003", "Number out of representable range: {}"),
        (r"Malformed JSON .*? Input: \"(.*)\"", 100069, "22P02", "Error parsing JSON: {}"),
        (r"Invalid input for hex digit: (.*)", 100115, "22000", "The following string is not a legal hex-encoded value: '{}'"),
    )
)
_NOT_NULL = re.compile(r"NOT NULL constraint failed: t\d+\.(.*)")


def marked(number: int, state: str, message: str) -> str:
    """The text for ``error(..)``, to be put between single quotes."""
    return f"[{number} {state}] {message}"


DIVISION_BY_ZERO = marked(100051, "22012", "Division by zero")


def run_error(text: str) -> AccountError | None:
    """The failure that DuckDB's text carries; None when it carries none of ours."""
    if match := _MARKED.search(text):
        return AccountError(int(match[1]), match[2], match[3])
    if match := _NOT_NULL.search(text):
        return AccountError(100072, "22000", f"NULL result in a non-nullable column ({match[1]})")
    for pattern, number, state, words in _COMPLAINTS:
        if match := pattern.search(text):
            return AccountError(number, state, words.format(match[1]))
    return None
