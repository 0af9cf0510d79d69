"""Calls scalar, vectorized and table handlers with Arrow batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mlops_local.account.sandbox.runtime.convert import WrongTypeError, columns_to_python, from_python
from mlops_local.account.sandbox.runtime.frames import from_series, to_frame
from mlops_local.account.syntax.types import SqlType

ENDINGS = ("end_partition", "endPartition")


@dataclass(frozen=True)
class Signature:
    arguments: list[SqlType]
    results: list[SqlType]
    zone: tzinfo


def call_function(handler: Callable[..., Any], signature: Signature, columns: Sequence[pa.Array], count: int) -> pa.Array:
    """One value per row, in the order of the rows."""
    if is_vectorized(handler):
        return _call_vectorized(handler, signature, columns, count)
    if not columns:
        return from_python((handler() for _ in range(count)), signature.results[0], signature.zone)
    arguments = columns_to_python(columns, signature.arguments, signature.zone)
    return from_python(map(handler, *arguments), signature.results[0], signature.zone)


def is_vectorized(handler: object) -> bool:
    return getattr(handler, "_sf_vectorized_input", None) is not None


def _call_vectorized(handler: Callable[..., Any], signature: Signature, columns: Sequence[pa.Array], count: int) -> pa.Array:
    parts = []
    for start, length in _slices(handler, count):
        frame = _frame(handler, signature, [column.slice(start, length) for column in columns], length)
        values = from_series(handler(frame), signature.results[0], signature.zone)
        if len(values) != length:
            raise WrongTypeError(f"the vectorized handler returned {len(values)} values for {length} rows")
        parts.append(values)
    return pa.concat_arrays(parts) if parts else from_python([], signature.results[0], signature.zone)


def _slices(handler: object, count: int) -> Iterator[tuple[int, int]]:
    size = getattr(handler, "_sf_max_batch_size", None) or max(count, 1)
    return ((start, min(size, count - start)) for start in range(0, count, size))


def _frame(handler: object, signature: Signature, columns: Sequence[pa.Array], length: int) -> pd.DataFrame:
    if not columns:
        return pd.DataFrame(index=range(length))
    flatten = bool(getattr(handler, "_sf_flatten_object_input", False))
    return to_frame(columns, signature.arguments, signature.zone, flatten=flatten)


def call_aggregate(handler: type, signature: Signature, groups: Sequence[pa.Array]) -> pa.Array:
    """One value per group. Each column holds a list for every group; a function without arguments gets one to count."""
    lengths = [length or 0 for length in pc.list_value_length(groups[0]).to_pylist()]
    flat = [_storage(column.flatten()) for column in groups[: len(signature.arguments)]]
    arguments = columns_to_python(flat, signature.arguments, signature.zone)
    values, start = [], 0
    for length in lengths:
        state = handler()
        for row in range(start, start + length):
            state.accumulate(*(column[row] for column in arguments))
        values.append(state.finish())
        start += length
    return from_python(values, signature.results[0], signature.zone)


def _storage(column: pa.Array) -> pa.Array:
    return column.storage if isinstance(column, pa.ExtensionArray) else column


@dataclass
class _Output:
    """Rows of a table function as they come, with where they come from."""

    width: int
    rows: list[Sequence[Any]] = field(default_factory=list)
    frames: list[list[pa.Array]] = field(default_factory=list)
    inputs: list[int | None] = field(default_factory=list)
    partitions: list[int] = field(default_factory=list)

    def add_rows(self, produced: Iterable[Any] | None, partition: int, source: int | None) -> None:
        for row in produced if produced is not None else ():
            values = row if isinstance(row, (tuple, list)) else (row,)
            if len(values) != self.width:
                raise WrongTypeError(f"the table function gave a row of {len(values)} values, declared are {self.width} columns")
            self.rows.append(values)
            self.inputs.append(source)
            self.partitions.append(partition)

    def add_columns(self, columns: list[pa.Array], partition: int, sources: Sequence[int | None]) -> None:
        self.frames.append(columns)
        self.inputs.extend(sources)
        self.partitions.extend([partition] * len(columns[0]))


def call_table(handler: type, signature: Signature, columns: Sequence[pa.Array], lengths: Sequence[int]) -> pa.RecordBatch:
    """Output columns ``c0..``, then ``input_row`` (null at the end of a partition) and ``partition``."""
    output, start = _Output(len(signature.results)), 0
    for partition, length in enumerate(lengths):
        instance = handler()
        part = [column.slice(start, length) for column in columns]
        _process(instance, signature, part, output, partition=partition, start=start, length=length)
        _end(instance, signature, part, output, partition=partition, length=length)
        start += length
    return _batch(output, signature)


def _process(
    instance: Any, signature: Signature, part: Sequence[pa.Array], output: _Output, *, partition: int, start: int, length: int
) -> None:
    process = getattr(instance, "process", None)
    if process is None:
        return
    if is_vectorized(process):
        for offset, size in _slices(process, length):
            frame = _frame(process, signature, [column.slice(offset, size) for column in part], size)
            columns = _columns(process(frame), signature)
            if len(columns[0]) != size:
                raise WrongTypeError(f"the vectorized process method returned {len(columns[0])} rows for {size}")
            output.add_columns(columns, partition, range(start + offset, start + offset + size))
        return
    arguments = columns_to_python(part, signature.arguments, signature.zone)
    for row in range(length):
        output.add_rows(process(*(column[row] for column in arguments)), partition, start + row)


def _end(instance: Any, signature: Signature, part: Sequence[pa.Array], output: _Output, *, partition: int, length: int) -> None:
    end = next((getattr(instance, name) for name in ENDINGS if hasattr(instance, name)), None)
    if end is None:
        return
    if is_vectorized(end):
        result = end(_frame(end, signature, part, length))
        for answer in result if isinstance(result, Iterator) else [result]:
            columns = _columns(answer, signature)
            output.add_columns(columns, partition, [None] * len(columns[0]))
    else:
        output.add_rows(end(), partition, None)


def _columns(result: Any, signature: Signature) -> list[pa.Array]:
    """A vectorized method returns a frame, or a tuple of series."""
    if isinstance(result, pd.DataFrame):
        series: list[Any] = [result.iloc[:, number] for number in range(result.shape[1])]
    else:
        series = list(result) if isinstance(result, (tuple, list)) else [result]
    if len(series) != len(signature.results):
        raise WrongTypeError(f"the table function returned {len(series)} columns, declared are {len(signature.results)}")
    return [from_series(values, type, signature.zone) for values, type in zip(series, signature.results, strict=True)]


def _batch(output: _Output, signature: Signature) -> pa.RecordBatch:
    if output.frames and output.rows:
        raise WrongTypeError("a table function cannot be vectorized in one of its methods only and return rows from both")
    if output.frames:
        columns = [pa.concat_arrays([frame[number] for frame in output.frames]) for number in range(output.width)]
    else:
        columns = [
            from_python([row[number] for row in output.rows], type, signature.zone)
            for number, type in enumerate(signature.results)
        ]
    tail = [pa.array(output.inputs, pa.int64()), pa.array(output.partitions, pa.int32())]
    names = [*(f"c{number}" for number in range(output.width)), "input_row", "partition"]
    return pa.RecordBatch.from_arrays([*columns, *tail], names=names)
