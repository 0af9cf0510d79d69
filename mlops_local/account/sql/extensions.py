"""What other rooms add to the language: tables of functions by name, filled by decorators when their modules are imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlglot import exp

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.session.session import Session
from mlops_local.account.sql.context import Batch, Context, Relation
from mlops_local.account.syntax.types import Column, SqlType

Arranged = Callable[[list[exp.Expr]], list[exp.Expr]]


@dataclass(frozen=True)
class Scalar:
    """A DuckDB function that stands for a user-defined one, or an expression of its arguments when ``expression`` is given.

    ``arranged`` puts what was given into the order of the arguments and adds their defaults. Arguments are cast to their types
    when these are given, and come behind the ``leading`` constants. What DuckDB answers is cast to the type of the result.
    ``batch`` computes whole columns at once, of the type ``returned``; a SELECT that can takes it instead.
    """

    duckdb_name: str
    result: SqlType
    arguments: tuple[SqlType, ...] | None = None
    leading: tuple[str | int, ...] = ()
    expression: Callable[[list[exp.Expr]], exp.Expr] | None = None
    arranged: Arranged | None = None
    batch: Batch | None = None
    returned: str = ""


@dataclass(frozen=True)
class TableRows:
    """What a table function answers: its rows, and for each its partition and its input row, none at the end of a partition."""

    rows: pa.RecordBatch
    input_rows: pa.Array
    partitions: pa.Array


@dataclass(frozen=True)
class RowFunction:
    """A table function that reads rows. ``run`` takes its arguments as columns, and the lengths of the partitions (None: no input)."""

    name: str
    arguments: tuple[SqlType, ...]
    columns: tuple[Column, ...]
    run: Callable[[pa.RecordBatch, Sequence[int] | None], TableRows]
    arranged: Arranged | None = None


@dataclass(frozen=True)
class QueryFunction:
    """A table function that is a query of its arguments; ``relation`` makes its rows of them."""

    name: str
    arguments: tuple[SqlType, ...]
    relation: Callable[[list[exp.Expr]], Relation]
    arranged: Arranged


TableFunction = Callable[[Context, list[Any], dict[str, Any]], Relation]
SystemFunction = Callable[[Session, list[Any]], Any]
InformationView = Callable[[Context, str], Relation]
AccountView = Callable[[Context], Relation]
ObjectSource = Callable[[Context, Entry], Relation]
AccountRelation = Callable[[Context], Relation]
Location = Callable[[Context, str, dict[str, str], int], Relation]
ScalarFunction = Callable[[Context, tuple[str, ...], "list[SqlType | None]", "list[str | None]"], "Scalar | None"]
UserTableFunction = Callable[
    [Context, tuple[str, ...], "list[SqlType | None]", "list[str | None]"], "RowFunction | QueryFunction | None"
]
Preparation = Callable[[Context, str], str]

TABLE_FUNCTIONS: dict[str, TableFunction] = {}
SYSTEM_FUNCTIONS: dict[str, SystemFunction] = {}
INFORMATION_SCHEMA: dict[str, InformationView] = {}
ACCOUNT_USAGE: dict[str, AccountView] = {}
OBJECT_SOURCES: dict[str, ObjectSource] = {}
ACCOUNT_RELATIONS: dict[tuple[str, ...], AccountRelation] = {}
LOCATIONS: list[Location] = []
SCALAR_FUNCTIONS: list[ScalarFunction] = []
USER_TABLE_FUNCTIONS: list[UserTableFunction] = []
PREPARATIONS: list[Preparation] = []


def table_function(name: str) -> Callable[[TableFunction], TableFunction]:
    def enter(function: TableFunction) -> TableFunction:
        TABLE_FUNCTIONS[name] = function
        return function

    return enter


def system_function(name: str) -> Callable[[SystemFunction], SystemFunction]:
    def enter(function: SystemFunction) -> SystemFunction:
        SYSTEM_FUNCTIONS[name] = function
        return function

    return enter


def information_schema(name: str) -> Callable[[InformationView], InformationView]:
    def enter(function: InformationView) -> InformationView:
        INFORMATION_SCHEMA[name] = function
        return function

    return enter


def account_usage(name: str) -> Callable[[AccountView], AccountView]:
    def enter(function: AccountView) -> AccountView:
        ACCOUNT_USAGE[name] = function
        return function

    return enter


def object_source(kind: str) -> Callable[[ObjectSource], ObjectSource]:
    def enter(function: ObjectSource) -> ObjectSource:
        OBJECT_SOURCES[kind] = function
        return function

    return enter


def account_relation(path: tuple[str, ...]) -> Callable[[AccountRelation], AccountRelation]:
    """For what every account has under a name of its own, without an object of the catalogue."""

    def enter(function: AccountRelation) -> AccountRelation:
        ACCOUNT_RELATIONS[path] = function
        return function

    return enter


def location(function: Location) -> Location:
    LOCATIONS.append(function)
    return function


def scalar_function(function: ScalarFunction) -> ScalarFunction:
    SCALAR_FUNCTIONS.append(function)
    return function


def user_table_function(function: UserTableFunction) -> UserTableFunction:
    USER_TABLE_FUNCTIONS.append(function)
    return function


def preparation(function: Preparation) -> Preparation:
    PREPARATIONS.append(function)
    return function
