"""Values of the expression language and how one kind becomes another: the left operand of a comparison decides.

https://learn.microsoft.com/azure/devops/pipelines/process/expressions#type-casting
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal

from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence
from mlops_local.agent.scalars import Primitive, Version, parse_number, parse_version, render


class ExpressionError(Exception):
    """An expression that cannot be read or evaluated; whoever knows the place adds file and line."""


class Table:
    """Named values of a context such as `variables`; names are case-insensitive and an absent one is null."""

    def __init__(self, entries: Iterable[tuple[str, Value]] = ()) -> None:
        self._entries = {name.casefold(): (name, value) for name, value in entries}

    def lookup(self, name: str) -> Value:
        found = self._entries.get(name.casefold())
        return found[1] if found else None

    def pairs(self) -> list[tuple[str, Value]]:
        return list(self._entries.values())

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._entries


Value = Primitive | Sequence | Mapping | Table


class _Impossible:
    """The answer of a conversion that does not exist; null is a value and cannot say so."""


IMPOSSIBLE = _Impossible()
Converted = Value | _Impossible


def value_of(node: Node | None) -> Value:
    return node.value if isinstance(node, Scalar) else node


def pairs_of(value: Mapping | Table) -> list[tuple[str, Value]]:
    if isinstance(value, Table):
        return value.pairs()
    return [(key.text, value_of(item)) for key, item in value.pairs]


def member(value: Value, name: Value) -> Value:
    """`value[name]`: a list takes a number, a mapping takes a text, anything else has no members."""
    if isinstance(value, Sequence):
        index = to_number(name)
        if not isinstance(index, Decimal) or index != int(index) or not 0 <= index < len(value.items):
            return None
        return value_of(value.items[int(index)])
    if isinstance(value, Mapping):
        return value_of(value.lookup(to_text(name)))
    if isinstance(value, Table):
        return value.lookup(to_text(name))
    return None


def is_true(value: Value) -> bool:
    if value is None:
        return False
    if isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        return value != 0
    if isinstance(value, str):
        return value != ""
    return True


def to_number(value: Value) -> Decimal | _Impossible:
    if value is None:
        return Decimal(0)
    if isinstance(value, bool):
        return Decimal(int(value))
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str):
        number = parse_number(value)
        return IMPOSSIBLE if number is None else number
    return IMPOSSIBLE


def to_text(value: Value) -> str:
    if isinstance(value, Sequence | Mapping | Table):
        raise ExpressionError(f"A {kind_of(value)} cannot become a text; use convertToJson or join.")
    return render(value)


def kind_of(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, Sequence):
        return "list"
    if isinstance(value, Mapping | Table):
        return "mapping"
    names = {"bool": "boolean", "Decimal": "number", "str": "string", "Moment": "date", "Version": "version"}
    return names[type(value).__name__]


def convert_like(value: Value, left: Value) -> Converted:
    """`value` as the kind of `left`, as eq() and its relatives do it."""
    if isinstance(left, bool):
        return is_true(value)
    if isinstance(left, Decimal):
        return to_number(value)
    if isinstance(left, str):
        return IMPOSSIBLE if isinstance(value, Sequence | Mapping | Table) else render(value)
    if isinstance(left, Version):
        return _to_version(value)
    if left is None:
        return None if value is None or value == "" else IMPOSSIBLE
    return value


def _to_version(value: Value) -> Converted:
    if isinstance(value, Version):
        return value
    if isinstance(value, str | Decimal) and not isinstance(value, bool):
        version = parse_version(render(value))
        return IMPOSSIBLE if version is None else version
    return IMPOSSIBLE


def equal(left: Value, right: Value) -> bool:
    converted = convert_like(right, left)
    if isinstance(converted, _Impossible):
        return False
    if isinstance(left, str) and isinstance(converted, str):
        return left.upper() == converted.upper()
    if isinstance(left, Sequence | Mapping | Table):
        return left is converted
    return left == converted


def compare(left: Value, right: Value) -> int:
    """-1, 0 or 1; two values without a common order are an error."""
    if left is None:
        left = Decimal(0)
    converted = convert_like(right, left)
    if isinstance(converted, _Impossible) or isinstance(left, Sequence | Mapping | Table):
        raise ExpressionError(f"A {kind_of(right)} cannot be compared with a {kind_of(left)}.")
    if isinstance(left, str) and isinstance(converted, str):
        return _order(left.upper(), converted.upper())
    return _order(left, converted)


def _order(left: object, right: object) -> int:
    if left == right:
        return 0
    return -1 if left < right else 1  # type: ignore[operator]


def plain(value: Value) -> object:
    """The value as Python's own types: for JSON and for readers outside the expression language."""
    if isinstance(value, Sequence):
        return [plain(value_of(item)) for item in value.items]
    if isinstance(value, Mapping | Table):
        return {key: plain(item) for key, item in pairs_of(value)}
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value) if isinstance(value, Version) else value


def to_json(value: Value) -> str:
    return json.dumps(plain(value), indent=2, ensure_ascii=False)
