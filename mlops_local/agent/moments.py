"""The one date of the expression language, `pipeline.startTime`, and the patterns in which format() writes it.

https://learn.microsoft.com/azure/devops/pipelines/process/expressions#format
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

_PIECE = re.compile(r"\\(?P<escaped>.)|(?P<blank> +)|(?P<word>(?P<letter>[a-zA-Z])(?P=letter)*)|(?P<other>.)", re.DOTALL)
_PADDED = {"yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_PLAIN: dict[str, Callable[[datetime], int]] = {
    "M": lambda moment: moment.month,
    "d": lambda moment: moment.day,
    "H": lambda moment: moment.hour,
    "m": lambda moment: moment.minute,
    "s": lambda moment: moment.second,
}


class Moment(str):
    """A text for everything but format(): `2026-03-04 10:00:00+00:00`."""

    __slots__ = ()


def write_moment(moment: Moment, pattern: str) -> str:
    """ValueError when the pattern has a piece that Azure does not know."""
    at = datetime.fromisoformat(moment)
    return "".join(_written(found, at) for found in _PIECE.finditer(pattern))


def _written(found: re.Match[str], at: datetime) -> str:
    word = found["word"]
    if word is None:
        if found["other"] is not None:
            raise ValueError(f"'{found['other']}' needs a backslash in front")
        return found["escaped"] or found["blank"]
    if word in _PADDED:
        return at.strftime(_PADDED[word])
    if word in _PLAIN:
        return str(_PLAIN[word](at))
    if set(word) == {"f"} and len(word) <= 7:
        return f"{at.microsecond * 10:07}"[: len(word)]
    if word in ("zzz", "K"):
        return at.isoformat()[-6:]
    raise ValueError(f"'{word}' is unknown")
