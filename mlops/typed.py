"""Values that are checked when they are built: first whether each is of the type that it is declared with, then what it says."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from mlops.errors import DefinitionError


class Checked:
    """For dataclasses. All that is wrong is said in one error."""

    def __post_init__(self) -> None:
        # What is of another type cannot be asked what it says.
        if found := tuple(_wrong_types(self)) or tuple(self.faults()):
            raise DefinitionError(f"{self.title}: {'; '.join(found)}.")

    @property
    def title(self) -> str:
        return type(self).__name__

    def faults(self) -> Iterator[str]:
        """What is wrong with it, without what it is and without a full stop."""
        yield from ()


def share(name: str, value: float) -> Iterator[str]:
    if not 0 <= value <= 1:
        yield f"{name} is a share between 0 and 1, and this is {value}"


def least(name: str, value: float, lowest: float) -> Iterator[str]:
    if value < lowest:
        yield f"{name} is at least {lowest:g}, and this is {value}"


def one_of(name: str, value: str, known: Iterable[str]) -> Iterator[str]:
    if value not in known:
        yield f"{name} is one of {', '.join(known)}, and this is {value!r}"


def _wrong_types(value: Any) -> Iterator[str]:
    hints = _hints(type(value))
    for field in fields(value):
        given = getattr(value, field.name)
        if not _is(given, hints[field.name]):
            yield f"`{field.name}` is of type {field.type}, and this is {given!r}"


_hints: Callable[[Any], Mapping[str, Any]] = cache(get_type_hints)


def _is(value: object, hint: Any) -> bool:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_is(value, one) for one in inner)
    if origin is Literal:
        return value in inner
    if origin is tuple:
        return isinstance(value, tuple) and _are(value, inner)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(_is(name, inner[0]) and _is(one, inner[1]) for name, one in value.items())
    return _is_plain(value, hint)


def _are(values: tuple[object, ...], hints: tuple[Any, ...]) -> bool:
    if hints[-1] is Ellipsis:
        return all(_is(value, hints[0]) for value in values)
    return len(values) == len(hints) and all(map(_is, values, hints))


def _is_plain(value: object, kind: type) -> bool:
    if kind in (int, float):
        # True is no number here, and what is no number cannot be compared with.
        wanted = (int, float) if kind is float else int
        return isinstance(value, wanted) and not isinstance(value, bool) and math.isfinite(value)
    return value is None if kind is NoneType else isinstance(value, kind)
