"""Statements as an account reads them: what is quoted and what is a comment holds no keywords. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Where Snowflake ends a comment of one line is sure for a line feed only, so a text is read both ways.
_LINES = (r"[^\n]*", r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*")
_READINGS = tuple(
    re.compile(
        r"(?P<text>'(?:[^'\\]|\\.|'')*'|(?<![\w$])\$\$.*?\$\$)"
        r'|(?P<name>"(?:[^"]|"")*")'
        rf"|--{line}|//{line}|/\*.*?\*/",
        re.DOTALL,
    )
    for line in _LINES
)
_ODD = re.compile(r"[^\w$]", re.ASCII)
_ENDS = re.compile(r"[;\s]*\Z")
_ASKS = re.compile(r"\s*(?:SELECT|WITH)\b", re.IGNORECASE)


def keyword(pattern: str) -> str:
    """As part of an expression for what `readings` gives: a name in quotes is none."""
    return rf'(?<![\w$"])(?:{pattern})(?![\w$"])'


# Reserved words, which no query has as a name, and what starts something else from within a query.
# https://docs.snowflake.com/en/sql-reference/reserved-keywords
_DOES = re.compile(
    rf"{keyword('ALTER|CREATE|DELETE|DROP|GRANT|INSERT|REVOKE|UPDATE')}|{keyword('AS')}\s+{keyword('PROCEDURE')}|->>",
    re.IGNORECASE,
)


def readings(statement: str) -> Iterator[str]:
    """The statement without texts and comments, and with a name in quotes as one word in quotes: each way it can be read."""
    for pieces in _READINGS:
        yield pieces.sub(_plain, statement)


def fault_of_query(query: str) -> str | None:
    """Why this is no query that only asks, or None."""
    if not _ASKS.match(query):
        return "begins with neither SELECT nor WITH"
    return fault_of_expression(query)


def fault_of_expression(text: str) -> str | None:
    """Why this is not a part of a query that only asks, or None."""
    for reading in readings(text):
        if found := _DOES.search(reading):
            return f"does something, by {' '.join(found.group().split()).upper()}"
        if ";" in _ENDS.sub("", reading):
            return "holds more than one statement"
    return None


def _plain(found: re.Match[str]) -> str:
    if found["name"]:
        return f' "{_ODD.sub("_", found["name"][1:-1])}" '
    return " '' " if found["text"] else " "
