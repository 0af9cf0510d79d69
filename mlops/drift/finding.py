from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`wanted` is what the pipeline left, `found` what is there now."""

    kind: str
    name: str
    what: str
    wanted: str
    found: str


def compare(kind: str, name: str, wanted: Mapping[str, object], found: Mapping[str, object]) -> Iterator[Finding]:
    for what, value in wanted.items():
        if found.get(what) != value:
            yield Finding(kind, name, what, _text(value), _text(found.get(what)))


def _text(value: object) -> str:
    return "none" if value is None else str(value)
