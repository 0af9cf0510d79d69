"""Rows as JSON: every value a text or null, in the form that the connector's converter reads.

Timestamps carry exactly as many fractional digits as their scale says: the converter takes the digits for that many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from mlops_local.account.syntax.types import Column, SqlType
from mlops_local.account.wire.arrow import UTC_OFFSET, decimals, single
from mlops_local.account.wire.json_text import indented
from mlops_local.account.wire.moments import epoch_and_fraction, nanoseconds_of_day

Texts = Sequence[str | None]


def json_rows(table: pa.Table, columns: Sequence[Column]) -> list[list[str | None]]:
    texts = [_WRITERS[column.type.name](single(table.column(i)), column.type) for i, column in enumerate(columns)]
    return [list(row) for row in zip(*texts, strict=True)] if texts else [[] for _ in range(table.num_rows)]


def _fixed(array: pa.Array, type_: SqlType) -> Texts:
    if pa.types.is_integer(array.type) and not type_.scale:
        return [None if value is None else str(value) for value in array.to_pylist()]
    return [None if value is None else f"{value:f}" for value in decimals(array, type_).to_pylist()]


def _real(array: pa.Array, _: SqlType) -> Texts:
    return [None if value is None else repr(value) for value in array.cast(pa.float64()).to_pylist()]


def _boolean(array: pa.Array, _: SqlType) -> Texts:
    return [None if value is None else "1" if value else "0" for value in array.cast(pa.bool_()).to_pylist()]


def _date(array: pa.Array, _: SqlType) -> Texts:
    return [None if value is None else str(value) for value in array.cast(pa.date32()).cast(pa.int32()).to_pylist()]


def _binary(array: pa.Array, _: SqlType) -> Texts:
    return [None if value is None else value.hex().upper() for value in array.cast(pa.binary()).to_pylist()]


def _text(array: pa.Array, _: SqlType) -> Texts:
    values: list[str | None] = array.cast(pa.string()).to_pylist()
    return values


def _semistructured(array: pa.Array, _: SqlType) -> Texts:
    return indented(array)


def _time(array: pa.Array, type_: SqlType) -> Texts:
    present = array.is_valid().to_pylist()
    values = nanoseconds_of_day(array).tolist()
    return [_decimal(value, type_) if there else None for value, there in zip(values, present, strict=True)]


def _timestamp(array: pa.Array, type_: SqlType) -> Texts:
    present = array.is_valid().to_pylist()
    epochs, fractions = (part.tolist() for part in epoch_and_fraction(array))
    return [
        _decimal(epoch * 10**9 + fraction, type_) if there else None
        for epoch, fraction, there in zip(epochs, fractions, present, strict=True)
    ]


def _timestamp_tz(array: pa.Array, type_: SqlType) -> Texts:
    return [None if text is None else f"{text} {UTC_OFFSET}" for text in _timestamp(array, type_)]


def _decimal(nanoseconds: int, type_: SqlType) -> str:
    """Seconds with the type's number of digits, cut towards the past; the sign stands before the whole."""
    scale = 9 if type_.scale is None else type_.scale
    units = nanoseconds // 10 ** (9 - scale)
    seconds, fraction = divmod(abs(units), 10**scale)
    text = f"{seconds}.{fraction:0{scale}d}" if scale else str(seconds)
    return f"-{text}" if units < 0 else text


_WRITERS: dict[str, Callable[[pa.Array, SqlType], Texts]] = {
    "FIXED": _fixed,
    "TEXT": _text,
    "REAL": _real,
    "BOOLEAN": _boolean,
    "DATE": _date,
    "BINARY": _binary,
    "TIME": _time,
    "TIMESTAMP_NTZ": _timestamp,
    "TIMESTAMP_LTZ": _timestamp,
    "TIMESTAMP_TZ": _timestamp_tz,
    "VARIANT": _semistructured,
    "OBJECT": _semistructured,
    "ARRAY": _semistructured,
}
