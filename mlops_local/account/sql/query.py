"""Queries: from Snowflake text to rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
from sqlglot import exp

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError, compilation_error, invalid_identifier, syntax_error
from mlops_local.account.session.result import Result, arrow_type
from mlops_local.account.session.session import Session
from mlops_local.account.sql.casts import cast
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.expressions import translate as translate_expression
from mlops_local.account.sql.extensions import PREPARATIONS
from mlops_local.account.sql.generator import generate, raw
from mlops_local.account.sql.locations import spell_locations
from mlops_local.account.sql.parser import parse, parse_expression
from mlops_local.account.sql.queries import FIELDS, outputs
from mlops_local.account.sql.rules import RULES_OF_EXPRESSIONS, translate_tree
from mlops_local.account.sql.scope import Field, Fields, Scope, fields_of
from mlops_local.account.sql.typed import template, type_of, typed, within
from mlops_local.account.syntax.names import logical, physical, quote, quote_if_needed
from mlops_local.account.syntax.types import TEXT, VARIANT, Column, SqlType, from_duckdb


@dataclass(frozen=True)
class Translation:
    """A query as DuckDB text, the columns of its answer, and the objects that it reads."""

    text: str
    columns: tuple[Column, ...]
    context: Context = field(repr=False)

    @property
    def sql(self) -> str:
        """The text, ready to be run: what it needs from elsewhere is computed by then."""
        self.context.evaluate()
        return self.text

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self.context.entries)


def translate(session: Session, text: str, context: Context | None = None) -> Translation:
    """Within a transaction of the session. Raises what Snowflake raises when the query is compiled."""
    inside = context or Context.of(session)
    return translate_read(session, read(text, inside), inside)


def read(text: str, context: Context) -> exp.Expr:
    """The tree of a query, as it was written."""
    context.compile = compile_query
    tree = parse(prepared(text, context))
    if not isinstance(tree, exp.Query | exp.Values):
        raise syntax_error("a query was expected.")
    return tree


def translate_read(session: Session, tree: exp.Expr, context: Context) -> Translation:
    """As :func:`translate`, of a tree that is read already. A query that is refused keeps no rows registered."""
    try:
        made = translate_tree(tree, context)
        sql = generate(made)
        return Translation(sql, described(session, sql, made.meta.get(FIELDS)), context)
    except BaseException:
        context.release()
        raise


def compile_query(text: str, context: Context) -> str:
    """The query as DuckDB text; the columns are the caller's to know."""
    with context.rights():
        return generate(translate_tree(read(text, context), context))


def prepared(text: str, context: Context) -> str:
    """The text after the passes that come before the parser."""
    for prepare in PREPARATIONS:
        text = prepare(context, text)
    return spell_locations(text)


def described(session: Session, sql: str, fields: Fields | None) -> tuple[Column, ...]:
    """DuckDB's own description, refined by what the tree knows; names as the tree knows them, since DuckDB renames doubles."""
    with _names_told():
        names, types = session.connection.shape(sql)
    if fields is None or len(fields) != len(types):
        fields = tuple(Field(name) for name in names)
    return tuple(
        Column(logical(field.name), refined(type_, field.type), field.nullable)
        for field, type_ in zip(fields, types, strict=True)
    )


def relation_of(session: Session, sql: str) -> duckdb.DuckDBPyRelation:
    """DuckDB's plan of a query: bound, and not executed unless it counts a sequence on."""
    with _names_told():
        return session.connection.cursor.sql(sql)


@contextmanager
def _names_told() -> Iterator[None]:
    """A name that DuckDB does not find is refused in Snowflake's words."""
    try:
        yield
    except duckdb.BinderException as error:
        unknown = _unknown_name(str(error))
        if unknown is None:
            raise
        raise unknown from error


_UNKNOWN_COLUMN = re.compile(
    r'Referenced column "(?P<column>(?:[^"]|"")*)" (?:was )?not found|does not have a column named "(?P<other>(?:[^"]|"")*)"'
)
_UNKNOWN_TABLE = re.compile(r'Referenced table "(?P<table>(?:[^"]|"")*)" not found')


def _unknown_name(text: str) -> AccountError | None:
    """DuckDB's complaint about a name, in Snowflake's words."""
    if match := _UNKNOWN_COLUMN.search(text):
        return invalid_identifier(quote_if_needed(logical(match["column"] or match["other"])))
    if match := _UNKNOWN_TABLE.search(text):
        return invalid_identifier(quote_if_needed(logical(match["table"])))
    return None


def refined(duckdb_type: str, known: SqlType | None) -> SqlType:
    """The type of a result column: DuckDB's, in the finer terms that Snowflake has where they agree."""
    found = SqlType("TEXT", length=TEXT.length) if duckdb_type in {'"NULL"', "NULL"} else from_duckdb(duckdb_type)
    if known is None:
        return found
    if duckdb_type in {'"NULL"', "NULL"}:
        return known
    if found == VARIANT and known.is_semistructured:
        return known
    if found.name == "FIXED" and known.name == "FIXED":
        return known if (known.scale or 0) == (found.scale or 0) else found
    if found.name.startswith("TIMESTAMP") and known.name.startswith("TIMESTAMP") and known.duckdb == found.duckdb:
        return known
    return known if found.name == known.name else found


