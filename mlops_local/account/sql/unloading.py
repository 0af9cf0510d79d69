"""Query results as files: Parquet with Snowflake's types, CSV and JSON.

https://docs.snowflake.com/en/sql-reference/sql/copy-into-location
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mlops_local.account.errors import unsupported
from mlops_local.account.file_formats import FileFormat
from mlops_local.account.result import arrow_type
from mlops_local.account.session import Session
from mlops_local.account.sql.query import Translation, relation_of
from mlops_local.account.types import Column

_BATCH = 100_000
_LIMIT = 2**63 - 1


def batches(session: Session, translation: Translation) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """The rows in batches, their columns under Snowflake's names and in the types that Parquet keeps them in."""
    reader = relation_of(session, translation.sql).to_arrow_reader(_BATCH)
    types = [_file_type(column, reader.schema.field(i).type) for i, column in enumerate(translation.columns)]
    schema = pa.schema([pa.field(column.name, type_) for column, type_ in zip(translation.columns, types, strict=True)])
    return schema, (_typed(batch, schema) for batch in reader)


def _file_type(column: Column, found: pa.DataType) -> pa.DataType:
    if column.type.name == "FIXED" and not column.type.scale:
        return pa.int64() if pa.types.is_integer(found) else found
    if column.type.name in {"TIME", "FIXED"}:
        return found
    return arrow_type(column.type)


def _typed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    arrays = [_plain(batch.column(i)).cast(field.type) for i, field in enumerate(schema)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _plain(array: pa.Array) -> pa.Array:
    return array.storage if isinstance(array, pa.ExtensionArray) else array


def write_parquet(session: Session, translation: Translation, path: Path, *, compression: str = "snappy") -> int:
    """One file; the number of rows in it. It is complete when it has its name."""
    schema, rows = batches(session, translation)
    count = 0
    with complete_file(path) as partial, pq.ParquetWriter(partial, schema, compression=compression) as writer:
        for batch in rows:
            writer.write_batch(batch)
            count += batch.num_rows
    return count


class complete_file:  # noqa: N801
    """A file that appears under its name only when it has been written to its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(path.name + ".partial")

    def __enter__(self) -> Path:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return self._partial

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None:
            self._partial.unlink(missing_ok=True)
            return
        with self._partial.open("rb+") as file:
            os.fsync(file.fileno())
        self._partial.replace(self._path)


def write_partitions(
    session: Session, translation: Translation, path_of: Callable[[str], Path], *, compression: str = "snappy"
) -> int:
    """A file for each value of the last column, which is left out of the files."""
    schema, rows = batches(session, translation)
    inner = pa.schema(list(schema)[:-1])
    writers: dict[str, pq.ParquetWriter] = {}
    count = 0
    with ExitStack() as stack:
        for batch in rows:
            count += batch.num_rows
            keys = batch.column(batch.num_columns - 1)
            for key in pc.unique(keys).to_pylist():
                chosen = batch.filter(pc.equal(keys, key) if key is not None else pc.is_null(keys)).select(inner.names)
                name = "__NULL__" if key is None else str(key)
                if name not in writers:
                    partial = stack.enter_context(complete_file(path_of(name)))
                    writers[name] = stack.enter_context(pq.ParquetWriter(partial, inner, compression=compression))
                writers[name].write_batch(chosen)
    return count


def write_csv(session: Session, translation: Translation, path: Path, format_: FileFormat, *, header: bool) -> int:
    """Text fields are enclosed when the format encloses fields; NULL is the first of NULL_IF."""
    enclosed = format_.text("FIELD_OPTIONALLY_ENCLOSED_BY")
    null = next(iter(format_["NULL_IF"]), "")
    with complete_file(path) as partial, _text_file(partial, format_) as file:
        writer = _CsvWriter(file, format_.text("FIELD_DELIMITER"), enclosed, _line_end(format_), null)
        if header:
            writer.write([column.name for column in translation.columns], [bool(enclosed)] * len(translation.columns))
        texts = [column.type.name in _TEXTS for column in translation.columns]
        _, rows = batches(session, translation)
        count = 0
        for batch in rows:
            columns = [[_csv_text(value) for value in array.to_pylist()] for array in batch.columns]
            for row in zip(*columns, strict=True):
                writer.write(row, texts)
            count += batch.num_rows
    return count


_TEXTS = {"TEXT", "VARIANT", "OBJECT", "ARRAY"}


class _CsvWriter:
    """Rows of text; a text with the enclosing character in it has it doubled."""

    def __init__(self, file: IO[str], delimiter: str, enclosed: str, line_end: str, null: str) -> None:
        self._file = file
        self._delimiter = delimiter
        self._enclosed = enclosed
        self._line_end = line_end
        self._null = null

    def write(self, row: Sequence[str | None], texts: Sequence[bool]) -> None:
        fields = (self._field(value, text) for value, text in zip(row, texts, strict=True))
        self._file.write(self._delimiter.join(fields) + self._line_end)

    def _field(self, value: str | None, text: bool) -> str:
        if value is None:
            return self._null
        if text and self._enclosed:
            return self._enclosed + value.replace(self._enclosed, self._enclosed * 2) + self._enclosed
        if not self._enclosed and any(mark in value for mark in (self._delimiter, "\n", "\\")):
            return "".join(f"\\{letter}" if letter in {self._delimiter, "\n", "\\"} else letter for letter in value)
        return value


def _csv_text(value: Any) -> str | None:
    """A value as CSV shows it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        text = value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03d}"
        return text + (value.strftime(" %z") if value.tzinfo else "")
    if isinstance(value, bytes):
        return value.hex().upper()
    return str(value)


def write_json(session: Session, translation: Translation, path: Path, format_: FileFormat) -> int:
    """One document a line."""
    count = 0
    with complete_file(path) as partial, _text_file(partial, format_) as file:
        _, rows = batches(session, translation)
        for batch in rows:
            for value in batch.column(0).to_pylist():
                file.write(f"{value}\n")
            count += batch.num_rows
    return count


def _line_end(format_: FileFormat) -> str:
    return format_.text("RECORD_DELIMITER") or "\n"


def _text_file(path: Path, format_: FileFormat) -> IO[str]:
    if format_.compression in {"AUTO", "GZIP"}:
        return gzip.open(path, "wt", encoding="utf-8", newline="")
    if format_.compression == "NONE":
        return path.open("w", encoding="utf-8", newline="")
    raise unsupported(f"unloading with COMPRESSION = {format_.compression}")
