"""VARIANT, OBJECT and ARRAY values as the text that Snowflake shows: indented by two, numbers untouched."""

from __future__ import annotations

import json
import re
from typing import Any

import pyarrow as pa

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_CLOSING = {"{": "}", "[": "]"}


def indented(array: pa.Array) -> list[str | None]:
    """One text per value. Values that the engine holds as lists, structs or maps become JSON first."""
    values = array.to_pylist(maps_as_pydicts="strict") if pa.types.is_nested(array.type) else array.to_pylist()
    if not pa.types.is_string(array.type) and not pa.types.is_null(array.type):
        values = [None if value is None else json.dumps(value, default=_plain) for value in values]
    return [indent(value) if value and value[0] in "{[" else value for value in values]


def indent(text: str) -> str:
    """The JSON text with two blanks per level; not parsed and printed anew, because that would change long numbers."""
    parts: list[str] = []
    words = _TOKEN.findall(text)
    margin = "\n"
    for place, word in enumerate(words):
        before = words[place - 1] if place else ""
        if word in _CLOSING:
            margin += "  "
            parts.append(word if words[place + 1] == _CLOSING[word] else word + margin)
        elif word in {"}", "]"}:
            margin = margin[:-2]
            parts.append(word if _CLOSING.get(before) == word else margin + word)
        elif word == ",":
            parts.append("," + margin)
        else:
            parts.append(": " if word == ":" else word)
    return "".join(parts)


def _plain(value: Any) -> Any:
    return value.hex().upper() if isinstance(value, bytes) else str(value)
