"""TO_*, TRY_TO_*, AS_*, IS_* and PARSE_JSON. https://docs.snowflake.com/en/sql-reference/functions-conversion"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from mlops_local.account.errors import unsupported
from mlops_local.account.sql.casts import cast, from_epoch
from mlops_local.account.sql.formats import read, written
from mlops_local.account.sql.functions.registry import Arguments, Build, define, function, take
from mlops_local.account.sql.typed import fixed, is_number, is_semi, is_temporal, is_text, template, type_of, typed
from mlops_local.account.syntax.types import (
    ARRAY,
    BINARY,
    BOOLEAN,
    DATE,
    INTEGER,
    OBJECT,
    REAL,
    TEXT,
    TIME,
    TIMESTAMP_LTZ,
    TIMESTAMP_NTZ,
    TIMESTAMP_TZ,
    VARIANT,
    SqlType,
)


def _both(*names: str, least: int, most: int) -> Callable[[Build], Build]:
    """TO_X, and TRY_TO_X that gives NULL where it fails."""

    def enter(build: Build) -> Build:
        function(*names, least=least, most=most)(build)

        def attempt(arguments: Arguments) -> exp.Expr:
            made = build(arguments)
            return template("TRY({0})", made, type_=type_of(made))

        function(*(f"TRY_{name}" for name in names), least=least, most=most)(attempt)
        return build

    return enter


@function("TO_VARCHAR", "TO_CHAR", least=1, most=2)
def to_text(arguments: Arguments) -> exp.Expr:
    if len(arguments) == 1:
        return cast(arguments[0], TEXT)
    type_ = arguments.type(0)
    if is_temporal(type_) or is_text(type_):
        return written(take(arguments[0], "m"), arguments.constant(1))
    if type_ is not None and type_.name == "BINARY":
        return _binary_text(arguments)
    raise unsupported(f"{arguments.name} of a number with a format")


def _binary_text(arguments: Arguments) -> exp.Expr:
    form = arguments.constant(1).upper()
    functions = {"HEX": "hex({0})", "BASE64": "to_base64({0})", "UTF-8": "decode({0})"}
    if form not in functions:
        raise unsupported(f"binary format {form}")
    return template(functions[form], arguments[0], type_=TEXT)


@_both("TO_NUMBER", "TO_DECIMAL", "TO_NUMERIC", least=1, most=4)
def to_number(arguments: Arguments) -> exp.Expr:
    """``(value [, 'format'] [, precision [, scale]])``; a format of digits only is not needed to read the number."""
    rest = arguments.nodes[1:]
    if rest and isinstance(rest[0], exp.Literal) and rest[0].is_string:
        raise unsupported(f"{arguments.name} with a format")
    precision = int(arguments.constant(1)) if rest else 38
    scale = int(arguments.constant(2)) if len(rest) > 1 else 0
    return cast(arguments[0], fixed(scale, precision))


@_both("TO_DOUBLE", least=1, most=1)
def to_double(arguments: Arguments) -> exp.Expr:
    return cast(arguments[0], REAL)


@_both("TO_BOOLEAN", least=1, most=1)
def to_boolean(arguments: Arguments) -> exp.Expr:
    return cast(arguments[0], BOOLEAN)


@_both("TO_DATE", least=1, most=2)
def to_date(arguments: Arguments) -> exp.Expr:
    """https://docs.snowflake.com/en/sql-reference/functions/to_date"""
    moment = _moment(arguments, TIMESTAMP_NTZ)
    return cast(moment, DATE)


function("DATE", least=1, most=2)(to_date)


@_both("TO_TIME", least=1, most=2)
def to_time(arguments: Arguments) -> exp.Expr:
    if len(arguments) == 2:
        return template("CAST({0} AS TIME)", _moment(arguments, TIMESTAMP_NTZ), type_=TIME)
    return cast(arguments[0], TIME)


function("TIME", least=1, most=2)(to_time)


@_both("TO_TIMESTAMP", "TO_TIMESTAMP_NTZ", least=1, most=2)
def to_timestamp_ntz(arguments: Arguments) -> exp.Expr:
    return _moment(arguments, TIMESTAMP_NTZ)


@_both("TO_TIMESTAMP_LTZ", least=1, most=2)
def to_timestamp_ltz(arguments: Arguments) -> exp.Expr:
    return _moment(arguments, TIMESTAMP_LTZ)


@_both("TO_TIMESTAMP_TZ", least=1, most=2)
def to_timestamp_tz(arguments: Arguments) -> exp.Expr:
    return _moment(arguments, TIMESTAMP_TZ)


