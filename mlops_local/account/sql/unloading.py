"""Query results as files: Parquet with Snowflake's types, CSV and JSON.

https://docs.snowflake.com/en/sql-reference/sql/copy-into-location
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlglot import exp

from mlops_local.account.errors import unsupported
from mlops_local.account.files.file_formats import FileFormat
from mlops_local.account.session.result import arrow_type
from mlops_local.account.session.session import Session
from mlops_local.account.sql.casts import cast
from mlops_local.account.sql.generator import generate
from mlops_local.account.sql.query import Translation, relation_of
from mlops_local.account.sql.typed import typed
from mlops_local.account.syntax.names import literal
from mlops_local.account.syntax.types import TEXT, Column

BATCH = 100_000
_LIMIT = 2**63 - 1


def batches(session: Session, translation: Translation) -> tuple[pa.Schema, Iterator[pa.RecordBatch], Callable[[], None]]:
    """The rows in batches, their columns under Snowflake's names and in the types that Parquet keeps them in, and what ends them.

    DuckDB's connection can do nothing else before its rows have been read or are ended.
    """
    reader = relation_of(session, translation.sql).to_arrow_reader(BATCH)
    types = [_file_type(column, reader.schema.field(i).type) for i, column in enumerate(translation.columns)]
    schema = pa.schema([pa.field(column.name, type_) for column, type_ in zip(translation.columns, types, strict=True)])
    return schema, (_typed(batch, schema) for batch in reader), reader.close


@contextmanager
def closing_rows(end: Callable[[], None]) -> Iterator[None]:
    try:
        yield
    finally:
        end()


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
    schema, rows, end = batches(session, translation)
    count = 0
    with closing_rows(end), complete_file(path) as partial, pq.ParquetWriter(partial, schema, compression=compression) as writer:
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
    schema, rows, end = batches(session, translation)
    inner = pa.schema(list(schema)[:-1])
    writers: dict[str, pq.ParquetWriter] = {}
    count = 0
    with closing_rows(end), ExitStack() as stack:
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


_TEXTS = {"TEXT", "VARIANT", "OBJECT", "ARRAY"}


def csv_lines(translation: Translation, count: int, format_: FileFormat) -> str:
    """The first ``count`` columns as one text each row, and the columns behind them. DuckDB makes whole lines."""
    fields = [_csv_field(f"c{i}", column, format_) for i, column in enumerate(translation.columns[:count])]
    names = [f"c{i}" for i in range(len(translation.columns))]
    line = f" || {literal(format_.text('FIELD_DELIMITER'))} || ".join(fields)
    return f"SELECT {', '.join([f'{line} AS line', *names[count:]])} FROM ({translation.sql}) AS given({', '.join(names)})"


def _csv_field(name: str, column: Column, format_: FileFormat) -> str:
    """The text of a field, marked as a format without enclosing characters needs it."""
    value = typed(exp.Column(this=exp.Identifier(this=name, quoted=True)), column.type)
    text = generate(cast(value, TEXT))
    enclosed = format_.text("FIELD_OPTIONALLY_ENCLOSED_BY")
    if column.type.name in _TEXTS and enclosed:
        text = f"{literal(enclosed)} || replace({text}, {literal(enclosed)}, {literal(enclosed * 2)}) || {literal(enclosed)}"
    elif column.type.name in _TEXTS:
        for mark in ("\\", format_.text("FIELD_DELIMITER"), "\n"):
            text = f"replace({text}, {literal(mark)}, {literal(chr(92) + mark)})" if mark else text
    return f"coalesce({text}, {literal(next(iter(format_['NULL_IF']), ''))})"


def csv_header(columns: Sequence[Column], format_: FileFormat) -> str:
    enclosed = format_.text("FIELD_OPTIONALLY_ENCLOSED_BY")
    names = [column.name.replace(enclosed, enclosed * 2) if enclosed else column.name for column in columns]
    return format_.text("FIELD_DELIMITER").join(f"{enclosed}{name}{enclosed}" for name in names)


def open_text(path: Path, format_: FileFormat) -> IO[str]:
    if format_.compression in {"AUTO", "GZIP"}:
        return gzip.open(path, "wt", compresslevel=3, encoding="utf-8", newline="")
    if format_.compression == "NONE":
        return path.open("w", encoding="utf-8", newline="")
    raise unsupported(f"unloading with COMPRESSION = {format_.compression}")
