"""TABLE(..), LATERAL FLATTEN and rows of staged files. https://docs.snowflake.com/en/sql-reference/functions-table"""

from __future__ import annotations

import json
from typing import Any

from sqlglot import exp

from mlops_local.account.errors import AccountError, unknown_function, unsupported
from mlops_local.account.sql.casts import cast
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.expressions import translate
from mlops_local.account.sql.extensions import LOCATIONS, TABLE_FUNCTIONS, USER_TABLE_FUNCTIONS, QueryFunction, table_function
from mlops_local.account.sql.functions.lookup import value_of
from mlops_local.account.sql.generator import generate
from mlops_local.account.sql.locations import LOCATION
from mlops_local.account.sql.row_functions import call_rows
from mlops_local.account.sql.scope import Fields, Scope, fields_of, renamed
from mlops_local.account.sql.semistructured import as_json, key_path
from mlops_local.account.sql.sources import replace_by
from mlops_local.account.sql.typed import type_of
from mlops_local.account.syntax.names import literal, logical, quote_if_needed
from mlops_local.account.syntax.types import INTEGER, TEXT, VARIANT, Column


def table(node: exp.Table, scope: Scope) -> Fields | None:
    """``TABLE( function(..) )``, or a staged file; the node is replaced by the rows."""
    if isinstance(node.this, exp.Literal):
        return _put(node, _location(scope.context, node.this.name, {}, _width(node)))
    return _put(node, _relation(_inside_table(node.this), scope, node))


def lateral(node: exp.Lateral, scope: Scope) -> Fields | None:
    """``LATERAL FLATTEN(..)``, or ``LATERAL ( query )``."""
    if isinstance(node.this, exp.Subquery):
        inside = scope.child()
        fields = scope.query(node.this, inside)
        alias = node.args.get("alias")
        return renamed(fields, [column.name for column in alias.columns] if alias else [])
    if node.args.get("outer"):
        raise unsupported("LATERAL OUTER")
    return _put(node, _relation(_inside_table(node.this), scope, node))


def _inside_table(node: exp.Expr) -> exp.Expr:
    """``TABLE(f(..))`` is ``f(..)``."""
    if isinstance(node, exp.Anonymous) and str(node.this).upper() == "TABLE" and len(node.expressions) == 1:
        return node.expressions[0]
    return node


def _put(node: exp.Expr, relation: Relation) -> Fields | None:
    alias = node.args.get("alias")
    replace_by(node, relation, alias="")
    return renamed(fields_of(relation.columns), [column.name for column in alias.columns] if alias else [])


def _call(node: exp.Expr) -> tuple[tuple[str, ...], list[exp.Expr]]:
    """The path and the arguments of a call."""
    if isinstance(node, exp.Dot):
        parts = [part.name for part in node.flatten() if isinstance(part, exp.Identifier | exp.Var | exp.Column)]
        path, arguments = _call(node.expression)
        return (*parts, *path), arguments
    if isinstance(node, exp.Anonymous):
        name = node.this.upper() if isinstance(node.this, str) else node.this.name
        return (name,), node.expressions
    raise unsupported(f"TABLE({node.sql(dialect='snowflake')[:60]})")


def _relation(inner: exp.Expr, scope: Scope, node: exp.Expr) -> Relation:
    window = inner if isinstance(inner, exp.Window) else None
    path, arguments = _call(inner.this if window is not None else inner)
    name = path[-1]
    if name == LOCATION:
        text, options = (argument.name for argument in arguments)
        return _location(scope.context, text, json.loads(options), _width(node))
    positional, named = _translated(arguments, scope)
    built_in = name in {"FLATTEN", "SPLIT_TO_TABLE"} or name in TABLE_FUNCTIONS
    if window is not None and built_in:
        raise unsupported(f"OVER behind {name}")
    if name == "FLATTEN":
        return flatten(positional, named, scope)
    if name == "SPLIT_TO_TABLE":
        return split_to_table(positional)
    if name in TABLE_FUNCTIONS and (len(path) == 1 or path[-2] == "INFORMATION_SCHEMA"):
        values = [value_of(argument, scope) for argument in positional]
        return TABLE_FUNCTIONS[name](scope.context, values, {key: value_of(argument, scope) for key, argument in named.items()})
    return _user_defined(path, positional, named, window, node, scope)


def _translated(arguments: list[exp.Expr], scope: Scope) -> tuple[list[exp.Expr], dict[str, exp.Expr]]:
    positional, named = [], {}
    for argument in arguments:
        if isinstance(argument, exp.Kwarg):
            named[argument.name.upper()] = translate(argument.expression, scope)
        else:
            positional.append(translate(argument, scope))
    return positional, named


def _user_defined(
    path: tuple[str, ...],
    positional: list[exp.Expr],
    named: dict[str, exp.Expr],
    window: exp.Window | None,
    node: exp.Expr,
    scope: Scope,
) -> Relation:
    path = tuple(map(logical, path))
    arguments = [*positional, *named.values()]
    names = [*[None] * len(positional), *named]
    for resolve in USER_TABLE_FUNCTIONS:
        found = resolve(scope.context, path, [type_of(argument) for argument in arguments], names)
        if isinstance(found, QueryFunction):
            if window is not None:
                raise unsupported(f"OVER behind {found.name}")
            given = zip(found.arranged(arguments), found.arguments, strict=True)
            return found.relation([cast(argument, type_) for argument, type_ in given])
        if found is not None:
            return call_rows(found, arguments, window, node, scope)
    raise unknown_function(".".join(quote_if_needed(part) for part in path))