def _moment(arguments: Arguments, target: SqlType) -> exp.Expr:
    """From a text (by a format, or as epoch digits), a number since 1970, or another date or time.

    https://docs.snowflake.com/en/sql-reference/functions/to_timestamp
    """
    value, type_ = arguments[0], arguments.type(0)
    if is_number(type_):
        scale = int(arguments.constant(1)) if len(arguments) > 1 else 0
        return cast(from_epoch(value, scale, target), target)
    if len(arguments) > 1 and arguments.constant(1).upper() != "AUTO":
        return cast(read(take(value, "t"), arguments.constant(1)), target)
    if is_semi(type_):
        value, type_ = cast(value, TEXT), TEXT
    return cast(value, target)


@_both("TO_BINARY", least=1, most=2)
def to_binary(arguments: Arguments) -> exp.Expr:
    form = arguments.constant(1).upper() if len(arguments) > 1 else "HEX"
    functions = {"HEX": "unhex({0})", "BASE64": "from_base64({0})", "UTF-8": "encode({0})"}
    if form not in functions:
        raise unsupported(f"binary format {form}")
    return template(functions[form], take(arguments[0], "t"), type_=BINARY)


@function("TO_VARIANT", least=1)
def to_variant(arguments: Arguments) -> exp.Expr:
    return cast(arguments[0], VARIANT)


@function("TO_ARRAY", least=1)
def to_array(arguments: Arguments) -> exp.Expr:
    return cast(arguments[0], ARRAY)


@function("TO_OBJECT", least=1)
def to_object(arguments: Arguments) -> exp.Expr:
    return cast(arguments[0], OBJECT)


define("PARSE_JSON", "t", VARIANT, "CASE WHEN trim({0}) = '' THEN NULL ELSE json(CAST({0} AS JSON)) END")
define("TRY_PARSE_JSON", "t", VARIANT, "CASE WHEN json_valid({0}) THEN json(CAST({0} AS JSON)) END")
define("CHECK_JSON", "t", TEXT, "CASE WHEN json_valid({0}) THEN NULL ELSE 'error parsing JSON' END")
define("TO_JSON", "j", TEXT, "CAST(json({0}) AS VARCHAR)")
define(
    "TYPEOF",
    "j",
    TEXT,
    "CASE json_type({0}) WHEN 'VARCHAR' THEN 'VARCHAR' WHEN 'UBIGINT' THEN 'INTEGER' WHEN 'BIGINT' THEN 'INTEGER' "
    "WHEN 'HUGEINT' THEN 'INTEGER' WHEN 'DOUBLE' THEN CASE WHEN contains(lower(CAST({0} AS VARCHAR)), 'e') THEN 'DOUBLE' "
    "ELSE 'DECIMAL' END WHEN 'NULL' THEN 'NULL_VALUE' ELSE json_type({0}) END",
)

_JSON_KINDS = {
    "ARRAY": ("ARRAY", ARRAY),
    "OBJECT": ("OBJECT", OBJECT),
    "BOOLEAN": ("BOOLEAN", BOOLEAN),
    "VARCHAR": ("VARCHAR", TEXT),
    "CHAR": ("VARCHAR", TEXT),
    "INTEGER": ("UBIGINT BIGINT HUGEINT", INTEGER),
    "DECIMAL": ("UBIGINT BIGINT HUGEINT DOUBLE", fixed(0)),
    "NUMBER": ("UBIGINT BIGINT HUGEINT DOUBLE", fixed(0)),
    "DOUBLE": ("UBIGINT BIGINT HUGEINT DOUBLE", REAL),
    "REAL": ("UBIGINT BIGINT HUGEINT DOUBLE", REAL),
}


def _add_kind(name: str, json_types: str, type_: SqlType) -> None:
    listed = ", ".join(f"'{json_type}'" for json_type in json_types.split())

    def is_kind(arguments: Arguments) -> exp.Expr:
        return template(f"json_type({{0}}) IN ({listed})", take(arguments[0], "j"), type_=BOOLEAN)

    def as_kind(arguments: Arguments) -> exp.Expr:
        value = typed(take(arguments[0], "j"), VARIANT)
        return template(f"CASE WHEN json_type({{0}}) IN ({listed}) THEN {{1}} END", value, cast(value, type_), type_=type_)

    function(f"IS_{name}", least=1)(is_kind)
    function(f"AS_{name}", least=1)(as_kind)


for _name, (_json_types, _type) in _JSON_KINDS.items():
    _add_kind(_name, _json_types, _type)
