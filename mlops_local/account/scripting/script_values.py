"""Values of Snowflake Scripting, and how they stand in the SQL that a script runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import pairwise
from typing import Any

from mlops_local.account.errors import compilation_error
from mlops_local.account.session.binding import replace_spans
from mlops_local.account.session.result import Result
from mlops_local.account.session.session import Session
from mlops_local.account.syntax.lexer import tokenize
from mlops_local.account.syntax.names import text_constant
from mlops_local.account.syntax.types import SqlType


@dataclass(frozen=True)
class Value:
    """A variable's value with its type; ``declared`` types are kept by assignments."""

    value: Any
    type: SqlType
    declared: bool = False


def value_of(session: Session, expression: str) -> Value:
    result = session.run(f"SELECT {expression}")
    return Value(cell(result), result.columns[0].type)


def cell(result: Result) -> Any:
    return result.table.column(0)[0].as_py()


def constant(value: Value) -> str:
    """A SQL constant of the value's type."""
    found = value.value
    if found is None:
        return f"CAST(NULL AS {value.type.sql})"
    if value.type.is_semistructured:
        parsed = f"PARSE_JSON({text_constant(str(found))})"
        return parsed if value.type.name == "VARIANT" else f"{parsed}::{value.type.name}"
    writer = next((writer for type_, writer in _WRITERS if isinstance(found, type_)), None)
    return writer(found, value.type) if writer else text_constant(str(found))


# A bool is an int, a datetime is a date: the narrower type first.
_WRITERS: tuple[tuple[Any, Callable[[Any, SqlType], str]], ...] = (
    (bool, lambda found, _: "TRUE" if found else "FALSE"),
    ((int, Decimal), lambda found, _: f"({found})"),
    (float, lambda found, _: f"'{found!r}'::FLOAT"),
    (bytes, lambda found, _: f"TO_BINARY('{found.hex()}', 'HEX')"),
    (datetime, lambda found, type_: f"'{_moment(found)}'::{type_.sql}"),
    ((date, time), lambda found, type_: f"'{found.isoformat()}'::{type_.sql}"),
)


def _moment(value: datetime) -> str:
    return value.isoformat(sep=" ", timespec="microseconds").replace("+", " +")


def fill_marks(text: str, values: Sequence[str]) -> str:
    """SQL constants for ``?`` in order, and for ``:1``, ``:2`` by number; refused when their numbers differ."""
    tokens = tokenize(text)
    marks = [token for token in tokens if token.text == "?"]
    spans = [(mark.start, mark.end, f" {value} ") for mark, value in zip(marks, values, strict=False)]
    for before, token in pairwise(tokens):
        if before.text == ":" and token.kind == "number" and before.end == token.start and int(token.text) <= len(values):
            spans.append((before.start, token.end, f" {values[int(token.text) - 1]} "))
    if len(marks) > len(values) or (values and not spans):
        raise compilation_error(2049, "42601", f"{len(marks)} bind variables are expected, {len(values)} are given.")
    return replace_spans(text, sorted(spans))
