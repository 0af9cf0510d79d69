"""Scalars of the expression language and how they become text, number and boolean.

https://learn.microsoft.com/azure/devops/pipelines/process/expressions#type-casting
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

_NUMBER = re.compile(r"^[-+]?(\d[\d,]*\.?\d*|\.\d+)$")
_VERSION = re.compile(r"^\d+\.\d+(\.\d+){0,2}$")
_SEVEN_DIGITS = Decimal("0.0000001")


@dataclass(frozen=True, order=True)
class Version:
    parts: tuple[int, ...]

    def __str__(self) -> str:
        return ".".join(map(str, self.parts))


Primitive = None | bool | Decimal | str | Version


def render(value: Primitive) -> str:
    """Text as Azure writes it: booleans `True` and `False`, numbers with at most seven decimals, null as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, Decimal):
        return render_number(value)
    return str(value)


def render_number(value: Decimal) -> str:
    if value == value.to_integral_value():
        return f"{value.to_integral_value():f}"
    text = f"{value.quantize(_SEVEN_DIGITS, rounding=ROUND_HALF_UP):f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def parse_number(text: str) -> Decimal | None:
    text = text.strip()
    if not text:
        return Decimal(0)
    if not _NUMBER.match(text):
        return None
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None


def parse_version(text: str) -> Version | None:
    if not _VERSION.match(text.strip()):
        return None
    return Version(tuple(int(part) for part in text.strip().split(".")))


def parse_boolean(text: str) -> bool | None:
    """A boolean written in YAML or given on the command line: true and false in any case, nothing else."""
    return {"true": True, "false": False}.get(text.strip().lower())


def parse_switch(text: str) -> bool | None:
    """The value of a YAML keyword such as `continueOnError`, which takes more words than a parameter of type boolean.

    https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/boolean
    """
    return {"true": True, "y": True, "yes": True, "on": True, "false": False, "n": False, "no": False, "off": False}.get(
        text.strip().lower()
    )
