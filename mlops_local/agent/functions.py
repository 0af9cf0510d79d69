"""The functions of the expression language. One function of ours is one function of theirs.

https://learn.microsoft.com/azure/devops/pipelines/process/expressions#functions
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from mlops_local.agent.errors import Mark, Origin
from mlops_local.agent.moments import Moment, write_moment
from mlops_local.agent.nodes import Mapping, Scalar, Sequence
from mlops_local.agent.values import (
    ExpressionError,
    Table,
    Value,
    compare,
    equal,
    is_true,
    kind_of,
    pairs_of,
    to_json,
    to_number,
    to_text,
    value_of,
)

Thunk = Callable[[], Value]
MANY = 255
_COMPUTED = Mark(Origin("<expression>"), 1, 1)
_HOLE = re.compile(r"\{\{|\}\}|\{(\d+)(?::([^{}]*))?\}|[{}]")


@dataclass(frozen=True)
class Function:
    """Arguments arrive unevaluated, because and(), or(), in() and coalesce() stop early."""

    name: str
    least: int
    most: int
    apply: Callable[[list[Thunk]], Value]


def _strict(name: str, least: int, most: int, body: Callable[..., Value]) -> Function:
    return Function(name, least, most, lambda thunks: body(*(thunk() for thunk in thunks)))


def array(values: list[Value]) -> Sequence:
    """A list that was computed and stands in no file."""
    items = [Scalar(v, _COMPUTED, literal=True) if not isinstance(v, Sequence | Mapping | Table) else v for v in values]
    return Sequence([item for item in items if not isinstance(item, Table)], _COMPUTED)


def _contains_value(holder: Value, wanted: Value) -> bool:
    if isinstance(holder, Sequence):
        return any(equal(wanted, value_of(item)) for item in holder.items)
    if isinstance(holder, Mapping | Table):
        return any(equal(wanted, value) for _, value in pairs_of(holder))
    return False


def _coalesce(thunks: list[Thunk]) -> Value:
    value: Value = None
    for thunk in thunks:
        value = thunk()
        if value is not None and value != "":
            return value
    return value


def _format(template: Value, *values: Value) -> str:
    def fill(found: re.Match[str]) -> str:
        if found.group() in ("{{", "}}"):
            return found.group()[0]
        if found.group(1) is None:
            raise ExpressionError(f"format() has a single brace in '{template}'; write two for one.")
        index = int(found.group(1))
        if index >= len(values):
            raise ExpressionError(f"format() has no argument {index} for '{template}'.")
        return _formatted(values[index], found.group(2))

    return _HOLE.sub(fill, to_text(template))


def _formatted(value: Value, pattern: str | None) -> str:
    if not pattern:
        return to_text(value)
    if not isinstance(value, Moment):
        raise ExpressionError(
            f"format() knows patterns such as '{pattern}' for pipeline.startTime only, not for a {kind_of(value)}."
        )
    try:
        return write_moment(value, pattern)
    except ValueError as error:
        raise ExpressionError(f"format() does not know the date pattern '{pattern}': {error}.") from error


def _join(separator: Value, values: Value) -> str:
    if not isinstance(values, Sequence):
        return to_text(values)
    return to_text(separator).join(item.text if isinstance(item, Scalar) else "" for item in values.items)


def _split(text: Value, separators: Value) -> Sequence:
    characters = to_text(separators)
    whole = to_text(text)
    parts = re.split("[" + re.escape(characters) + "]", whole) if characters else [whole]
    return array(list(parts))


def _replace(text: Value, old: Value, new: Value) -> str:
    wanted = to_text(old)
    if not wanted:
        return to_text(text)
    return re.sub(re.escape(wanted), lambda _: to_text(new), to_text(text), flags=re.IGNORECASE)


def _length(value: Value) -> Decimal:
    if isinstance(value, Sequence):
        return Decimal(len(value.items))
    if isinstance(value, Mapping | Table):
        return Decimal(len(pairs_of(value)))
    return Decimal(len(to_text(value)))


def _substring(text: Value, start: Value, count: Value = None) -> str:
    begin = to_number(start)
    length = to_number(count) if count is not None else Decimal(len(to_text(text)))
    if not isinstance(begin, Decimal) or not isinstance(length, Decimal):
        raise ExpressionError(f"substring() takes a text and numbers, not a {kind_of(start)}.")
    return to_text(text)[int(begin) : int(begin) + int(length)]


def _upper(value: Value) -> str:
    return to_text(value).upper()


_ALL = [
    Function("and", 2, MANY, lambda thunks: all(is_true(thunk()) for thunk in thunks)),
    Function("or", 2, MANY, lambda thunks: any(is_true(thunk()) for thunk in thunks)),
    _strict("not", 1, 1, lambda value: not is_true(value)),
    _strict("xor", 2, 2, lambda left, right: is_true(left) != is_true(right)),
    _strict("eq", 2, 2, equal),
    _strict("ne", 2, 2, lambda left, right: not equal(left, right)),
    _strict("lt", 2, 2, lambda left, right: compare(left, right) < 0),
    _strict("le", 2, 2, lambda left, right: compare(left, right) <= 0),
    _strict("gt", 2, 2, lambda left, right: compare(left, right) > 0),
    _strict("ge", 2, 2, lambda left, right: compare(left, right) >= 0),
    Function("in", 2, MANY, lambda thunks: any(equal(left, thunk()) for left in [thunks[0]()] for thunk in thunks[1:])),
    Function("notIn", 2, MANY, lambda thunks: not any(equal(left, thunk()) for left in [thunks[0]()] for thunk in thunks[1:])),
    _strict("contains", 2, 2, lambda text, part: _upper(part) in _upper(text)),
    _strict("startsWith", 2, 2, lambda text, part: _upper(text).startswith(_upper(part))),
    _strict("endsWith", 2, 2, lambda text, part: _upper(text).endswith(_upper(part))),
    _strict("containsValue", 2, 2, _contains_value),
    Function("coalesce", 2, MANY, _coalesce),
    _strict("format", 1, MANY, _format),
    _strict("join", 2, 2, _join),
    _strict("replace", 3, 3, _replace),
    _strict("lower", 1, 1, lambda text: to_text(text).lower()),
    _strict("upper", 1, 1, _upper),
    _strict("trim", 1, 1, lambda text: to_text(text).strip()),
    _strict("length", 1, 1, _length),
    _strict("iif", 3, 3, lambda test, yes, no: yes if is_true(test) else no),
    _strict("convertToJson", 1, 1, to_json),
    _strict("substring", 2, 3, _substring),
]

GENERAL = {function.name.casefold(): function for function in _ALL}
COMPILE_TIME = {**GENERAL, "split": _strict("split", 2, 2, _split)}
