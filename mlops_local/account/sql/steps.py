"""What is computed between two queries: whole columns, and the rows of table functions, by code that is not DuckDB's.

DuckDB would call a function for 2,048 rows at a time, and its table functions read no rows. A SELECT that needs more is parted:
one query makes the input, a step computes from all of it at once, and what is left of the SELECT reads what the step has made.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
from sqlglot import exp

from mlops_local.account.sql.context import Context, Step
from mlops_local.account.sql.generator import generate
from mlops_local.account.sql.joins import asof_joins
from mlops_local.account.sql.sources import visible_ctes
from mlops_local.account.syntax.names import quote

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Part:
    """The query of a step's input as DuckDB text, and what it answers."""

    sql: str
    names: tuple[str, ...]
    types: tuple[str, ...]


def part(query: exp.Select, place: exp.Expr, context: Context) -> Part | None:
    """A query over the sources of the SELECT at that place, to be run by itself; None when it depends on what stands around it."""
    clauses = visible_ctes(place)
    if clauses is None:
        return None
    if clauses:
        query.set("with_", exp.With(expressions=[cte.copy() for cte in clauses]))
    return bound(generate(asof_joins(query)), context)


def bound(sql: str, context: Context) -> Part | None:
    try:
        relation = context.session.connection.cursor.sql(sql)
    except duckdb.BinderException:
        return None
    return Part(sql, tuple(relation.columns), tuple(str(type_) for type_ in relation.types))


def widths(stars: Sequence[exp.Expr], query: exp.Select, place: exp.Expr, context: Context) -> list[Part] | None:
    """What each ``*`` or ``t.*`` stands for over the sources of the query."""
    found = []
    for star in stars:
        alone = exp.Select(
            expressions=[star.copy()], **{key: _copied(query.args.get(key)) for key in ("from_", "joins", "laterals")}
        )
        width = part(alone, place, context)
        if width is None:
            return None
        found.append(width)
    return found


def _copied(value: exp.Expr | list[exp.Expr] | None) -> exp.Expr | list[exp.Expr] | None:
    if isinstance(value, list):
        return [item.copy() for item in value]
    return value.copy() if value is not None else None


def sources_of(select: exp.Select, keys: Sequence[str]) -> dict[str, exp.Expr | list[exp.Expr] | None]:
    """Copies of these clauses, for another SELECT."""
    return {key: _copied(select.args.get(key)) for key in keys}


def plan(
    context: Context, sql: str, run: Callable[[pa.Table], Sequence[pa.Table]], empty: Sequence[Sequence[tuple[str, str]]]
) -> list[str]:
    """Enters a step; the texts of its outputs, whose columns are given by name and DuckDB type. They are empty until it runs."""
    names = [f"~step{next(_numbers)}" for _ in empty]
    for name, columns in zip(names, empty, strict=True):
        listed = ", ".join(f"CAST(NULL AS {stored(type_)}) AS {quote(str(i))}" for i, (_, type_) in enumerate(columns))
        rows = context.session.connection.cursor.sql(f"SELECT {listed} LIMIT 0").to_arrow_table()
        context.keep(name, rows)
    context.steps.append(Step(sql, run, tuple(names)))
    return [_reading(name, columns) for name, columns in zip(names, empty, strict=True)]


def _reading(name: str, columns: Sequence[tuple[str, str]]) -> str:
    items = ", ".join(f"CAST({quote(str(i))} AS {stored(type_)}) AS {quote(column)}" for i, (column, type_) in enumerate(columns))
    return f"SELECT {items} FROM {quote(name)}"


def stored(type_: str) -> str:
    """DuckDB's name of the type of a constant NULL cannot be cast to."""
    return "INTEGER" if type_.strip('"') == "NULL" else type_


def numbered(columns: Iterable[pa.ChunkedArray | pa.Array]) -> pa.Table:
    """A table of the columns by number, as the text of an output reads them."""
    listed = list(columns)
    return pa.table(listed, names=[str(i) for i in range(len(listed))])
