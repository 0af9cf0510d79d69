"""How user-defined functions stand in a query: what the SQL translation asks when it meets a name.

https://docs.snowflake.com/en/developer-guide/udf/udf-overview
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from sqlglot import exp

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import unsupported
from mlops_local.account.routines.overloads import Call, named_or_not, pick_overload
from mlops_local.account.routines.routine import Argument, Routine
from mlops_local.account.session.session import Session
from mlops_local.account.sql import query
from mlops_local.account.sql.casts import cast
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import (
    Arranged,
    QueryFunction,
    RowFunction,
    Scalar,
    scalar_function,
    user_table_function,
)
from mlops_local.account.sql.generator import generate
from mlops_local.account.sql.typed import null, template, type_of, typed
from mlops_local.account.syntax.names import Name, physical
from mlops_local.account.syntax.types import Column, SqlType, parse_type


@scalar_function
def resolve(context: Context, path: tuple[str, ...], types: list[SqlType | None], names: list[str | None]) -> Scalar | None:
    if len(path) == 1 and not (context.database and context.schema):
        return None
    return _user_function(context, path, Call(len(types), named_or_not(names), lambda: types))


def _user_function(context: Context, path: tuple[str, ...], asked: Call) -> Scalar | None:
    where = context.complete(path)
    session = context.session
    entry = pick_overload(session, "FUNCTION", (where.database, where.schema, where.name), asked)
    if entry is None:
        return None
    declared = Routine.of(entry)
    if declared.table is not None:
        raise unsupported(f"a table function as a value ({declared.name}): write TABLE({declared.name}(..))")
    inside = _inside(context, entry, declared)
    arranged = partial(arrange, declared.arguments, asked, inside)
    if declared.language == "SQL":
        return replace(sql_function(declared, inside), arranged=arranged)
    types = _types(declared)
    runtime = session.account.runtime
    result = parse_type(declared.returns)
    declare = runtime.aggregate if declared.options.get("AGGREGATE") else runtime.function
    made = declare(session, f"function {entry.id}", types, result, lambda: runtime.handler(session, entry))
    return replace(made, arranged=arranged)


def _types(declared: Routine) -> tuple[SqlType, ...]:
    return tuple(parse_type(argument.type) for argument in declared.arguments)


def arrange(arguments: Sequence[Argument], asked: Call, inside: Context, given: list[exp.Expr]) -> list[exp.Expr]:
    return [
        query.inlined(argument.default or "NULL", inside, {}) if node is None else node
        for node, argument in zip(asked.arranged(arguments, given), arguments, strict=True)
    ]


@user_table_function
def resolve_table(
    context: Context, path: tuple[str, ...], types: list[SqlType | None], names: list[str | None]
) -> RowFunction | QueryFunction | None:
    asked = Call(len(types), named_or_not(names), lambda: types)
    where = context.complete(path)
    session = context.session
    entry = pick_overload(session, "FUNCTION", (where.database, where.schema, where.name), asked)
    if entry is None:
        return None
    declared = Routine.of(entry)
    if declared.table is None:
        raise unsupported(f"TABLE({declared.name}(..)) of a function that returns {declared.returns}")
    inside = _inside(context, entry, declared)
    if declared.language == "SQL":
        return query_function(declared, inside, partial(arrange, declared.arguments, asked, inside))
    columns = _columns(declared)
    runtime = session.account.runtime
    made = runtime.table_function(session, declared.name, _types(declared), columns, runtime.handler(session, entry))
    return replace(made, arranged=partial(arrange, declared.arguments, asked, inside))


def _columns(declared: Routine) -> list[Column]:
    return [Column(column.name, parse_type(column.type)) for column in declared.table or ()]


def query_function(declared: Routine, inside: Context, arranged: Arranged) -> QueryFunction:
    """https://docs.snowflake.com/en/developer-guide/udf/sql/udf-sql-tabular-functions"""

    def relation(nodes: list[exp.Expr]) -> Relation:
        values = {argument.name: node for argument, node in zip(declared.arguments, nodes, strict=True)}
        return query.inlined_rows(declared.body, inside, values, _columns(declared))

    return QueryFunction(declared.name, _types(declared), relation, arranged)


_DEEPEST = 32


def _inside(context: Context, entry: Entry, declared: Routine) -> Context:
    """Names in the body and in defaults belong to the schema of the function."""
    context.session.access.demand("USAGE", entry)
    inside = context.inside(entry)
    if inside.depth > _DEEPEST:
        raise unsupported(f"function {declared.name}, which calls itself")
    inside.compile = query.compile_query
    context.entries.append(entry)
    return inside


def sql_function(declared: Routine, inside: Context) -> Scalar:
    """Its body stands in the place of the call. https://docs.snowflake.com/en/developer-guide/udf/sql/udf-sql-introduction"""

    def expression(nodes: list[exp.Expr]) -> exp.Expr:
        values = {physical(argument.name): node for argument, node in zip(declared.arguments, nodes, strict=True)}
        return _strict(declared, query.inlined(declared.body, inside, values), list(values.values()))

    return Scalar("", parse_type(declared.returns), _types(declared), expression=expression)


def _strict(declared: Routine, body: exp.Expr, values: list[exp.Expr]) -> exp.Expr:
    """RETURNS NULL ON NULL INPUT."""
    if not declared.options.get("STRICT") or not values:
        return body
    missing = " OR ".join(f"{{{i + 1}}} IS NULL" for i in range(len(values)))
    return typed(template(f"CASE WHEN {missing} THEN NULL ELSE {{0}} END", body, *values), type_of(body))


def check_sql_function(session: Session, where: Name, declared: Routine) -> None:
    """Refuses a body that could not be computed, when the function is made."""
    context = Context(session, where.database, where.schema)
    context.compile = query.compile_query
    nulls = [cast(null(), type_) for type_ in _types(declared)]
    if declared.table is not None:
        query.relation_of(session, query_function(declared, context, list).relation(nulls).sql)
        return
    made = sql_function(declared, context)
    assert made.expression is not None
    query.relation_of(session, f"SELECT {generate(made.expression(nulls))}")
