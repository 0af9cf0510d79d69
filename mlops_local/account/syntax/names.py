"""Snowflake's identifiers, and how they are kept apart in DuckDB, which folds case even inside quotes.

``"k"``, ``K`` and ``"K"`` are two names in Snowflake and one in DuckDB. A column is therefore stored under its
*physical* name: itself when it has no lower-case letter, otherwise itself plus ``~`` and a bit mask of the
lower-case positions, so two names that differ only by case stay two.
https://docs.snowflake.com/en/sql-reference/identifiers-syntax
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BARE = re.compile(r"[A-Z_][A-Z0-9_$]*\Z")
_MARK = "~"


@dataclass(frozen=True)
class Name:
    """A resolved object name: the parts as Snowflake stores them, unquoted, case kept."""

    database: str
    schema: str
    name: str

    def __str__(self) -> str:
        return ".".join(quote_if_needed(part) for part in (self.database, self.schema, self.name))


def quote_if_needed(part: str) -> str:
    """The identifier as Snowflake prints it: bare when it can be, else in double quotes."""
    return part if _BARE.match(part) else quote(part)


def quote(part: str) -> str:
    return '"' + part.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A SQL string literal for DuckDB."""
    return "'" + text.replace("'", "''") + "'"


def text_constant(text: str) -> str:
    """A string constant of a Snowflake statement, where the backslash escapes."""
    return literal(text.replace("\\", "\\\\"))


def fold(text: str, *, quoted: bool) -> str:
    """An identifier as it is stored: upper case unless it was quoted."""
    return text if quoted else text.upper()


def physical(name: str) -> str:
    """The DuckDB column name of a Snowflake column name; injective even when DuckDB ignores case."""
    if _MARK not in name and name == name.upper():
        return name
    mask = 0
    for position, letter in enumerate(name):
        if letter != letter.upper():
            mask |= 1 << position
    return f"{name}{_MARK}{mask:x}"


def logical(name: str) -> str:
    """The Snowflake column name of a DuckDB column name: the inverse of :func:`physical`."""
    head, mark, mask = name.rpartition(_MARK)
    return head if mark and re.fullmatch(r"[0-9a-f]+", mask) else name


def column(name: str) -> str:
    """A Snowflake column name, quoted for DuckDB."""
    return quote(physical(name))
