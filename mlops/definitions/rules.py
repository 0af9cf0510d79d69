"""What is wrong with a name, a query or a list of them, as sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mlops.statements import fault_of_expression, fault_of_query

NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_TABLE = re.compile(r"[A-Z][A-Z0-9_]*\.[A-Z][A-Z0-9_]*")
TYPE = re.compile(r"[A-Z][A-Z0-9_]*(\([0-9]+(, ?[0-9]+)?\))?")
VERSION = re.compile(r"[A-Z0-9][A-Z0-9_]*")
HANDLER = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)+")


def unlike(pattern: re.Pattern[str], rule: str, value: str) -> Iterator[str]:
    if not pattern.fullmatch(value):
        yield f"{rule}, and this is {value!r}"


def empty(name: str, values: Iterable[object]) -> Iterator[str]:
    if not tuple(values):
        yield f"`{name}` is empty"


def no_columns(name: str, columns: Iterable[str]) -> Iterator[str]:
    for column in columns:
        yield from unlike(NAME, f"`{name}`: a column is named in upper case letters, digits and underscores", column)


def no_tables(tables: Iterable[str]) -> Iterator[str]:
    for table in tables:
        yield from unlike(_TABLE, "a table is named with its schema, as in SOURCE.PATIENTS", table)


def asking(name: str, query: str) -> Iterator[str]:
    if fault := fault_of_query(query):
        yield f"{name} must only ask, and it {fault}: {query!r}"


def expressing(name: str, expression: str) -> Iterator[str]:
    if fault := fault_of_expression(expression):
        yield f"{name} is an expression, and it {fault}: {expression!r}"
