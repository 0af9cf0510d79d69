"""VARIANT, OBJECT and ARRAY values, which are JSON in DuckDB.

https://docs.snowflake.com/en/user-guide/querying-semistructured
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sqlglot import exp

from mlops_local.account.errors import compilation_error, unsupported
from mlops_local.account.sql.casts import as_text, cast
from mlops_local.account.sql.typed import is_number, is_semi, string, template, type_of, typed
from mlops_local.account.syntax.names import logical
from mlops_local.account.syntax.types import ARRAY, OBJECT, VARIANT

if TYPE_CHECKING:
    from mlops_local.account.sql.scope import Scope

Handler = Callable[[exp.Expr, "Scope"], exp.Expr]


def as_json(node: exp.Expr) -> exp.Expr:
    """The value as it stands inside an array or object."""
    return node if is_semi(type_of(node)) else cast(node, VARIANT)


def _json(node: exp.Expr) -> exp.Expr:
    """A value of which a part is taken; a number or a text has none, what is of no known type is read as JSON."""
    type_ = type_of(node)
    if type_ is not None and not is_semi(type_):
        raise compilation_error(
            1044, "42P13", f"error line 1 at position 0\nInvalid argument types for function 'GET': ({type_.sql}, VARCHAR)"
        )
    return node if is_semi(type_) else template("CAST({0} AS JSON)", node)


def key_path(key: str) -> str:
    return '."' + key.replace('"', '\\"') + '"'


def _path(node: exp.Expr, scope: Scope) -> exp.Expr:
    """``v:a.b[0]``"""
    text = "$"
    for step in node.expression.expressions:
        if isinstance(step, exp.JSONPathKey) and isinstance(step.this, str):
            text += key_path(step.this)
        elif isinstance(step, exp.JSONPathSubscript):
            text += f"[{step.this}]" if isinstance(step.this, int) else key_path(str(step.this))
        elif not isinstance(step, exp.JSONPathRoot):
            raise unsupported(f"path {node.sql(dialect='snowflake')}")
    return template("json_extract({0}, {1})", _json(node.this), string(text), type_=VARIANT)


def _bracket(node: exp.Expr, scope: Scope) -> exp.Expr:
    if len(node.expressions) != 1 or isinstance(node.expressions[0], exp.Slice):
        raise unsupported(f"subscript {node.sql(dialect='snowflake')}")
    return get(node.this, node.expressions[0])


def get(container: exp.Expr, key: exp.Expr) -> exp.Expr:
    """The element of an array by its place from 0, or of an object by its name; NULL when there is none."""
    if isinstance(key, exp.Literal):
        path = f"$[{key.name}]" if not key.is_string else "$" + key_path(key.name)
        return template("json_extract({0}, {1})", _json(container), string(path), type_=VARIANT)
    if is_number(type_of(key)):
        return template("json_extract({0}, '$[' || CAST({1} AS BIGINT) || ']')", _json(container), key, type_=VARIANT)
    return template(
        """json_extract({0}, '$."' || replace({1}, '"', '\\"') || '"')""", _json(container), as_text(key), type_=VARIANT
    )


def object_of(pairs: Iterable[tuple[exp.Expr, exp.Expr]], *, keep_null: bool = False) -> exp.Expr:
    """An object; a key or value of NULL is left out, or a value kept as JSON null."""
    texts: list[str] = []
    parts: list[exp.Expr] = []
    for key, value in sorted(pairs, key=lambda pair: pair[0].name if isinstance(pair[0], exp.Literal) else ""):
        at = len(parts)
        parts += [as_text(key), value if isinstance(value, exp.Null) else as_json(value)]
        shown = f"coalesce(CAST({{{at + 1}}} AS VARCHAR), 'null')" if keep_null else f"CAST({{{at + 1}}} AS VARCHAR)"
        texts.append(f"CAST(to_json({{{at}}}) AS VARCHAR) || ':' || {shown}")
    inside = f"concat_ws(',', {', '.join(texts)})" if texts else "''"
    return template(f"CAST('{{{{' || {inside} || '}}}}' AS JSON)", *parts, type_=OBJECT)


def array_of(items: Iterable[exp.Expr]) -> exp.Expr:
    listed = [item if isinstance(item, exp.Null) else as_json(item) for item in items]
    return template(f"json_array({', '.join(f'{{{i}}}' for i in range(len(listed)))})", *listed, type_=ARRAY)


def columns_of(star: exp.Expr, scope: Scope, what: str) -> list[tuple[exp.Expr, exp.Expr]]:
    """Every column that ``*`` or ``t.*`` stands for: its name as a text, and its value."""
    inner = star.this if isinstance(star, exp.Column) else star
    if any(value for value in inner.args.values()):
        raise unsupported(f"{what} with {inner.sql(dialect='snowflake')[:60]}")
    fields = scope.star(star.table if isinstance(star, exp.Column) else "")
    if fields is None:
        raise unsupported(f"{what} over columns of unknown names")
    return [
        (string(logical(field.name)), typed(exp.Column(this=exp.Identifier(this=field.name, quoted=True)), field.type))
        for field in fields
    ]


def _object(node: exp.Expr, scope: Scope) -> exp.Expr:
    if len(node.expressions) == 1 and node.expressions[0].is_star:
        return object_of(columns_of(node.expressions[0], scope, "{*}"))
    pairs = [(string(item.this.name), item.expression) for item in node.expressions]
    return object_of(pairs, keep_null=True)


def _array(node: exp.Expr, scope: Scope) -> exp.Expr:
    return array_of(node.expressions)


HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.JSONExtract: _path,
    exp.Bracket: _bracket,
    exp.Struct: _object,
    exp.Array: _array,
    exp.JSONPath: lambda node, scope: node,
}

__all__ = ["HANDLERS", "array_of", "as_json", "get", "key_path", "object_of", "typed"]
