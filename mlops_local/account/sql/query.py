"""Queries: from Snowflake text to rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
from sqlglot import exp

from mlops_local.account.catalogue import Entry
from mlops_local.account.errors import syntax_error
from mlops_local.account.names import logical
from mlops_local.account.result import Result, arrow_type
from mlops_local.account.session import Session
from mlops_local.account.sql.context import Context
from mlops_local.account.sql.extensions import PREPARATIONS
from mlops_local.account.sql.generator import generate
from mlops_local.account.sql.parser import parse
from mlops_local.account.sql.rules import translate_tree
from mlops_local.account.types import Column, from_duckdb


@dataclass(frozen=True)
class Translation:
    """A query as DuckDB text, the columns of its answer, and the objects that it reads."""

    sql: str
    columns: tuple[Column, ...]
    context: Context = field(repr=False)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self.context.entries)


def translate(session: Session, text: str, context: Context | None = None) -> Translation:
    """Within a transaction of the session. Raises what Snowflake raises when the query is compiled."""
    inside = context or Context.of(session)
    for prepare in PREPARATIONS:
        text = prepare(inside, text)
    tree = parse(text)
    if not isinstance(tree, exp.Query | exp.Values):
        raise syntax_error("a query was expected.")
    sql = generate(translate_tree(tree, inside))
    return Translation(sql, _columns(relation_of(session, sql)), inside)


def relation_of(session: Session, sql: str) -> duckdb.DuckDBPyRelation:
    """DuckDB's plan of a query: bound, not executed."""
    return session.connection.cursor.sql(sql)


def _columns(relation: duckdb.DuckDBPyRelation) -> tuple[Column, ...]:
    return tuple(
        Column(logical(name), from_duckdb(str(type_))) for name, type_ in zip(relation.columns, relation.types, strict=True)
    )


def fetch(session: Session, translation: Translation) -> Result:
    """The rows, within a transaction of the session."""
    try:
        table = relation_of(session, translation.sql).to_arrow_table()
    finally:
        translation.context.release()
    return Result(translation.columns, table)


def describe(translation: Translation) -> Result:
    """The columns, and no row."""
    translation.context.release()
    fields = [pa.field(str(i), arrow_type(column.type)) for i, column in enumerate(translation.columns)]
    return Result(translation.columns, pa.schema(fields).empty_table())
