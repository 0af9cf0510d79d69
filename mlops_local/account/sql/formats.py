"""Dates and times as text by Snowflake's formats: written piece by piece, read by DuckDB's ``strptime``.

https://docs.snowflake.com/en/sql-reference/date-time-input-output#about-the-elements-used-in-input-and-output-formats
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from mlops_local.account.errors import unsupported
from mlops_local.account.sql.conventions import conventions
from mlops_local.account.sql.typed import template, type_of, within
from mlops_local.account.syntax.names import literal
from mlops_local.account.syntax.types import TEXT, TIMESTAMP_LTZ, TIMESTAMP_NTZ

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
    "UUUU": "%Y",
    "FF": "FF9",
    **{f"FF{digits}": f"FF{digits}" for digits in range(10)},
    "TZHTZM": "TZHTZM",
    "TZH:TZM": "TZH:TZM",
    "TZH": "TZH",
    "TZD": "TZD",
}
_TOKEN = re.compile(
    "|".join([*sorted(map(re.escape, _ELEMENTS), key=len, reverse=True), r'"[^"]*"', "."]), re.IGNORECASE | re.DOTALL
)
_ZONES = {"TZHTZM", "TZH:TZM", "TZH"}
_MINUTES = "date_diff('minute', CAST({1} AS TIMESTAMP), CAST({0} AS TIMESTAMP))"
_OFFSETS = {
    "TZHTZM": f"printf('%s%02d%02d', CASE WHEN {_MINUTES} < 0 THEN '-' ELSE '+' END, abs({_MINUTES}) // 60, abs({_MINUTES}) % 60)",
    "TZH:TZM": f"printf('%s%02d:%02d', CASE WHEN {_MINUTES} < 0 THEN '-' ELSE '+' END, abs({_MINUTES}) // 60, abs({_MINUTES}) % 60)",
    "TZH": f"printf('%s%02d', CASE WHEN {_MINUTES} < 0 THEN '-' ELSE '+' END, abs({_MINUTES}) // 60)",
}


def _pieces(form: str) -> Iterator[str]:
    """Runs of ``strftime`` letters, and the elements that it has no right letter for, each by itself."""
    run = ""
    for match in _TOKEN.finditer(form):
        token = match[0]
        made = _ELEMENTS.get(token.upper())
        if made is not None and not made.startswith("%"):
            if run:
                yield run
            yield made
            run = ""
        else:
            run += made or _plain(token, form)
    if run:
        yield run


def _plain(token: str, form: str) -> str:
    if token.startswith('"'):
        return token[1:-1].replace("%", "%%")
    if len(token) == 1 and (not token.isalpha() or token in "TZ"):
        return "%%" if token == "%" else token
    raise unsupported(f"format element {token} in '{form}'")


def wall(moment: exp.Expr) -> exp.Expr:
    """A moment with a zone as the clocks of the session's zone show it; everything else as it is."""
    type_ = type_of(moment)
    if type_ is None or type_.name not in {"TIMESTAMP_LTZ", "TIMESTAMP_TZ"}:
        return moment
    zone = conventions().zone if type_.name == "TIMESTAMP_LTZ" else None
    shown = "{0}" if zone is None else f"timezone({within(literal(zone))}, {{0}})"
    return template(f"CAST({shown} AS TIMESTAMP_NS)", moment, type_=TIMESTAMP_NTZ)


def written(moment: exp.Expr, form: str) -> exp.Expr:
    """The text of a date, time or timestamp by a format."""
    type_ = type_of(moment)
    local = wall(moment)
    if type_ is not None and type_.name == "TIME":
        local = template("CAST('1970-01-01' AS DATE) + {0}", moment)
    zoned = type_ is not None and type_.name in {"TIMESTAMP_LTZ", "TIMESTAMP_TZ"}
    parts = [_written(piece, form) for piece in _pieces(form)] or ["''"]
    return template(" || ".join(parts), local, moment if zoned else local, type_=TEXT)


def _written(piece: str, form: str) -> str:
    if piece in _OFFSETS:
        return _OFFSETS[piece]
    if piece == "TZD":
        raise unsupported(f"format element TZD in '{form}'")
    if re.fullmatch(r"FF\d", piece):
        digits = "lpad(CAST((epoch_ns({0}) % 1000000000 + 1000000000) % 1000000000 AS VARCHAR), 9, '0')"
        return digits if piece == "FF9" else f"left({digits}, {piece[2]})"
    return f"strftime({{0}}, {within(literal(piece))})"


def read(text: exp.Expr, form: str) -> exp.Expr:
    """The timestamp that a text says by a format: with a zone where the format has one, else a wall clock."""
    letters = "".join(_read(piece, form) for piece in _pieces(form))
    if "%z" in letters:
        return template(f"CAST(strptime({{0}}, {within(literal(letters))}) AS TIMESTAMPTZ)", text, type_=TIMESTAMP_LTZ)
    return template(f"CAST(strptime({{0}}, {within(literal(letters))}) AS TIMESTAMP_NS)", text, type_=TIMESTAMP_NTZ)


def _read(piece: str, form: str) -> str:
    if piece in _ZONES:
        return "%z"
    if piece in {"FF0", "TZD"}:
        raise unsupported(f"format element {piece} in '{form}'")
    if piece.startswith("FF"):
        return {"FF3": "%g", "FF6": "%f"}.get(piece, "%n")
    return piece
