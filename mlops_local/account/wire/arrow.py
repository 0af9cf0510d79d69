"""The physical layout in which Snowflake sends Arrow, as the connector's converters read it.

Numbers are scaled integers of the narrowest width that holds them, 128-bit decimals only beyond 64 bits; times are integers;
timestamps of more than seven digits are structs of seconds and nanoseconds. The Snowflake type stands in the field's metadata.
The readers: https://github.com/snowflakedb/snowflake-connector-python/tree/main/src/snowflake/connector/nanoarrow_cpp
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlops_local.account.syntax.types import Column, SqlType
from mlops_local.account.wire.json_text import indented
from mlops_local.account.wire.moments import Numbers, epoch_and_fraction, nanoseconds_of_day, nulls

_WIDTHS = (pa.int8(), pa.int16(), pa.int32())
# Snowflake's offset of a TIMESTAMP_TZ is in minutes, shifted by a day; the account keeps such values in UTC.
UTC_OFFSET = 1440


def lay_out(table: pa.Table, columns: Sequence[Column]) -> pa.Table:
    """The table with Snowflake's column names, physical types and metadata."""
    arrays = [_CONVERTERS[column.type.name](single(table.column(i)), column.type) for i, column in enumerate(columns)]
    fields = [
        pa.field(column.name, array.type, nullable=True, metadata=_metadata(column.type))
        for column, array in zip(columns, arrays, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def stream(table: pa.Table) -> bytes:
    """The table as one Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def single(column: pa.ChunkedArray) -> pa.Array:
    """The column in one piece, of plain values."""
    array = column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks) if column.num_chunks else None
    if array is None:
        return pa.array([], type=column.type)
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    return array.dictionary_decode() if isinstance(array, pa.DictionaryArray) else array


def decimals(array: pa.Array, type_: SqlType) -> pa.Array:
    """Any number as a decimal of the declared scale; a value that this would change is an error."""
    target = pa.decimal128(38, type_.scale or 0)
    return array if array.type == target else array.cast(target)


def _metadata(type_: SqlType) -> dict[str, str]:
    return {
        "logicalType": type_.name,
        "precision": str(type_.precision or (38 if type_.name == "FIXED" else 0)),
        "scale": str(type_.scale or 0),
        "charLength": str(type_.length or 0),
        "byteLength": str(_byte_length(type_)),
        "finalType": "T",
    }


def _byte_length(type_: SqlType) -> int:
    if type_.name == "TIMESTAMP_TZ":
        return 8 if (type_.scale or 0) <= 3 else 16
    return min(4 * (type_.length or 0), 16_777_216)


def _fixed(array: pa.Array, type_: SqlType) -> pa.Array:
    if not type_.scale and pa.types.is_integer(array.type) and array.type != pa.uint64():
        return _narrowest(array.cast(pa.int64()))
    wide = decimals(array, type_)
    integers = _unscaled(wide)
    return wide if integers is None else _narrowest(integers)


def _unscaled(array: pa.Array) -> pa.Array | None:
    """The decimals without their point as 64-bit integers; None when one does not fit."""
    if len(array) == 0:
        return pa.array([], type=pa.int64())
    words = np.frombuffer(array.buffers()[1], dtype=np.int64).reshape(-1, 2)[array.offset : array.offset + len(array)]
    low, high, missing = words[:, 0], words[:, 1], nulls(array)
    if not (((low >> 63) == high) | missing).all():
        return None
    return pa.array(low, mask=missing)


def _narrowest(array: pa.Array) -> pa.Array:
    limits = pc.min_max(array)
    low, high = limits["min"].as_py() or 0, limits["max"].as_py() or 0
    for width in _WIDTHS:
        bound = 1 << (width.bit_width - 1)
        if -bound <= low and high < bound:
            return array.cast(width)
    return array


def _time(array: pa.Array, type_: SqlType) -> pa.Array:
    scale = 9 if type_.scale is None else type_.scale
    return pa.array(nanoseconds_of_day(array) // 10 ** (9 - scale), mask=nulls(array))


def _timestamp(array: pa.Array, type_: SqlType) -> pa.Array:
    scale = 9 if type_.scale is None else type_.scale
    epoch, fraction = epoch_and_fraction(array)
    if scale > 7:
        return _struct(array, epoch=epoch, fraction=_cut(fraction, scale))
    return pa.array(_scaled(epoch, fraction, scale), mask=nulls(array))


def _timestamp_tz(array: pa.Array, type_: SqlType) -> pa.Array:
    scale = 9 if type_.scale is None else type_.scale
    epoch, fraction = epoch_and_fraction(array)
    zone = np.full(len(array), UTC_OFFSET, dtype=np.int64)
    if scale > 3:
        return _struct(array, epoch=epoch, fraction=_cut(fraction, scale), timezone=zone)
    return _struct(array, epoch=_scaled(epoch, fraction, scale), timezone=zone)


def _scaled(epoch: Numbers, fraction: Numbers, scale: int) -> Numbers:
    result: Numbers = epoch * 10**scale + fraction // 10 ** (9 - scale)
    return result


def _cut(fraction: Numbers, scale: int) -> Numbers:
    """The nanoseconds without the digits beyond the scale."""
    result: Numbers = fraction if scale == 9 else fraction - fraction % 10 ** (9 - scale)
    return result


def _struct(array: pa.Array, **parts: Numbers) -> pa.Array:
    children = [pa.array(part if name == "epoch" else part.astype(np.int32)) for name, part in parts.items()]
    return pa.StructArray.from_arrays(children, names=list(parts), mask=pa.array(nulls(array)))


def _cast(target: pa.DataType) -> Callable[[pa.Array, SqlType], pa.Array]:
    return lambda array, _: array if array.type == target else array.cast(target)


def _semistructured(array: pa.Array, _: SqlType) -> pa.Array:
    return pa.array(indented(array), type=pa.string())


_CONVERTERS: dict[str, Callable[[pa.Array, SqlType], pa.Array]] = {
    "FIXED": _fixed,
    "TEXT": _cast(pa.string()),
    "REAL": _cast(pa.float64()),
    "BOOLEAN": _cast(pa.bool_()),
    "DATE": _cast(pa.date32()),
    "BINARY": _cast(pa.binary()),
    "TIME": _time,
    "TIMESTAMP_NTZ": _timestamp,
    "TIMESTAMP_LTZ": _timestamp,
    "TIMESTAMP_TZ": _timestamp_tz,
    "VARIANT": _semistructured,
    "OBJECT": _semistructured,
    "ARRAY": _semistructured,
}
