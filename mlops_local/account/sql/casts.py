"""Conversions, explicit and implied. https://docs.snowflake.com/en/sql-reference/data-type-conversion

DuckDB rounds a float to the even neighbour where Snowflake rounds away from zero, keeps JSON quotes in texts, and prints
numbers and times in its own way; each pair of types that differs has a line here.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from mlops_local.account.errors import AccountError
from mlops_local.account.sql.conventions import conventions
from mlops_local.account.sql.formats import read, wall, written
from mlops_local.account.sql.typed import is_number, is_semi, template, type_of, typed, within
from mlops_local.account.syntax.names import literal
from mlops_local.account.syntax.types import INTEGER, REAL, TEXT, TIMESTAMP_LTZ, TIMESTAMP_NTZ, SqlType

_OFFSET = r"regexp_replace({0}, '\s+([+-]\d{{1,2}}:?\d{{2}})$', '\1')"

_HAS_OFFSET = r"regexp_matches({0}, ':\d+(\.\d+)?\s*(Z|[+-]\d{{1,2}}(:?\d{{2}})?)\s*$')"


def cast(node: exp.Expr, target: SqlType) -> exp.Expr:
    """The expression as a value of the target type; an error at run time when it is not one."""
    source = type_of(node)
    if source == target:
        return node
    if isinstance(node, exp.Null):
        return typed(template(f"CAST({{0}} AS {target.duckdb})", node), target)
    if is_semi(source) and not target.is_semistructured and target.name != "TEXT":
        node = typed(template("{0} ->> '$'", node), TEXT)
        source = TEXT
    if source is not None and source.name == "TIMESTAMP_LTZ" and conventions().zone and target.name in _BY_CLOCK:
        node = wall(node)
        source = type_of(node)
    return typed(_TARGETS[target.name](node, source, target), target)


# What a moment in the session's zone becomes by what its clocks show.
_BY_CLOCK = {"DATE", "TIME", "TIMESTAMP_NTZ"}


def cast_or_null(node: exp.Expr, target: SqlType) -> exp.Expr:
    """As TRY_CAST: NULL where the value does not convert."""
    return typed(template("TRY({0})", cast(node, target)), target)


def _plain(node: exp.Expr, source: SqlType | None, target: SqlType) -> exp.Expr:
    return template(f"CAST({{0}} AS {target.duckdb})", node)


def _to_fixed(node: exp.Expr, source: SqlType | None, target: SqlType) -> exp.Expr:
    name = source.name if source else ""
    if name == "BOOLEAN":
        return template(f"CAST(CAST({{0}} AS BIGINT) AS {target.duckdb})", node)
    narrow = target.precision if target.precision is not None and target.precision <= 18 else None
    if target.scale:
        return template(f"CAST({{0}} AS {target.duckdb})", node)
    whole = "round({0})" if name == "REAL" else "{0}"
    if narrow is not None:
        return template(f"CAST(CAST({whole} AS DECIMAL({narrow},0)) AS BIGINT)", node)
    return template(f"CAST({whole} AS BIGINT)", node)


def _to_text(node: exp.Expr, source: SqlType | None, target: SqlType) -> exp.Expr:
    text = _written(node, source) or template(_AS_TEXT.get(source.name if source else "", "CAST({0} AS VARCHAR)"), node)
    shortened = target.length is not None and target.length < (
        source.length or 0 if source and source.name == "TEXT" else 1 << 40
    )
    if shortened and target.length is not None and target.length < (TEXT.length or 0):
        return template(f"left({{0}}, {target.length})", text)
    return text


def _written(node: exp.Expr, source: SqlType | None) -> exp.Expr | None:
    """A date or time by the session's own format, or in its own zone."""
    name = source.name if source is not None else ""
    form = conventions().writing.get(name)
    if form is None and name == "TIMESTAMP_LTZ" and conventions().zone:
        form = "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM"
    return written(node, form) if form is not None else None


_AS_TEXT = {
    "TEXT": "{0}",
    "REAL": "CASE WHEN {0} = trunc({0}) AND abs({0}) < 1e15 THEN CAST(CAST({0} AS BIGINT) AS VARCHAR) ELSE CAST({0} AS VARCHAR) END",
    "BOOLEAN": "CAST({0} AS VARCHAR)",
    "VARIANT": "{0} ->> '$'",
    "OBJECT": "{0} ->> '$'",
    "ARRAY": "{0} ->> '$'",
    "TIMESTAMP_NTZ": "strftime({0}, '%Y-%m-%d %H:%M:%S.%g')",
    "TIMESTAMP_LTZ": "strftime({0}, '%Y-%m-%d %H:%M:%S.%g') || ' Z'",
    "TIMESTAMP_TZ": "strftime({0}, '%Y-%m-%d %H:%M:%S.%g') || ' Z'",
    "BINARY": "hex({0})",
}

