"""Which of several functions or procedures of one name a call means, and which value each of its arguments gets.

https://docs.snowflake.com/en/developer-guide/udf-stored-procedure-naming-conventions
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import compilation_error, syntax_error
from mlops_local.account.routines.routine import Argument, Routine
from mlops_local.account.session.session import Session
from mlops_local.account.syntax.types import SqlType, parse_type

T = TypeVar("T")

# What a value is converted to without being asked, the nearest first; anything becomes a VARIANT, after all others.
# https://docs.snowflake.com/en/sql-reference/data-type-conversion
_NEAREST: dict[str, tuple[str, ...]] = {
    "FIXED": ("REAL", "TEXT", "BOOLEAN", "TIMESTAMP"),
    "REAL": ("FIXED", "TEXT", "BOOLEAN"),
    "TEXT": ("FIXED", "REAL", "BOOLEAN", "DATE", "TIME", "TIMESTAMP", "BINARY"),
    "BOOLEAN": ("TEXT", "FIXED", "REAL"),
    "DATE": ("TIMESTAMP", "TEXT"),
    "TIME": ("TEXT", "TIMESTAMP"),
    "TIMESTAMP": ("TIMESTAMP", "DATE", "TIME", "TEXT"),
    "BINARY": ("TEXT",),
    "VARIANT": ("OBJECT", "ARRAY", "TEXT", "FIXED", "REAL", "BOOLEAN", "DATE", "TIME", "TIMESTAMP", "BINARY"),
    "OBJECT": ("TEXT",),
    "ARRAY": ("TEXT",),
}
_FAR = 10_000


@dataclass(frozen=True)
class Call:
    """How something is called: so many arguments, by position or all by name. ``types`` are asked for once the names fit."""

    count: int
    names: tuple[str, ...] = ()
    types: Callable[[], Sequence[SqlType | None]] = tuple

    def fits(self, arguments: Sequence[Argument]) -> bool:
        needed = [argument.name for argument in arguments if argument.default is None]
        if self.names:
            return set(needed) <= set(self.names) <= {argument.name for argument in arguments}
        return len(needed) <= self.count <= len(arguments)

    def arranged(self, arguments: Sequence[Argument], given: Sequence[T]) -> list[T | None]:
        """What was given in the order of the arguments; None for those that have their defaults."""
        if not self.names:
            return [*given, *[None] * (len(arguments) - len(given))]
        by_name = dict(zip(self.names, given, strict=True))
        return [by_name.get(argument.name) for argument in arguments]


def named_or_not(names: Sequence[str | None]) -> tuple[str, ...]:
    """The names of a call's arguments, all or none; refused when only some have one, or two the same."""
    found = tuple(name for name in names if name is not None)
    if found and len(found) < len(names):
        raise syntax_error("arguments are given all by position or all by name.")
    if len(set(found)) < len(found):
        raise syntax_error("an argument is given twice.")
    return found


def pick_overload(session: Session, kind: str, path: tuple[str, ...], call: Call) -> Entry | None:
    """The routine of that name that fits best, the session's own first; refused when several fit equally well."""
    where = session.complete(path)
    fitting = []
    for entry in session.catalogue.list(kind, database=where.database, schema=where.schema):
        routine = Routine.of(entry)
        if routine.name == where.name and call.fits(routine.arguments):
            fitting.append((entry, routine))
    own = [pair for pair in fitting if pair[0].temporary] or fitting
    if not own:
        return None
    types = call.types()
    ranked = sorted((_cost(routine, call, types), i) for i, (_, routine) in enumerate(own))
    if ranked[0][0][0] >= _FAR:
        raise compilation_error(1044, "42P13", f"Invalid argument types for function '{where.name}': ({_spelled(types)})")
    if len(ranked) > 1 and ranked[0][0] == ranked[1][0]:
        shown = ", ".join(routine.signature for _, routine in own)
        raise compilation_error(2142, "42601", f"The call of {where.name} is ambiguous: {shown} fit it alike.")
    return own[ranked[0][1]][0]


def _spelled(types: Sequence[SqlType | None]) -> str:
    return ", ".join("NULL" if type_ is None else type_.sql for type_ in types)


def _cost(routine: Routine, call: Call, types: Sequence[SqlType | None]) -> tuple[int, int]:
    """How far the types are from those declared; of equally near ones the routine that needs fewer defaults."""
    arranged = call.arranged(routine.arguments, list(range(len(types))))
    steps = sum(
        _distance(types[i], parse_type(argument.type))
        for i, argument in zip(arranged, routine.arguments, strict=True)
        if i is not None
    )
    return steps, arranged.count(None)


def _distance(given: SqlType | None, wanted: SqlType) -> int:
    if given is None or given.name == wanted.name:
        return 0
    source, target = _family(given), _family(wanted)
    if target == "VARIANT":
        return 100
    near = _NEAREST[source]
    return near.index(target) + 1 if target in near else _FAR


def _family(type_: SqlType) -> str:
    return "TIMESTAMP" if type_.name.startswith("TIMESTAMP") else type_.name
