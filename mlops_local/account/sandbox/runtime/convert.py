"""Snowflake values as Python handlers see them, and back.

https://docs.snowflake.com/en/developer-guide/udf-stored-procedure-data-type-mapping
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from mlops_local.account.sandbox.runtime.shim import SQL_NULL
from mlops_local.account.syntax.types import SqlType

# Ample for NUMBER(38,s): the default context of 28 digits would refuse to quantize.
_EXACT = Context(prec=80, rounding=ROUND_HALF_UP)


class WrongTypeError(TypeError):
    """The handler returned a value that its declared type cannot hold."""

    # Shown in the tracebacks of handlers: the name without the path to it.
    __module__ = "builtins"


def arrow_type(type: SqlType) -> pa.DataType:
    """What an array of results is made of."""
    if type.name == "FIXED":
        return pa.decimal128(type.precision or 38, type.scale) if type.scale else pa.int64()
    return _ARROW[type.name]


def to_python(array: pa.Array, type: SqlType, zone: tzinfo) -> list[Any]:
    """The arguments of one column."""
    if type.name == "FIXED":
        return _numbers(array, type)
    if type.name in _TEMPORAL:
        return _moments(array, type, zone)
    values: list[Any] = array.to_pylist()
    if type.is_semistructured:
        absent = SQL_NULL if type.name == "VARIANT" else None
        return [absent if value is None else json.loads(value) for value in values]
    return values


def from_python(values: Iterable[Any], type: SqlType, zone: tzinfo) -> pa.Array:
    """The results of one column; a value that does not fit the declared type is refused with its text."""
    values = list(values)
    # Arrow alone is too kind: it makes 2 of 2.5. Values of exactly the right Python types are safe with it.
    if not type.scale and {value.__class__ for value in values} <= _DIRECT.get(type.name, frozenset()):
        try:
            return _within_range(pa.array(values, arrow_type(type)), type)
        except (OverflowError, pa.ArrowInvalid):
            pass
    return pa.array([_converted(value, type, zone) for value in values], arrow_type(type))


def _within_range(array: pa.Array, type: SqlType) -> pa.Array:
    """Whole numbers of the declared precision; the slow way names the one that is not."""
    if type.name == "FIXED" and (type.precision or 38) < 19 and len(array) > array.null_count:
        extremes = pc.min_max(array)
        if max(-extremes["min"].as_py(), extremes["max"].as_py()) >= 10 ** (type.precision or 38):
            raise OverflowError
    return array


def _converted(value: Any, type: SqlType, zone: tzinfo) -> Any:
    plain = value.item() if getattr(value, "ndim", None) == 0 else value
    if plain is None or plain is SQL_NULL:
        return None
    if type.name == "FIXED":
        return _fixed(plain, type)
    if type.name.startswith("TIMESTAMP"):
        return _timestamp(plain, type, zone)
    return _CONVERTERS[type.name](plain, type)


def _numbers(array: pa.Array, type: SqlType) -> list[Any]:
    values: list[Any] = array.to_pylist()
    if not type.scale:
        return values if pa.types.is_integer(array.type) else [None if value is None else int(value) for value in values]
    if pa.types.is_decimal(array.type) and array.type.scale == type.scale:
        return values
    return [None if value is None else _fixed(value, type) for value in values]


def _moments(array: pa.Array, type: SqlType, zone: tzinfo) -> list[Any]:
    """Python's clock has microseconds; LTZ arrives without a zone, in the session's time."""
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        raise WrongTypeError(f"a {type.sql} argument was given as text")
    target = pa.time64("us") if type.name == "TIME" else pa.timestamp("us", getattr(array.type, "tz", None))
    values: list[Any] = array.cast(target, safe=False).to_pylist()
    if type.name == "TIMESTAMP_LTZ":
        return [None if value is None else _aware(value, UTC).astimezone(zone).replace(tzinfo=None) for value in values]
    if type.name == "TIMESTAMP_TZ":
        return [None if value is None else _aware(value, UTC) for value in values]
    return [value.replace(tzinfo=None) if value is not None and type.name == "TIMESTAMP_NTZ" else value for value in values]


def _aware(value: datetime, zone: tzinfo) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=zone)


def _fixed(value: Any, type: SqlType) -> int | Decimal:
    if not isinstance(value, (int, float, Decimal)) or (isinstance(value, float) and not math.isfinite(value)):
        raise _wrong(value, type)
    scale = type.scale or 0
    exact = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    if exact.adjusted() >= (type.precision or 38) - scale and exact:
        raise WrongTypeError(f"{_shown(value)} is out of range for {type.sql}")
    rounded = exact.quantize(Decimal(1).scaleb(-scale), context=_EXACT)
    if scale:
        return rounded
    if not -(2**63) <= rounded < 2**63:
        raise WrongTypeError(f"{_shown(value)} is out of range: this account holds whole numbers of 64 bits")
    return int(rounded)


def _real(value: Any, type: SqlType) -> float:
    if isinstance(value, (int, float, Decimal)):
        return float(value)
    raise _wrong(value, type)


def _text(value: Any, type: SqlType) -> str:
    if isinstance(value, (str, bool, int, float, Decimal, date, time)):
        return str(value)
    raise _wrong(value, type)


def _boolean(value: Any, type: SqlType) -> bool:
    if isinstance(value, bool):
        return value
    raise _wrong(value, type)


def _binary(value: Any, type: SqlType) -> bytes:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise _wrong(value, type)


def _date(value: Any, type: SqlType) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    raise _wrong(value, type)


def _time(value: Any, type: SqlType) -> time:
    if isinstance(value, time):
        return value
    raise _wrong(value, type)


def _timestamp(value: Any, type: SqlType, zone: tzinfo) -> datetime:
    """A moment without a zone is the session's for LTZ, UTC for TZ; NTZ keeps what the clock on the wall says."""
    if not isinstance(value, datetime):
        raise _wrong(value, type)
    if type.name == "TIMESTAMP_NTZ":
        return value.replace(tzinfo=None)
    return _aware(value, zone if type.name == "TIMESTAMP_LTZ" else UTC)


