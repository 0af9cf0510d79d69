"""Snowflake's date and time formats in DuckDB's letters.

https://docs.snowflake.com/en/sql-reference/date-time-input-output#about-the-elements-used-in-input-and-output-formats
"""

from __future__ import annotations

import re

from mlops_local.account.errors import unsupported

_ELEMENTS = {
    "YYYY": "%Y",
    "YY": "%y",
    "MMMM": "%B",
    "MON": "%b",
    "MM": "%m",
    "DD": "%d",
    "DY": "%a",
    "HH24": "%H",
    "HH12": "%I",
    "HH": "%H",
    "AM": "%p",
    "PM": "%p",
    "MI": "%M",
    "SS": "%S",
    "FF3": "%g",
    "FF6": "%f",
    "FF9": "%n",
    "FF": "%n",
    "TZHTZM": "%z",
    "TZH:TZM": "%z",
    "TZD": "%Z",
    "TZH": "%z",
    "UUUU": "%Y",
}
_TOKEN = re.compile(
    "|".join([*sorted(map(re.escape, _ELEMENTS), key=len, reverse=True), r'"[^"]*"', r"FF\d", "."]), re.IGNORECASE | re.DOTALL
)


def duckdb_format(text: str) -> str:
    """The format for strftime and strptime."""
    parts = []
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token.upper() in _ELEMENTS:
            parts.append(_ELEMENTS[token.upper()])
        elif token.startswith('"'):
            parts.append(token[1:-1].replace("%", "%%"))
        elif len(token) == 1 and (not token.isalpha() or token in "TZ"):
            parts.append("%%" if token == "%" else token)
        else:
            raise unsupported(f"format element {token} in '{text}'")
    return "".join(parts)
