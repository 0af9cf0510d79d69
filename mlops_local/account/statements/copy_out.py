"""COPY INTO a location. https://docs.snowflake.com/en/sql-reference/sql/copy-into-location"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mlops_local.account.errors import AccountError, compilation_error, syntax_error, unsupported
from mlops_local.account.files.file_formats import FileFormat, read_file_format
from mlops_local.account.files.locations import Place, locate
from mlops_local.account.files.stages import list_files, safe_path
from mlops_local.account.session.result import Column, Result, StatementType, rows
from mlops_local.account.session.session import Request, Session
from mlops_local.account.sql import query
from mlops_local.account.sql.unloaded_files import Source, Written, csv_source, json_source, parquet_source, write_files
from mlops_local.account.statements.files import location_text
from mlops_local.account.statements.options import read_clauses
from mlops_local.account.syntax.names import Name, quote
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import INTEGER
from mlops_local.account.tables.streams import refuse

_OPTIONS: dict[str, type] = {
    "OVERWRITE": bool,
    "SINGLE": bool,
    "HEADER": bool,
    "DETAILED_OUTPUT": bool,
    "MAX_FILE_SIZE": int,
    "INCLUDE_QUERY_ID": bool,
    "VALIDATION_MODE": str,
}
_MAX_FILE_SIZE = 16_777_216
_PARTITION = "~partition"
_ANSWER = (Column("rows_unloaded", INTEGER), Column("input_bytes", INTEGER), Column("output_bytes", INTEGER))
_DETAILED = (Column("FILE_NAME"), Column("FILE_SIZE", INTEGER), Column("ROW_COUNT", INTEGER))


@dataclass(frozen=True)
class Unload:
    """What a COPY asks for; ``query`` is the text of a query, a table's name made one too."""

    location: str
    query: str
    format: FileFormat | None
    partition: str | None
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The query whose rows are unloaded, their partition in the last column."""
        if self.partition is None:
            return self.query
        return f"SELECT *, CAST({self.partition} AS VARCHAR) AS {quote(_PARTITION)} FROM ({self.query})"

    @property
    def single(self) -> bool:
        return bool(self.options.get("SINGLE"))

    @property
    def limit(self) -> int | None:
        return None if self.single else int(self.options.get("MAX_FILE_SIZE", _MAX_FILE_SIZE))

    @property
    def named_by_query(self) -> bool:
        return self.partition is not None or bool(self.options.get("INCLUDE_QUERY_ID"))


def run(session: Session, reader: Reader, request: Request) -> Result:
    with session.transaction():
        unload = _read(session, reader)
        if unload.options.get("VALIDATION_MODE"):
            return _validate(session, unload, request)
        columns = _DETAILED if unload.options.get("DETAILED_OUTPUT") else _ANSWER
        if request.describe_only:
            return rows(columns, [], type_=StatementType.UNLOAD)
        place = locate(session, unload.location, write=True)
        if place.location.kind in {"DATASET", "MODEL"}:
            raise unsupported(f"COPY INTO {unload.location}")
        written = _write(session, unload, place, request)
    sizes = [file.path.stat().st_size for file in written]
    if columns is _DETAILED:
        names = [file.path.relative_to(place.root.folder).as_posix() for file in written]
        listed = [[name, size, file.rows] for name, size, file in zip(names, sizes, written, strict=True)]
        return rows(columns, listed, type_=StatementType.UNLOAD)
    counted = [sum(file.rows for file in written), sum(file.bytes for file in written), sum(sizes)]
    return rows(columns, [counted], type_=StatementType.UNLOAD)


def _read(session: Session, reader: Reader) -> Unload:
    location = location_text(reader)
    reader.expect("FROM")
    text = reader.parenthesised() if reader.token.text == "(" else f"SELECT * FROM {_full(session.complete(reader.path()))}"
    clauses = {"FILE_FORMAT": lambda: read_file_format(session, reader), "PARTITION": lambda: _read_partition(reader)}
    options = read_clauses(reader, _OPTIONS, clauses)
    unload = Unload(location, text, options.get("FILE_FORMAT"), options.get("PARTITION"), options)
    if unload.partition is not None and (unload.single or options.get("OVERWRITE")):
        raise compilation_error(1, "42601", "PARTITION BY cannot be combined with SINGLE or OVERWRITE.")
    return unload


def _read_partition(reader: Reader) -> str:
    reader.expect("BY")
    return reader.parenthesised() if reader.token.text == "(" else reader.until("FILE_FORMAT", *_OPTIONS)


def _full(name: Name) -> str:
    return ".".join(map(quote, (name.database, name.schema, name.name)))


def _validate(session: Session, unload: Unload, request: Request) -> Result:
    """RETURN_ROWS: the rows that would be unloaded, and no files."""
    if str(unload.options["VALIDATION_MODE"]).upper() != "RETURN_ROWS":
        raise compilation_error(1, "42601", "VALIDATION_MODE of an unload can be RETURN_ROWS only.")
    translation = query.translate(session, unload.query)
    try:
        return query.describe(translation) if request.describe_only else query.fetch(session, translation)
    finally:
        translation.context.release()


def _write(session: Session, unload: Unload, place: Place, request: Request) -> list[Written]:
    """The files; none is written for no rows."""
    format_ = (unload.format or FileFormat.of(place.file_format)).check()
    for option in ("DATE_FORMAT", "TIME_FORMAT", "TIMESTAMP_FORMAT"):
        if format_[option] not in {None, "AUTO"}:
            raise unsupported(f"unloading with {option}; format the values in the query")
    stem = place.prefix if unload.single else _stem(place.prefix, request.query_id if unload.named_by_query else "")
    if not unload.named_by_query and not unload.options.get("OVERWRITE"):
        _check_absent(place, unload, stem)

    def path_of(key: str | None, number: int) -> Path:
        if unload.single:
            return place.root.folder / (stem or "data")
        below = "" if unload.partition is None else f"{safe_path('__NULL__' if key is None else key)}/"
        folder, _, name = stem.rpartition("/")
        return place.root.folder / folder / f"{below}{name}_0_{number}_0{_ending(format_)}"

    translation = query.translate(session, unload.text)
    try:
        refuse(translation.entries, "unloading a stream; insert its rows into a table first")
        source = _source(session, translation, unload, format_)
        return write_files(source, path_of, partitioned=unload.partition is not None, limit=unload.limit)
    finally:
        translation.context.release()


def _check_absent(place: Place, unload: Unload, stem: str) -> None:
    if list_files(place.root.folder, stem if unload.single else f"{stem}_0_"):
        detail = f"Files already existing at the unload destination: {unload.location}."
        raise AccountError(1030, "22000", f"{detail} Use overwrite option to force unloading.")


def _stem(prefix: str, query_id: str) -> str:
    """``data`` below a folder, with the query that has written it where that is asked for."""
    return (prefix + "data" if not prefix or prefix.endswith("/") else prefix) + (f"_{query_id}" if query_id else "")


def _ending(format_: FileFormat) -> str:
    endings = {"PARQUET": ".snappy.parquet", "CSV": ".csv", "JSON": ".json"}
    ending = f".{format_['FILE_EXTENSION'].lstrip('.')}" if format_["FILE_EXTENSION"] else endings[format_.type]
    packed = ".gz" if format_.type != "PARQUET" and format_.compression in {"AUTO", "GZIP"} else ""
    return f"{ending}{packed}"


def _source(session: Session, translation: query.Translation, unload: Unload, format_: FileFormat) -> Source:
    header, partitioned = bool(unload.options.get("HEADER")), unload.partition is not None
    if format_.type == "PARQUET":
        return _parquet(session, translation, format_, partitioned=partitioned, header=header)
    if format_.type == "CSV":
        return csv_source(session, translation, format_, partitioned=partitioned, header=header)
    data = translation.columns[: len(translation.columns) - partitioned]
    if len(data) != 1 or not data[0].type.is_semistructured:
        raise syntax_error("JSON file format unloads one column of type variant, object or array: use OBJECT_CONSTRUCT(*).")
    return json_source(session, translation, format_)


def _parquet(session: Session, translation: query.Translation, format_: FileFormat, *, partitioned: bool, header: bool) -> Source:
    """Without HEADER the columns are called ``_COL_0`` and so on."""
    named = translation
    if not header:
        columns = tuple(replace(column, name=f"_COL_{i}") for i, column in enumerate(translation.columns))
        named = query.Translation(translation.sql, columns, translation.context)
    compression = {"AUTO": "snappy", "SNAPPY": "snappy", "NONE": "none"}.get(format_.compression)
    if not compression:
        raise syntax_error(f"invalid value '{format_.compression}' for property 'COMPRESSION' of Parquet files.")
    return parquet_source(session, named, partitioned=partitioned, compression=compression)
