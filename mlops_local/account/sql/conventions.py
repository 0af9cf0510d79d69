"""How the session reads and writes dates and times: its TIMEZONE and its formats.

Conversions are everywhere in a statement, and none of them knows the session; what they go by is set around the statement.
https://docs.snowflake.com/en/sql-reference/date-time-input-output
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from mlops_local.account.session.parameters import UTC

_KINDS = ("DATE", "TIME", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ")
_DEFAULTS = {
    "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
    "TIME_OUTPUT_FORMAT": "HH24:MI:SS",
    "TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3",
    "TIMESTAMP_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM",
}


@dataclass(frozen=True)
class Conventions:
    """``zone`` is None for UTC. ``writing`` and ``reading`` have the formats, by type, that are not the usual ones."""

    zone: str | None
    writing: Mapping[str, str]
    reading: Mapping[str, str]


_PLAIN = Conventions(None, {}, {})
_current: ContextVar[Conventions] = ContextVar("conventions", default=_PLAIN)


def conventions() -> Conventions:
    """Those of the session whose statement is being translated."""
    return _current.get()


@contextmanager
def following(parameters: Mapping[str, Any]) -> Iterator[None]:
    """While a statement of a session with these parameters is translated and run."""
    token = _current.set(_of(parameters))
    try:
        yield
    finally:
        _current.reset(token)


def _of(parameters: Mapping[str, Any]) -> Conventions:
    zone = str(parameters["TIMEZONE"])
    writing = {kind: form for kind in _KINDS if (form := _format(parameters, kind, "OUTPUT"))}
    reading = {kind: form for kind in _KINDS if (form := _format(parameters, kind, "INPUT"))}
    made = Conventions(None if zone.upper() in UTC else zone, writing, reading)
    return _PLAIN if made == _PLAIN else made


def _format(parameters: Mapping[str, Any], kind: str, direction: str) -> str | None:
    """The format that was set for a type; the timestamps share one where they have none of their own."""
    names = [f"{kind}_{direction}_FORMAT"] if direction == "OUTPUT" or not kind.startswith("TIMESTAMP") else []
    if kind.startswith("TIMESTAMP") and not (kind == "TIMESTAMP_NTZ" and direction == "OUTPUT"):
        names.append(f"TIMESTAMP_{direction}_FORMAT")
    for name in names:
        form = str(parameters.get(name) or "")
        if form and form.upper() != "AUTO":
            return None if form.upper() == _DEFAULTS.get(name) else form
    return None
