"""Bound values put where the ``?`` marks stand, as constants of their types.

https://docs.snowflake.com/en/developer-guide/python-connector/python-connector-example#binding-data
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from mlops_local.account.errors import AccountError, unsupported
from mlops_local.account.session.session import Bind
from mlops_local.account.syntax.lexer import tokenize

# What stands in the text without quotes must look like nothing else.
_BARE = {"FIXED": re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?"), "BOOLEAN": re.compile(r"true|false|[01]", re.IGNORECASE)}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bind_values(text: str, binds: tuple[Bind, ...]) -> tuple[str, tuple[Bind, ...] | None]:
    """The text with constants for its marks; array binds are left in place and returned for bulk insertion."""
    if not binds:
        return text, None
    if any(isinstance(bind.value, list) for bind in binds):
        return text, binds
    marks = [token for token in tokenize(text) if token.kind == "mark" and token.text == "?"]
    if len(marks) != len(binds):
        raise AccountError(
            2049,
            "42601",
            f"SQL compilation error:\nBind variables: the statement has {len(marks)} marks, {len(binds)} values came.",
        )
    return replace_spans(text, [(mark.start, mark.end, constant(bind)) for mark, bind in zip(marks, binds, strict=True)]), None


def replace_spans(text: str, spans: Sequence[tuple[int, int, str]]) -> str:
    """The text with each (start, end) replaced by its new text, in one pass."""
    parts, position = [], 0
    for start, end, new in spans:
        parts += [text[position:start], new]
        position = end
    return "".join([*parts, text[position:]])


def constant(bind: Bind) -> str:
    """A SQL constant of the bound type, in Snowflake's syntax."""
    value = bind.value
    if isinstance(value, list):
        raise unsupported("an array where one value is expected")
    if value is None:
        return "NULL"
    quoted = "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
    kind = bind.type.upper()
    if kind in _BARE and not _BARE[kind].fullmatch(value):
        raise AccountError(100038, "22018", f"{kind} value '{value}' is not recognized")
    if kind == "TEXT":
        return quoted
    if kind in _CONSTANTS:
        return _CONSTANTS[kind].format(value if kind in _BARE else _text_of(kind, value, quoted))
    raise unsupported(f"binding of type {bind.type}")


# A blank before and behind: "?::int" must not become one word with what follows.
_CONSTANTS = {
    "FIXED": "({})",
    "REAL": "({}::FLOAT)",
    "BOOLEAN": "({}::BOOLEAN)",
    "DATE": "({}::DATE)",
    "TIME": "({}::TIME)",
    "BINARY": "(TO_BINARY({}, 'HEX'))",
    "TIMESTAMP_NTZ": "({}::TIMESTAMP_NTZ)",
    "TIMESTAMP_LTZ": "({}::TIMESTAMP_LTZ)",
    "TIMESTAMP_TZ": "({}::TIMESTAMP_TZ)",
    "VARIANT": "(PARSE_JSON({}))",
    "OBJECT": "(PARSE_JSON({})::OBJECT)",
    "ARRAY": "(PARSE_JSON({})::ARRAY)",
}


def _text_of(kind: str, value: str, quoted: str) -> str:
    if kind == "DATE":
        return f"'{(_EPOCH + timedelta(milliseconds=int(value))).date().isoformat()}'"
    if kind == "TIME":
        return "'" + clock_text(int(value)) + "'"
    if kind.startswith("TIMESTAMP"):
        return "'" + timestamp_text(kind, value) + "'"
    return quoted


def clock_text(nanoseconds: int) -> str:
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{fraction:09d}"


def timestamp_text(kind: str, value: str) -> str:
    """``value`` is nanoseconds since 1970; TIMESTAMP_TZ carries its offset in minutes plus 1440 behind a blank."""
    parts = value.split(" ")
    offset = int(parts[1]) - 1440 if kind == "TIMESTAMP_TZ" and len(parts) > 1 else 0
    seconds, fraction = divmod(int(parts[0]) + offset * 60_000_000_000, 1_000_000_000)
    text = (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat(" ") + f".{fraction:09d}"
    if kind == "TIMESTAMP_NTZ":
        return text
    return f"{text}{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"
