"""Types on the nodes of a tree, and the few shapes that translated nodes have."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from sqlglot import exp

from mlops_local.account.sql.generator import Call, Template
from mlops_local.account.syntax.types import BOOLEAN, INTEGER, TEXT, SqlType

_KEY = "sql_type"


def type_of(node: exp.Expr) -> SqlType | None:
    """The Snowflake type of a translated expression; None when it is not known."""
    found: SqlType | None = node.meta.get(_KEY)
    return found


def typed(node: exp.Expr, type_: SqlType | None) -> exp.Expr:
    """The node, with its type noted."""
    if type_ is None:
        node.meta.pop(_KEY, None)
    else:
        node.meta[_KEY] = type_
    return node


def template(text: str, *parts: exp.Expr, type_: SqlType | None = None) -> exp.Expr:
    """DuckDB text with ``{0}``, ``{1}`` .. for the parts, each in parentheses where it needs them."""
    return typed(Template(this=text, expressions=[part.copy() for part in parts]), type_)


def within(text: str) -> str:
    """A name or a constant of a user's as part of a template's own text: its braces stand for no part."""
    return text.replace("{", "{{").replace("}", "}}")


def call(name: str, *arguments: exp.Expr, type_: SqlType | None = None) -> exp.Expr:
    return typed(Call(this=name, expressions=list(arguments)), type_)


def string(text: str) -> exp.Expr:
    return typed(exp.Literal.string(text), TEXT)


def number(value: int | str) -> exp.Expr:
    return typed(exp.Literal.number(value), literal_type(str(value)))


def null() -> exp.Expr:
    return exp.Null()


def literal_type(text: str) -> SqlType:
    """The type of a numeric constant: ``1.25`` is NUMBER(3,2)."""
    if "e" in text.lower():
        return SqlType("REAL")
    digits = Decimal(text).as_tuple()
    scale = max(-int(digits.exponent), 0)
    if scale == 0:
        return INTEGER
    return SqlType("FIXED", precision=min(max(len(digits.digits), scale), 38), scale=scale)


def is_fixed(type_: SqlType | None) -> bool:
    return type_ is not None and type_.name == "FIXED"


def is_number(type_: SqlType | None) -> bool:
    return type_ is not None and type_.name in {"FIXED", "REAL"}


def is_text(type_: SqlType | None) -> bool:
    return type_ is not None and type_.name == "TEXT"


def is_semi(type_: SqlType | None) -> bool:
    return type_ is not None and type_.is_semistructured


def is_timestamp(type_: SqlType | None) -> bool:
    return type_ is not None and type_.name.startswith("TIMESTAMP")


def is_temporal(type_: SqlType | None) -> bool:
    return type_ is not None and (type_.name in {"DATE", "TIME"} or type_.name.startswith("TIMESTAMP"))


def fixed(scale: int, precision: int = 38) -> SqlType:
    return SqlType("FIXED", precision=precision, scale=scale)


def common(types: Iterable[SqlType | None]) -> SqlType | None:
    """The type that all of these become in CASE, COALESCE, UNION and the like; None when one is unknown or they do not mix."""
    found: SqlType | None = None
    for type_ in types:
        if type_ is None:
            return None
        found = type_ if found is None else _pair(found, type_)
        if found is None:
            return None
    return found


def _pair(left: SqlType, right: SqlType) -> SqlType | None:
    if left == right:
        return left
    names = {left.name, right.name}
    if names == {"FIXED"}:
        return _wider(left, right)
    if names == {"FIXED", "REAL"}:
        return left if left.name == "REAL" else right
    if names == {"TEXT"}:
        return SqlType("TEXT", length=max(left.length or 0, right.length or 0))
    for semi in ("VARIANT", "ARRAY", "OBJECT"):
        if semi in names:
            return SqlType("VARIANT") if len(names) > 1 else left
    order = ["TIMESTAMP_TZ", "TIMESTAMP_LTZ", "TIMESTAMP_NTZ", "DATE"]
    if names <= set(order):
        return next(type_ for name in order for type_ in (left, right) if type_.name == name)
    if "TEXT" in names:
        return left if right.name == "TEXT" else right
    if names == {"BOOLEAN", "FIXED"}:
        return BOOLEAN
    return None


def _wider(left: SqlType, right: SqlType) -> SqlType:
    scale = max(left.scale or 0, right.scale or 0)
    whole = max((left.precision or 38) - (left.scale or 0), (right.precision or 38) - (right.scale or 0))
    return SqlType("FIXED", precision=min(whole + scale, 38), scale=scale)