def _json(value: Any, type: SqlType) -> str:
    if type.name == "OBJECT" and not isinstance(value, dict):
        raise _wrong(value, type)
    if type.name == "ARRAY" and not isinstance(value, (list, tuple)) and not hasattr(value, "tolist"):
        raise _wrong(value, type)
    try:
        return json.dumps(value, default=_plain, allow_nan=False)
    except ValueError:
        return json.dumps(_without_nan(json.loads(json.dumps(value, default=_plain))))
    except TypeError as error:
        raise WrongTypeError(f"{error} (declared as {type.sql})") from error


def _plain(value: Any) -> Any:
    """What JSON does not know: numpy's values, SQL NULL, decimals, moments."""
    if value is SQL_NULL:
        return None
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"a value of type {value.__class__.__name__} has no place in a VARIANT")


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return value


def _wrong(value: Any, type: SqlType) -> WrongTypeError:
    return WrongTypeError(f"the handler returned {_shown(value)} of type {value.__class__.__name__}, declared is {type.sql}")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]}.."


def zone_named(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


_NONE = None.__class__
_DIRECT: dict[str, frozenset[Any]] = {
    "FIXED": frozenset({int, _NONE}),
    "REAL": frozenset({float, int, _NONE}),
    "TEXT": frozenset({str, _NONE}),
    "BOOLEAN": frozenset({bool, _NONE}),
    "BINARY": frozenset({bytes, _NONE}),
}
_TEMPORAL = frozenset({"TIME", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ"})
_ARROW: dict[str, pa.DataType] = {
    "REAL": pa.float64(),
    "TEXT": pa.string(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "BINARY": pa.binary(),
    "TIMESTAMP_NTZ": pa.timestamp("us"),
    **dict.fromkeys(("TIMESTAMP_LTZ", "TIMESTAMP_TZ"), pa.timestamp("us", "UTC")),
    **dict.fromkeys(("VARIANT", "OBJECT", "ARRAY"), pa.string()),
}
_CONVERTERS: dict[str, Callable[[Any, SqlType], Any]] = {
    "REAL": _real,
    "TEXT": _text,
    "BOOLEAN": _boolean,
    "BINARY": _binary,
    "DATE": _date,
    "TIME": _time,
    "VARIANT": _json,
    "OBJECT": _json,
    "ARRAY": _json,
}


def columns_to_python(columns: Sequence[pa.Array], types: Sequence[SqlType], zone: tzinfo) -> list[list[Any]]:
    return [to_python(column, type, zone) for column, type in zip(columns, types, strict=True)]
