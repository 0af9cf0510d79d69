"""Staged files as rows: the DuckDB text that reads Parquet, CSV and JSON files the way Snowflake does.

A relation has ``$1`` (and ``$2`` .. for CSV), ``METADATA$FILENAME`` and ``METADATA$FILE_ROW_NUMBER``; one of Parquet files also
has ``$1:<name>`` for each column of the files, in its own type, so that ``$1:"A"::T`` need not go through JSON.
https://docs.snowflake.com/en/user-guide/querying-stage, https://docs.snowflake.com/en/user-guide/querying-metadata
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import secrets
import shutil
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from mlops_local.account.engine.engine import Connection
from mlops_local.account.errors import AccountError
from mlops_local.account.files.file_formats import FileFormat
from mlops_local.account.files.stages import StagedFile
from mlops_local.account.sql.context import Relation
from mlops_local.account.sql.csv_escapes import PLAIN, has_escapes, records, rewrite
from mlops_local.account.syntax.names import column, literal, quote
from mlops_local.account.syntax.types import INTEGER, TEXT, TIMESTAMP_LTZ, TIMESTAMP_NTZ, VARIANT, Column, SqlType, from_duckdb

FIELD = "$1:"
FILENAME = Column("METADATA$FILENAME")
ROW_NUMBER = Column("METADATA$FILE_ROW_NUMBER", INTEGER)
CONTENT_KEY = Column("METADATA$FILE_CONTENT_KEY")
LAST_MODIFIED = Column("METADATA$FILE_LAST_MODIFIED", TIMESTAMP_NTZ)
SCAN_TIME = Column("METADATA$START_SCAN_TIME", TIMESTAMP_LTZ)
METADATA = (FILENAME, ROW_NUMBER, CONTENT_KEY, LAST_MODIFIED, SCAN_TIME)

_FILE = '"~file"'
_MAGICS = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bz2"))
_PACKED = {"BZ2": "bz2", "DEFLATE": "deflate", "RAW_DEFLATE": "raw_deflate", "BROTLI": "brotli"}
_READABLE = {"none", "gzip", "zstd"}
Members = list[tuple[StagedFile, Path]]

_MAX_LINE = 33_554_432
_SAMPLE = 1 << 20
csv.field_size_limit(_MAX_LINE)

_NO_TEXT = "\x01~no such value~\x01"


def read_files(
    connection: Connection,
    files: Sequence[StagedFile],
    format_: FileFormat,
    width: int = 1,
    *,
    unpacked: Path,
    exact: bool = False,
    careful: bool = False,
) -> Relation:
    """The rows of the files. ``width`` is the highest ``$n`` that is asked for, with ``exact`` the number of fields in every record,
    where others are an error or, with ``careful``, left out.

    ``unpacked`` is a folder for the text of files that DuckDB cannot read as they are.
    """
    format_.check()
    if not files:
        return _empty(width if format_.type == "CSV" else 1, format_)
    if format_.type == "PARQUET":
        return _parquet(connection, files, format_)
    return _texts(files, format_, Shape(width, exact, careful), unpacked)


def _empty(width: int, format_: FileFormat) -> Relation:
    type_ = TEXT if format_.type == "CSV" else VARIANT
    columns = [*(Column(f"${i + 1}", type_) for i in range(width)), *METADATA]
    items = ", ".join(f"CAST(NULL AS {c.type.duckdb}) AS {column(c.name)}" for c in columns)
    return Relation(f"SELECT {items} WHERE false", tuple(columns))


# Parquet


def _parquet(connection: Connection, files: Sequence[StagedFile], format_: FileFormat) -> Relation:
    source = f"read_parquet({_paths(files)}, union_by_name = true)"
    fields = parquet_fields(connection, files, format_)
    columns = [Column(FIELD + field.name, field.type) for field in fields]
    typed = [f"{field.sql} AS {column(FIELD + field.name)}" for field in fields]
    in_order = sorted(fields, key=lambda field: field.name)
    row = "json_object(" + ", ".join(f"{literal(field.name)}, {field.json}" for field in in_order) + f") AS {quote('$1')}"
    metadata = _metadata([(file, file.path) for file in files], "filename", "file_row_number + 1")
    items = [row, *typed, *metadata]
    return Relation(f"SELECT {', '.join(items)} FROM {source}", (Column("$1", VARIANT), *columns, *METADATA))


# Times of day have no zone in Snowflake.
_ZONED = {"TIMESTAMPTZ_NS": "TIMESTAMP WITH TIME ZONE", "TIME WITH TIME ZONE": "TIME"}


class ParquetField:
    """A column of the files: its name there, and how DuckDB reads it."""

    def __init__(self, name: str, read_as: str, duckdb_type: str, format_: FileFormat) -> None:
        self.name = name
        self._source = quote(read_as)
        self._duckdb_type = duckdb_type
        self._as_text = duckdb_type == "BLOB" and bool(format_["BINARY_AS_TEXT"])

    @property
    def type(self) -> SqlType:
        if self._duckdb_type in _ZONED:
            return from_duckdb(_ZONED[self._duckdb_type])
        if self._as_text:
            return TEXT
        found = from_duckdb(self._duckdb_type)
        return VARIANT if found.is_semistructured else found

    @property
    def sql(self) -> str:
        """The column in the DuckDB type that the account keeps its Snowflake type in."""
        if self._as_text:
            return f"decode({self._source})"
        if self.type.is_semistructured:
            return f"to_json({self._source})"
        if self._duckdb_type != self.type.duckdb:
            return f"CAST({self._source} AS {self.type.duckdb})"
        return self._source

    @property
    def json(self) -> str:
        """The column as part of a VARIANT; JSON has no NaN and no infinity."""
        if self._duckdb_type in {"DOUBLE", "FLOAT"}:
            return f"CASE WHEN isfinite({self._source}) THEN {self._source} END"
        if self._duckdb_type == "BLOB":
            return self.sql if self._as_text else f"hex({self._source})"
        return self.sql


def parquet_fields(connection: Connection, files: Sequence[StagedFile], format_: FileFormat) -> list[ParquetField]:
    """The columns of all files by name, in the order of their first appearance.

    DuckDB renames columns that differ only by case; where it does, the names are the first file's, by position.
    """
    described = connection.fetch(f"DESCRIBE SELECT * FROM read_parquet({_paths(files)}, union_by_name = true)")
    own = pq.read_schema(files[0].path).names
    clash = len({name.upper() for name in own}) < len(own) and len(own) == len(described)
    names = own if clash else [row[0] for row in described]
    return [ParquetField(name, row[0], row[1], format_) for name, row in zip(names, described, strict=True)]


# CSV and JSON


@dataclass(frozen=True)
class Shape:
    """The number of fields to read, and whether a record with another number is an error; ``careful`` leaves those out.

    ``rejects`` is a table that they are written to.
    """

    width: int
    exact: bool
    careful: bool = False
    rejects: str = ""


def _texts(files: Sequence[StagedFile], format_: FileFormat, shape: Shape, unpacked: Path) -> Relation:
    """One read per way of compression and of writing."""
    if format_.type == "CSV" and not shape.exact:
        shape = Shape(max([shape.width, *(csv_width(file.path, format_) for file in files)]), False)
    groups: dict[tuple[str, bool], Members] = {}
    for file in files:
        packing = compression_of(file.path, format_)
        plain = format_.type == "CSV" and _is_escaped(file, packing, format_)
        path = _rewrite(file, format_, unpacked) if plain else _unpack(file, packing, unpacked)
        groups.setdefault(("none" if path != file.path else packing, plain), []).append((file, path))
    parts = [
        _read(members, packing, _plain(format_) if plain else format_, shape) for (packing, plain), members in groups.items()
    ]
    return Relation(" UNION ALL ".join(part.sql for part in parts), parts[0].columns)


def _is_escaped(file: StagedFile, packing: str, format_: FileFormat) -> bool:
    """Most files have no backslash at all, which is seen without decoding them."""
    with _open_packed(file.path, packing) as packed:
        if not any(b"\\" in chunk for chunk in iter(lambda: packed.read(_SAMPLE), b"")):
            return False
    with open_text(file.path, format_) as text:
        return has_escapes(text, format_)


def _plain(format_: FileFormat) -> FileFormat:
    return FileFormat(format_.type, {**format_.given, **PLAIN})


def _read(members: Members, packing: str, format_: FileFormat, shape: Shape) -> Relation:
    return _csv(members, packing, format_, shape) if format_.type == "CSV" else _json(members, packing, format_)


def _csv(members: Members, packing: str, format_: FileFormat, shape: Shape) -> Relation:
    width = shape.width
    enclosed = format_.text("FIELD_OPTIONALLY_ENCLOSED_BY")
    escape = format_.text("ESCAPE") or enclosed
    options = {
        "columns": "{" + ", ".join(f"'c{i + 1}': 'VARCHAR'" for i in range(width)) + "}",
        "auto_detect": "false",
        "header": "false",
        "skip": str(1 if format_["PARSE_HEADER"] else format_["SKIP_HEADER"]),
        "delim": literal(format_.text("FIELD_DELIMITER") or "\x01"),
        "quote": literal(enclosed),
        "escape": literal(escape),
        "nullstr": f"[{literal('' if format_['EMPTY_FIELD_AS_NULL'] else _NO_TEXT)}]",
        "allow_quoted_nulls": "false",
        "null_padding": "false" if shape.exact else "true",
        "max_line_size": str(_MAX_LINE),
        "compression": literal(packing),
        "filename": "'~file'",
        # DuckDB reads in parallel only what has no enclosed line ends.
        "parallel": "false" if enclosed else "true",
        **({"ignore_errors": "true"} if shape.careful and shape.exact else {}),
        **({"store_rejects": "true", "rejects_table": literal(shape.rejects)} if shape.rejects else {}),
        **({"rejects_scan": literal(shape.rejects + "scan")} if shape.rejects else {}),
    }
    arguments = ", ".join(f"{name} = {value}" for name, value in options.items())
    source = f"read_csv({_list([path for _, path in members])}, {arguments})"
    items = [f"{_csv_value(f'c{i + 1}', format_)} AS {quote(f'${i + 1}')}" for i in range(width)]
    columns = [Column(f"${i + 1}") for i in range(width)]
    return _with_metadata(source, items, columns, members)


def _csv_value(name: str, format_: FileFormat) -> str:
    """NULL_IF holds for enclosed values too."""
    text = f"trim({name})" if format_["TRIM_SPACE"] else name
    nulls = ", ".join(literal(value) for value in format_["NULL_IF"])
    return f"CASE WHEN {text} NOT IN ({nulls}) THEN {text} END" if nulls else text


_FOUND = re.compile(r"Found: (\d+)")


def csv_rejects(
    connection: Connection, file: StagedFile, format_: FileFormat, width: int, unpacked: Path
) -> list[tuple[int, str, str]]:
    """The records with another number of fields: their line, their text and that number."""
    table = f"rejects{secrets.token_hex(4)}"
    relation = _texts([file], format_, Shape(width, True, True, table), unpacked)
    connection.fetch(f"SELECT count({quote(f'${width}')}) FROM ({relation.sql})")
    found = connection.fetch(f"SELECT line, csv_line, error_message FROM {table} ORDER BY line")
    for name in (table, f"{table}scan"):
        connection.execute(f"DROP TABLE {name}")
    return [(line, text, match[1] if (match := _FOUND.search(said)) else "?") for line, text, said in found]


def csv_width(path: Path, format_: FileFormat) -> int:
    """The highest number of fields in the first records that are data; 0 when there are none."""
    with open_text(path, format_) as text:
        sample = text.read(_SAMPLE)
    skipped = format_["SKIP_HEADER"]
    return max((len(record) for record in islice(_sampled(sample, format_), skipped, skipped + 100)), default=0)


def _sampled(sample: str, format_: FileFormat) -> Iterator[Sequence[str | None]]:
    """The records at the beginning of a file; the last may be cut."""
    delimiter = format_.text("FIELD_DELIMITER")
    enclosed = format_.text("FIELD_OPTIONALLY_ENCLOSED_BY")
    if len(delimiter) != 1 or "\\" in sample:
        return (record for record in records(sample, format_) if record != [None])
    lines = io.StringIO(sample, newline="")
    if enclosed:
        return filter(None, csv.reader(lines, delimiter=delimiter, quotechar=enclosed))
    return filter(None, csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE))


def csv_header(path: Path, format_: FileFormat) -> list[str]:
    """The names in the first line, for PARSE_HEADER."""
    with open_text(path, format_) as lines:
        return next(csv.reader(lines, delimiter=format_.text("FIELD_DELIMITER"), quotechar='"'), [])


def _json(members: Members, packing: str, format_: FileFormat) -> Relation:
    shape = "array" if format_["STRIP_OUTER_ARRAY"] else "unstructured"
    source = (
        f"read_json_objects({_list([path for _, path in members])}, format = '{shape}', maximum_object_size = 134217728, "
        f"compression = {literal(packing)}, filename = '~file')"
    )
    return _with_metadata(source, [f"json AS {quote('$1')}"], [Column("$1", VARIANT)], members)


def _with_metadata(source: str, items: list[str], columns: list[Column], members: Members) -> Relation:
    metadata = _metadata(members, _FILE, f"row_number() OVER (PARTITION BY {_FILE})")
    return Relation(f"SELECT {', '.join([*items, *metadata])} FROM {source}", (*columns, *METADATA))


def _metadata(members: Members, source: str, row_number: str) -> list[str]:
    """The columns about the file that ``source`` names the path of; what is not asked for DuckDB does not compute."""
    contents = f"(SELECT map_from_entries(list((filename, md5(content)))) FROM read_blob({_list([path for _, path in members])}))"
    modified = ", ".join(f"{literal(str(path))}: TIMESTAMP_NS '{file.modified:%Y-%m-%d %H:%M:%S}'" for file, path in members)
    values = (_names(members, source), row_number, f"{contents}[{source}]", f"MAP {{{modified}}}[{source}]", "now()")
    return [f"{value} AS {quote(column.name)}" for value, column in zip(values, METADATA, strict=True)]


# Compression


def compression_of(path: Path, format_: FileFormat) -> str:
    """How a text file is compressed: what COMPRESSION says, or what its first bytes say."""
    said = format_.compression
    if said in _PACKED:
        return _PACKED[said]
    with path.open("rb") as file:
        head = file.read(4)
    found = next((name for magic, name in _MAGICS if head.startswith(magic)), "none")
    if said not in {"AUTO", found.upper()}:
        detail = f"COMPRESSION says {said.lower()}, its content {found}"
        raise AccountError(100016, "22000", f"Error parsing file '{path.name}': {detail}.")
    return found


def open_text(path: Path, format_: FileFormat) -> IO[str]:
    """The text of a file, decompressed, for a look at its beginning."""
    packing = compression_of(path, format_)
    return io.TextIOWrapper(_open_packed(path, packing), encoding="utf-8-sig", errors="replace", newline="")


def _open_packed(path: Path, packing: str) -> IO[bytes]:
    if packing.endswith("deflate"):
        window = -zlib.MAX_WBITS if packing == "raw_deflate" else zlib.MAX_WBITS
        return io.BytesIO(zlib.decompress(path.read_bytes(), window))
    opened: IO[bytes] = pa.input_stream(str(path), compression=None if packing == "none" else packing)
    return opened


def _unpack(file: StagedFile, packing: str, folder: Path) -> Path:
    """The file as DuckDB can decompress it."""
    if packing in _READABLE:
        return file.path

    def copy(partial: Path) -> None:
        with _open_packed(file.path, packing) as packed, partial.open("wb") as plain:
            shutil.copyfileobj(packed, plain)

    return _kept(folder, f"{file.path} {file.size} {file.modified}", copy)


def _rewrite(file: StagedFile, format_: FileFormat, folder: Path) -> Path:
    """The file with nothing escaped."""

    def copy(partial: Path) -> None:
        with open_text(file.path, format_) as escaped, partial.open("w", encoding="utf-8", newline="") as plain:
            rewrite(escaped, plain, format_)

    return _kept(folder, f"{file.path} {file.size} {file.modified} {format_.properties}", copy)


def _kept(folder: Path, key: str, write: Callable[[Path], None]) -> Path:
    """A file made once and kept until the account is opened again."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / hashlib.sha256(key.encode()).hexdigest()
    if not target.exists():
        partial = target.with_suffix(f".{secrets.token_hex(4)}")
        write(partial)
        partial.replace(target)
    return target


def _paths(files: Sequence[StagedFile]) -> str:
    return _list([file.path for file in files])


def _list(paths: Sequence[Path]) -> str:
    """DuckDB takes a path for a pattern: its wild characters stand for themselves in brackets."""
    return "[" + ", ".join(literal(_escape(str(path))) for path in paths) + "]"


def _escape(path: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path)


def _names(members: Members, source: str) -> str:
    """The path in the stage for the path that DuckDB has read."""
    entries = ", ".join(f"{literal(str(path))}: {literal(file.relative)}" for file, path in members)
    return f"MAP {{{entries}}}[{source}]"