def fetch(session: Session, translation: Translation) -> Result:
    """The rows, within a transaction of the session."""
    try:
        table = relation_of(session, translation.sql).to_arrow_table()
    finally:
        translation.context.release()
    return Result(translation.columns, _narrowed(table))


def _narrowed(table: pa.Table) -> pa.Table:
    """Sums of whole numbers, which DuckDB makes 128 bits wide, as 64 bits when they fit."""
    arrays = [_narrow(array) for array in table.columns]
    return pa.Table.from_arrays(arrays, names=table.column_names)


def _narrow(array: pa.ChunkedArray) -> pa.ChunkedArray:
    if not (pa.types.is_decimal(array.type) and array.type.scale == 0):
        return array
    try:
        return array.cast(pa.int64())
    except pa.ArrowInvalid:
        return array


def describe(translation: Translation) -> Result:
    """The columns, and no row."""
    translation.context.release()
    fields = [pa.field(str(i), arrow_type(column.type)) for i, column in enumerate(translation.columns)]
    return Result(translation.columns, pa.schema(fields).empty_table())


def scalar_sql(session: Session, text: str, columns: Sequence[Column] = ()) -> str:
    """One expression as DuckDB text, over columns of these names and types."""
    context = Context.of(session)
    context.compile = compile_query
    return generate(scalar_tree(text, context, columns))


def given(node: exp.Expr) -> exp.Expr:
    """A translated expression, to stand in a tree that is still to be translated."""
    return typed(raw(f"({generate(node.copy())})"), type_of(node))


def inlined(text: str, context: Context, arguments: Mapping[str, exp.Expr]) -> exp.Expr:
    """See :func:`_inlined`; with the rights of the owner of the function."""
    with context.rights():
        return _inlined(text, context, arguments)


def _inlined(text: str, context: Context, arguments: Mapping[str, exp.Expr]) -> exp.Expr:
    """The body of a SQL function, an expression or a query of one value, with translated arguments in the places of their names.

    A query might have columns of its own by the names that the arguments are made of; there they come from a source beside it.
    """
    is_query = text.split(None, 1)[:1] and text.split(None, 1)[0].upper() in {"SELECT", "WITH"}
    tree = exp.Paren(this=parse_expression(prepared(f"({text})" if is_query else text, context)))
    for rule in RULES_OF_EXPRESSIONS:
        tree = rule(tree, context)
    nested = tree.find(exp.Query) is not None
    source = quote(f"~arguments{context.depth}")
    for node in list(tree.find_all(exp.Column)):
        if not node.table and node.name in arguments:
            value = arguments[node.name]
            node.replace(typed(raw(f"{source}.{quote('~' + node.name)}"), type_of(value)) if nested else given(value))
    made = translate_expression(tree, Scope(context, outputs))
    if not nested or not arguments:
        return made
    columns = ", ".join(f"{{{i + 1}}} AS {within(quote('~' + name))}" for i, name in enumerate(arguments))
    return typed(template(f"SELECT {{0}} FROM (SELECT {columns}) AS {source}", made, *arguments.values()), type_of(made))


def inlined_rows(text: str, context: Context, arguments: Mapping[str, exp.Expr], columns: Sequence[Column]) -> Relation:
    """The rows of a SQL table function: its query, the arguments in the places of their names, in the types that it declares."""
    source = f"~ARGUMENTS{context.depth}"
    with context.rights():
        tree = read(text, context)
        for node in list(tree.find_all(exp.Column)):
            name = node.name if node.this.args.get("quoted") else node.name.upper()
            if not node.table and name in arguments:
                node.replace(_argument(source, name, type_of(arguments[name])))
        made = translate_tree(tree, context)
    fields: Fields = made.meta.get(FIELDS) or ()
    if len(fields) != len(columns):
        raise compilation_error(
            2090, "42601", f"The query of a table function has {len(fields)} columns, {len(columns)} are declared."
        )
    values = [
        cast(typed(raw(f"b.c{i}"), field.type), column.type)
        for i, (field, column) in enumerate(zip(fields, columns, strict=True))
    ]
    items = [f"{generate(value)} AS {quote(physical(column.name))}" for value, column in zip(values, columns, strict=True)]
    given = [f"{generate(value.copy())} AS {quote(physical('~' + name))}" for name, value in arguments.items()]
    rows = f"({generate(made)}) AS b({', '.join(f'c{i}' for i in range(len(columns)))})"
    beside = f"(SELECT {', '.join(given)}) AS {quote(physical(source))}, LATERAL {rows}" if given else rows
    return Relation(f"SELECT {', '.join(items)} FROM {beside}", tuple(columns))


def _argument(source: str, name: str, type_: SqlType | None) -> exp.Expr:
    """A column of the source beside the query, its type said, since no table that the query knows has it."""
    found = exp.column(exp.to_identifier(f"~{name}", quoted=True), exp.to_identifier(source, quoted=True))
    return found if type_ is None else exp.cast(found, exp.DataType.build(type_.sql, dialect="snowflake"))


def scalar_tree(text: str, context: Context, columns: Sequence[Column] = ()) -> exp.Expr:
    """The translated expression with its type."""
    tree = exp.Paren(this=parse_expression(prepared(text, context)))
    for rule in RULES_OF_EXPRESSIONS:
        tree = rule(tree, context)
    scope = Scope(context, outputs)
    scope.sources["~"] = fields_of(columns)
    return translate_expression(tree, scope)