_TRUE = "('true', 't', 'yes', 'y', 'on', '1')"
_FALSE = "('false', 'f', 'no', 'n', 'off', '0')"


def _to_boolean(node: exp.Expr, source: SqlType | None, target: SqlType) -> exp.Expr:
    if source is not None and source.name == "TEXT":
        return template(
            f"CASE WHEN lower(trim({{0}})) IN {_TRUE} THEN TRUE WHEN lower(trim({{0}})) IN {_FALSE} THEN FALSE "
            "ELSE CAST({0} AS BOOLEAN) END",
            node,
        )
    return _plain(node, source, target)


def from_epoch(value: exp.Expr, scale: int, target: SqlType) -> exp.Expr:
    """Seconds, or 10^-scale parts of them, since 1970 in UTC; a float keeps its fraction."""
    factor = 10 ** (9 - scale)
    number = (
        "CAST(round({0} * 1e9) AS BIGINT)"
        if type_of(value) == REAL and scale == 0
        else f"CAST(CAST({{0}} AS HUGEINT) * {factor} AS BIGINT)"
    )
    if (type_ := type_of(value)) is not None and type_.name == "FIXED" and type_.scale:
        number = f"CAST({{0}} * {factor} AS BIGINT)"
    if target.name in _ZONED:
        return template(f"timezone('UTC', CAST(make_timestamp_ns({number}) AS TIMESTAMP))", value, type_=TIMESTAMP_LTZ)
    return template(f"make_timestamp_ns({number})", value, type_=TIMESTAMP_NTZ)


_EPOCH = (
    "make_timestamp_ns(CASE WHEN abs(CAST({0} AS BIGINT)) < 31536000000 THEN CAST({0} AS BIGINT) * 1000000000 "
    "WHEN abs(CAST({0} AS BIGINT)) < 31536000000000 THEN CAST({0} AS BIGINT) * 1000000 "
    "WHEN abs(CAST({0} AS BIGINT)) < 31536000000000000 THEN CAST({0} AS BIGINT) * 1000 ELSE CAST({0} AS BIGINT) END)"
)


def _or_digits(node: exp.Expr, source: SqlType | None, target: SqlType, otherwise: exp.Expr) -> exp.Expr:
    """A text of digits alone is seconds, milliseconds, microseconds or nanoseconds since 1970, by their size.

    https://docs.snowflake.com/en/sql-reference/date-time-input-output#auto-detection-of-integer-stored-date-time-and-timestamp-values
    """
    if source is None or source.name != "TEXT" or conventions().reading.get(target.name) is not None:
        return otherwise
    if isinstance(node, exp.Literal) and not node.name.strip().lstrip("-").isdigit():
        return otherwise
    epoch = template(_EPOCH, node, type_=TIMESTAMP_NTZ)
    made = cast(epoch, target) if target.name == "DATE" else epoch
    if target.name in _ZONED:
        made = template("timezone('UTC', CAST({0} AS TIMESTAMP))", epoch, type_=TIMESTAMP_LTZ)
    return template("CASE WHEN regexp_full_match({0}, '-?\\d+') THEN {1} ELSE {2} END", node, made, otherwise, type_=target)


def _to_ntz(node: exp.Expr, source: SqlType | None, target: SqlType) -> exp.Expr:
    made = (
        from_epoch(node, 0, target)
        if is_number(source)
        else _or_digits(node, source, target, template("CAST({0} AS TIMESTAMP_NS)", _understood(node, source, target)))
    )
    if (
        target.scale is not None
        and target.scale < 9
        and (source is None or source.name != "TIMESTAMP_NTZ" or (source.scale or 0) > target.scale)
    ):
        unit = 10 ** (9 - target.scale)
        return template(f"make_timestamp_ns(epoch_ns({{0}}) - epoch_ns({{0}}) % {unit})", made)
    return made


def _understood(node: exp.Expr, source: SqlType | None, target: SqlType) -> exp.Expr:
    """A text read by the format that the session has set for the type."""
    form = conventions().reading.get(target.name) if source is not None and source.name == "TEXT" else None
    return read(node, form) if form is not None else node


