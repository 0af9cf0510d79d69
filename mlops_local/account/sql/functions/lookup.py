"""From the name of a function to what DuckDB shall compute: the account's own table, then what other rooms have added."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp

from mlops_local.account.errors import unknown_function, unsupported
from mlops_local.account.sql.casts import cast
from mlops_local.account.sql.extensions import SCALAR_FUNCTIONS, SYSTEM_FUNCTIONS
from mlops_local.account.sql.functions import registry
from mlops_local.account.sql.generator import generate
from mlops_local.account.sql.nodes import BATCH, LEADING, RETURNED
from mlops_local.account.sql.scope import Scope
from mlops_local.account.sql.typed import call, null, string, template, type_of, typed
from mlops_local.account.syntax.names import logical, quote_if_needed
from mlops_local.account.syntax.types import BOOLEAN, INTEGER, REAL, TIMESTAMP_LTZ


def call_function(path: tuple[str, ...], arguments: list[exp.Expr], scope: Scope) -> exp.Expr:
    """The call in DuckDB's terms; refused by name when nobody knows the function."""
    path = tuple(map(logical, path))
    name = path[-1]
    if len(path) == 1:
        built = registry.build(name, arguments, scope)
        if built is not None:
            return built
        if name in SYSTEM_FUNCTIONS:
            return constant(SYSTEM_FUNCTIONS[name](scope.context.session, [value_of(node, scope) for node in arguments]))
    made = _user_defined(path, arguments, scope)
    if made is None:
        raise unknown_function(".".join(quote_if_needed(part) for part in path))
    return made


def _user_defined(path: tuple[str, ...], arguments: list[exp.Expr], scope: Scope) -> exp.Expr | None:
    """``name => value`` comes as a pair."""
    names = [node.this.name.upper() if isinstance(node, exp.Kwarg) else None for node in arguments]
    arguments = [node.expression if isinstance(node, exp.Kwarg) else node for node in arguments]
    types = [type_of(argument) for argument in arguments]
    for resolve in SCALAR_FUNCTIONS:
        found = resolve(scope.context, path, types, names)
        if found is None:
            continue
        if found.arranged is not None:
            arguments = found.arranged(arguments)
        if found.arguments is not None:
            arguments = [cast(node, type_) for node, type_ in zip(arguments, found.arguments, strict=True)]
        if found.expression is not None:
            return cast(found.expression(arguments), found.result)
        answer = call(found.duckdb_name, *map(constant, found.leading), *arguments)
        if found.batch is not None:
            answer.meta[BATCH] = scope.context.note(found.batch)
            answer.meta[RETURNED] = found.returned
            answer.meta[LEADING] = len(found.leading)
        return template(f"CAST({{0}} AS {found.result.duckdb})", answer, type_=found.result)
    return None


def constant(value: Any) -> exp.Expr:
    """A Python value as a constant."""
    if value is None:
        return null()
    if isinstance(value, bool):
        return typed(exp.Boolean(this=value), BOOLEAN)
    if isinstance(value, int):
        return template(f"CAST({value} AS BIGINT)", type_=INTEGER)
    if isinstance(value, float):
        return template(f"CAST({value!r} AS DOUBLE)", type_=REAL)
    if isinstance(value, datetime):
        return template(f"CAST('{value.isoformat(sep=' ')}' AS TIMESTAMPTZ)", type_=TIMESTAMP_LTZ)
    return string(str(value))


def value_of(node: exp.Expr, scope: Scope) -> Any:
    """The Python value of a constant expression; DuckDB computes it when it is more than a literal."""
    if isinstance(node, exp.Literal):
        return node.name if node.is_string else _number(node.name)
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Null):
        return None
    if isinstance(node, exp.Column) and not node.table:
        return node.name
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
        return -_number(node.this.name)
    return _computed(node, scope)


def _number(text: str) -> int | float:
    return int(text) if text.isdigit() else float(text)


def _computed(node: exp.Expr, scope: Scope) -> Any:
    if node.find(exp.Column):
        raise unsupported(f"an argument that is not a constant: {node.sql(dialect='snowflake')[:80]}")
    sql = generate(exp.Select(expressions=[node.copy()]))
    value = scope.context.session.connection.fetch(sql)[0][0]
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date | datetime | str | int | float | bool) or value is None:
        return value
    return json.dumps(value)
