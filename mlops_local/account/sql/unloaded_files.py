"""The files of an unload: one for each partition, and another one whenever one is full.

https://docs.snowflake.com/en/sql-reference/sql/copy-into-location
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mlops_local.account.files.file_formats import FileFormat
from mlops_local.account.session.session import Session
from mlops_local.account.sql.query import Translation, relation_of
from mlops_local.account.sql.unloading import BATCH, batches, closing_rows, complete_file, csv_header, csv_lines, open_text

PathOf = Callable[[str | None, int], Path]


@dataclass
class Written:
    """A file with its rows, and how many bytes these were before they were compressed."""

    path: Path
    rows: int = 0
    bytes: int = 0


class _Writer(Protocol):
    def write(self, batch: pa.RecordBatch) -> None:
        """Appends the rows."""


Open = Callable[[Path, ExitStack], _Writer]


@dataclass(frozen=True)
class Source:
    """Rows in batches, the last column the partition when there is one, and what writes them to a file."""

    rows: Iterator[pa.RecordBatch]
    open: Open
    end: Callable[[], None]


@dataclass
class _Files:
    """The files that are open, by partition; a file that has its rows is closed before the next one begins."""

    source: Source
    path_of: PathOf
    limit: int | None
    written: list[Written] = field(default_factory=list)
    _open: dict[str | None, tuple[Written, _Writer, ExitStack]] = field(default_factory=dict)
    _counts: dict[str | None, int] = field(default_factory=dict)

    def write(self, key: str | None, batch: pa.RecordBatch) -> None:
        for part in _slices(batch, self.limit):
            file, writer, _ = self._file(key, part.nbytes)
            writer.write(part)
            file.rows += part.num_rows
            file.bytes += part.nbytes

    def _file(self, key: str | None, size: int) -> tuple[Written, _Writer, ExitStack]:
        found = self._open.get(key)
        if found is not None and self.limit is not None and found[0].bytes + size > self.limit:
            self._open.pop(key)[2].close()
            found = None
        if found is None:
            number = self._counts.get(key, 0)
            self._counts[key] = number + 1
            found = self._start(self.path_of(key, number))
            self._open[key] = found
        return found

    def _start(self, path: Path) -> tuple[Written, _Writer, ExitStack]:
        stack, file = ExitStack(), Written(path)
        writer = self.source.open(stack.enter_context(complete_file(path)), stack)
        self.written.append(file)
        return file, writer, stack

    def close(self, *, failed: bool) -> None:
        for _, _, stack in self._open.values():
            if failed:
                stack.__exit__(InterruptedError, InterruptedError(), None)
            else:
                stack.close()


def _slices(batch: pa.RecordBatch, limit: int | None) -> Iterator[pa.RecordBatch]:
    """Pieces that fit into one file each, as far as a row does."""
    if limit is None or batch.nbytes <= limit:
        yield from [batch] if batch.num_rows else []
        return
    size = max(1, limit * batch.num_rows // batch.nbytes)
    for start in range(0, batch.num_rows, size):
        yield batch.slice(start, size)


def write_files(source: Source, path_of: PathOf, *, partitioned: bool, limit: int | None) -> list[Written]:
    """``path_of`` names the file of a partition (None: all rows, or those whose partition is NULL) and a number."""
    files = _Files(source, path_of, limit)
    failed = True
    with closing_rows(source.end):
        try:
            for batch in source.rows:
                for key, rows in _partitions(batch) if partitioned else [(None, batch)]:
                    files.write(key, rows)
            failed = False
        finally:
            files.close(failed=failed)
    return files.written


def _partitions(batch: pa.RecordBatch) -> Iterator[tuple[str | None, pa.RecordBatch]]:
    keys = batch.column(batch.num_columns - 1)
    inner = batch.select(list(range(batch.num_columns - 1)))
    for key in pc.unique(keys).to_pylist():
        yield key, inner.filter(pc.is_null(keys) if key is None else pc.equal(keys, key))


def parquet_source(session: Session, translation: Translation, *, partitioned: bool, compression: str) -> Source:
    schema, rows, end = batches(session, translation)
    inner = pa.schema(list(schema)[:-1]) if partitioned else schema

    def start(path: Path, stack: ExitStack) -> _Writer:
        return _Parquet(stack.enter_context(pq.ParquetWriter(path, inner, compression=compression)))

    return Source(rows, start, end)


@dataclass(frozen=True)
class _Parquet:
    writer: pq.ParquetWriter

    def write(self, batch: pa.RecordBatch) -> None:
        self.writer.write_batch(batch)


def csv_source(session: Session, translation: Translation, format_: FileFormat, *, partitioned: bool, header: bool) -> Source:
    """Text fields are enclosed when the format encloses fields; NULL is the first of NULL_IF."""
    count = len(translation.columns) - partitioned
    text = csv_lines(translation, count, format_)
    first = csv_header(translation.columns[:count], format_) if header else None
    return _lines(session, text, format_, format_.text("RECORD_DELIMITER") or "\n", first)


def json_source(session: Session, translation: Translation, format_: FileFormat) -> Source:
    """One document a line."""
    return _lines(session, translation.sql, format_, "\n", None)


def _lines(session: Session, text: str, format_: FileFormat, end: str, first: str | None) -> Source:
    def start(path: Path, stack: ExitStack) -> _Writer:
        file = stack.enter_context(open_text(path, format_))
        file.write("" if first is None else first + end)
        return _Lines(file.write, end)

    reader = relation_of(session, text).to_arrow_reader(BATCH)
    return Source((_plain(batch) for batch in reader), start, reader.close)


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """DuckDB marks JSON with an extension type; the text in it is what a file holds."""
    arrays = [column.storage if isinstance(column, pa.ExtensionArray) else column for column in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=[str(i) for i in range(len(arrays))])


@dataclass(frozen=True)
class _Lines:
    append: Callable[[str], object]
    end: str

    def write(self, batch: pa.RecordBatch) -> None:
        self.append("".join(f"{line}{self.end}" for line in batch.column(0).to_pylist()))
