"""Dates and times as whole numbers, the form that both encodings of a result are made from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

Numbers = np.ndarray[Any, np.dtype[np.int64]]
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def whole_numbers(array: pa.Array) -> Numbers:
    """The values of an array of 64-bit physical values; what stands in place of a NULL means nothing."""
    if len(array) == 0:
        return np.empty(0, dtype=np.int64)
    return np.frombuffer(array.buffers()[1], dtype=np.int64)[array.offset : array.offset + len(array)]


def nulls(array: pa.Array) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.asarray(array.is_null().to_numpy(zero_copy_only=False), dtype=np.bool_)


def epoch_and_fraction(array: pa.Array) -> tuple[Numbers, Numbers]:
    """Of timestamps: seconds since 1970, rounded down, and the nanoseconds on top.

    In their own unit, because nanoseconds alone hold the years 1677 to 2262 only.
    """
    if not pa.types.is_timestamp(array.type):
        array = array.cast(pa.timestamp("us"))
    per_second = _PER_SECOND[array.type.unit]
    values = whole_numbers(array)
    epoch = values // per_second
    return epoch, (values - epoch * per_second) * (10**9 // per_second)


def nanoseconds_of_day(array: pa.Array) -> Numbers:
    """Of times."""
    return whole_numbers(array.cast(pa.time64("ns")))