def _to_zoned(node: exp.Expr, source: SqlType | None, target: SqlType) -> exp.Expr:
    return _or_digits(node, source, target, _in_zone(node, source, target))


def _in_zone(node: exp.Expr, source: SqlType | None, target: SqlType) -> exp.Expr:
    """A text that names no offset, and a wall clock, are those of the session's zone."""
    node = _understood(node, source, target)
    source = type_of(node) or source
    zone = conventions().zone
    local = f"timezone({within(literal(zone))}, CAST({{0}} AS TIMESTAMP))" if zone else "CAST({0} AS TIMESTAMPTZ)"
    if source is not None and source.name == "TEXT":
        moment = f"CAST({_OFFSET} AS TIMESTAMPTZ)"
        return template(f"CASE WHEN {_HAS_OFFSET} THEN {moment} ELSE {local} END" if zone else moment, node)
    if is_number(source):
        return from_epoch(node, 0, target)
    return template("CAST({0} AS TIMESTAMPTZ)" if source is not None and source.name in _ZONED else local, node)


_ZONED = {"TIMESTAMP_LTZ", "TIMESTAMP_TZ"}


def _to_date(node: exp.Expr, source: SqlType | None, target: SqlType) -> exp.Expr:
    return _or_digits(node, source, target, template("CAST({0} AS DATE)", _understood(node, source, target)))


def _to_time(node: exp.Expr, source: SqlType | None, target: SqlType) -> exp.Expr:
    return template("CAST({0} AS TIME)", _understood(node, source, target))


def _to_binary(node: exp.Expr, source: SqlType | None, target: SqlType) -> exp.Expr:
    return template("unhex({0})", node) if source is not None and source.name == "TEXT" else _plain(node, source, target)


def _to_variant(node: exp.Expr, source: SqlType | None, target: SqlType) -> exp.Expr:
    if is_semi(source):
        return node.copy()
    if source is not None and source.name == "BINARY":
        return template("to_json(hex({0}))", node)
    if source is not None and (source.name == "DATE" or source.name.startswith("TIME")):
        return template("to_json({0})", cast(node, TEXT))
    return template("to_json({0})", node)


def _to_array(node: exp.Expr, source: SqlType | None, target: SqlType) -> exp.Expr:
    value = _to_variant(node, source, target)
    return template("CASE WHEN {0} IS NULL THEN NULL WHEN json_type({0}) = 'ARRAY' THEN {0} ELSE json_array({0}) END", value)


def _to_object(node: exp.Expr, source: SqlType | None, target: SqlType) -> exp.Expr:
    if not is_semi(source):
        raise AccountError(
            1065, "22023", f"SQL compilation error:\ninvalid type [CAST({source.sql if source else '?'} AS OBJECT)]"
        )
    return template(
        "CASE WHEN {0} IS NULL OR json_type({0}) = 'OBJECT' THEN {0} "
        "ELSE CAST(error('[100071 22000] Failed to cast variant value to OBJECT') AS JSON) END",
        node,
    )


Conversion = Callable[[exp.Expr, "SqlType | None", SqlType], exp.Expr]

_TARGETS: dict[str, Conversion] = {
    "FIXED": _to_fixed,
    "REAL": _plain,
    "TEXT": _to_text,
    "BOOLEAN": _to_boolean,
    "DATE": _to_date,
    "TIME": _to_time,
    "TIMESTAMP_NTZ": _to_ntz,
    "TIMESTAMP_LTZ": _to_zoned,
    "TIMESTAMP_TZ": _to_zoned,
    "BINARY": _to_binary,
    "VARIANT": _to_variant,
    "ARRAY": _to_array,
    "OBJECT": _to_object,
}


def as_text(node: exp.Expr) -> exp.Expr:
    """The value as a function of texts takes it."""
    source = type_of(node)
    return node if source is None or source.name == "TEXT" else cast(node, TEXT)


def as_number(node: exp.Expr) -> exp.Expr:
    """The value as arithmetic takes it: texts and variants are converted."""
    source = type_of(node)
    if isinstance(node, exp.Null):
        return cast(node, INTEGER)
    if source is None or source.name in {"FIXED", "REAL"}:
        return node
    if source.name == "TEXT" and isinstance(node, exp.Literal):
        return cast(node, SqlType("FIXED", precision=38, scale=_scale_of(node.name)))
    if source.name == "BOOLEAN":
        return cast(node, SqlType("FIXED", precision=38, scale=0))
    return cast(node, REAL)


def _scale_of(text: str) -> int:
    return min(len(text.partition(".")[2].strip()), 12)