def _location(context: Context, text: str, options: dict[str, str], width: int) -> Relation:
    for read in LOCATIONS:
        return read(context, text, options, width)
    raise unsupported(f"FROM {text}")


def _width(node: exp.Expr) -> int:
    """The highest ``$n`` that the query around a location uses."""
    select = node.find_ancestor(exp.Select)
    numbers = [int(found.name) for found in select.find_all(exp.Parameter) if found.name.isdigit()] if select else []
    return max(numbers, default=1)


# FLATTEN

_FLAT = (
    Column("SEQ", INTEGER),
    Column("KEY", TEXT),
    Column("PATH", TEXT),
    Column("INDEX", INTEGER),
    Column("VALUE", VARIANT),
    Column("THIS", VARIANT),
)


def flatten(positional: list[exp.Expr], named: dict[str, exp.Expr], scope: Scope) -> Relation:
    """A row for each element. https://docs.snowflake.com/en/sql-reference/functions/flatten"""
    options = dict(zip(("INPUT", "PATH", "OUTER", "RECURSIVE", "MODE"), positional, strict=False)) | named
    if "INPUT" not in options:
        raise unsupported("FLATTEN without INPUT")
    if bool(value_of(options["RECURSIVE"], scope)) if "RECURSIVE" in options else False:
        raise unsupported("FLATTEN with RECURSIVE")
    value = generate(as_json(options["INPUT"]).copy())
    if "PATH" in options and options["PATH"].name:
        value = f"json_extract({value}, {literal('$' + ''.join(key_path(part) for part in options['PATH'].name.split('.')))})"
    mode = str(value_of(options["MODE"], scope)).upper() if "MODE" in options else "BOTH"
    outer = bool(value_of(options["OUTER"], scope)) if "OUTER" in options else False
    return Relation(_flat_sql(value, _MODES[mode], outer=outer), _FLAT)


_MODES = {"BOTH": "('ARRAY', 'OBJECT')", "ARRAY": "('ARRAY')", "OBJECT": "('OBJECT')"}


def _flat_sql(value: str, kinds: str, *, outer: bool) -> str:
    """``unnest`` of a list keeps the order of the elements, which a join with ``json_each`` does not."""
    elements = (
        f"CASE WHEN json_type({value}) NOT IN {kinds} THEN NULL WHEN json_type({value}) = 'ARRAY' THEN list_transform("
        f"TRY_CAST({value} AS JSON[]), lambda e, n: {{'key': CAST(n - 1 AS VARCHAR), 'value': e}}) "
        f"ELSE map_entries(TRY_CAST({value} AS MAP(VARCHAR, JSON))) END"
    )
    if outer:
        elements = f"CASE WHEN len({elements}) > 0 THEN {elements} ELSE [NULL] END"
    of_object = "json_type(u.this) = 'OBJECT'"
    path = f"CASE WHEN u.e IS NULL THEN NULL WHEN {of_object} THEN u.e.key ELSE '[' || u.e.key || ']' END"
    index = "CASE WHEN json_type(u.this) = 'ARRAY' THEN CAST(u.e.key AS BIGINT) END"
    found = "CASE WHEN u.e IS NOT NULL THEN coalesce(u.e.value, CAST('null' AS JSON)) END"
    return (
        f'SELECT CAST(1 AS BIGINT) AS "SEQ", CASE WHEN {of_object} THEN u.e.key END AS "KEY", {path} AS "PATH", '
        f'{index} AS "INDEX", {found} AS "VALUE", u.this AS "THIS" '
        f"FROM (SELECT unnest({elements}) AS e, {value} AS this) AS u"
    )


def split_to_table(positional: list[exp.Expr]) -> Relation:
    text, separator = (generate(node.copy()) for node in positional)
    columns = (Column("SEQ", INTEGER), Column("INDEX", INTEGER), Column("VALUE", TEXT))
    parts = f"list_transform(string_split({text}, {separator}), lambda e, n: {{'place': n, 'value': e}})"
    return Relation(
        'SELECT CAST(1 AS BIGINT) AS "SEQ", CAST(u.e.place AS BIGINT) AS "INDEX", u.e.value AS "VALUE" '
        f"FROM (SELECT unnest({parts}) AS e) AS u",
        columns,
    )


@table_function("GENERATOR")
def generator(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    """https://docs.snowflake.com/en/sql-reference/functions/generator"""
    if set(named) - {"ROWCOUNT"} or positional:
        raise unsupported("GENERATOR without ROWCOUNT")
    return Relation(f'SELECT range AS "$SEQ" FROM range({int(named.get("ROWCOUNT") or 0)})', (Column("$SEQ", INTEGER),))


@table_function("SYSTEM$RELATION")
def named_relation(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    """Rows that the statement itself has put by, such as bound arrays."""
    found = context.named.get(str(positional[0])) if positional else None
    if found is None:
        raise unknown_function("SYSTEM$RELATION")
    return found


@table_function("RESULT_SCAN")
def result_scan(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    """The answer of an earlier statement. https://docs.snowflake.com/en/sql-reference/functions/result_scan"""
    if len(positional) != 1 or named:
        raise unsupported("RESULT_SCAN of anything but one query id")
    try:
        result = context.session.account.results.get(str(positional[0]), context.session.user)
    except KeyError:
        raise AccountError(709, "02000", f"Statement {positional[0]} not found") from None
    return context.register(result.table, result.columns)
