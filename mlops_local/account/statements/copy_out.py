"""COPY INTO a location. https://docs.snowflake.com/en/sql-reference/sql/copy-into-location"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mlops_local.account.errors import AccountError, syntax_error, unsupported
from mlops_local.account.file_formats import FileFormat, read_file_format
from mlops_local.account.locations import Place, locate
from mlops_local.account.names import Name, quote
from mlops_local.account.reader import Reader
from mlops_local.account.result import Column, Result, StatementType, rows
from mlops_local.account.session import Request, Session
from mlops_local.account.sql import query, unloading
from mlops_local.account.statements.files import location_text
from mlops_local.account.statements.options import read_options
from mlops_local.account.streams import refuse
from mlops_local.account.types import INTEGER

_OPTIONS: dict[str, type] = {
    "OVERWRITE": bool,
    "SINGLE": bool,
    "HEADER": bool,
    "DETAILED_OUTPUT": bool,
}
_ANSWER = (Column("rows_unloaded", INTEGER), Column("input_bytes", INTEGER), Column("output_bytes", INTEGER))
_DETAILED = (Column("FILE_NAME"), Column("FILE_SIZE", INTEGER), Column("ROW_COUNT", INTEGER))


@dataclass(frozen=True)
class Unload:
    """What a COPY asks for; ``query`` is the text of a query, a table's name made one too."""

    location: str
    query: str
    format: FileFormat | None
    options: dict[str, Any] = field(default_factory=dict)


def run(session: Session, reader: Reader, request: Request) -> Result:
    with session.transaction():
        unload = _read(session, reader)
        columns = _DETAILED if unload.options.get("DETAILED_OUTPUT") else _ANSWER
        if request.describe_only:
            return rows(columns, [], type_=StatementType.UNLOAD)
        place = locate(session, unload.location)
        if place.location.kind in {"DATASET", "MODEL"}:
            raise unsupported(f"COPY INTO {unload.location}")
        count, file = _write(session, unload, place)
    size = file.stat().st_size if file else 0
    if columns is _DETAILED:
        listed = [[file.relative_to(place.root.folder).as_posix(), size, count]] if file else []
        return rows(columns, listed, type_=StatementType.UNLOAD)
    return rows(columns, [[count, size, size]], type_=StatementType.UNLOAD)


def _read(session: Session, reader: Reader) -> Unload:
    location = location_text(reader)
    reader.expect("FROM")
    text = reader.parenthesised() if reader.token.text == "(" else f"SELECT * FROM {_full(session.complete(reader.path()))}"
    format_: FileFormat | None = None
    options: dict[str, Any] = {}
    while not reader.at_end:
        if format_ is None and reader.accept("FILE_FORMAT", "="):
            format_ = read_file_format(session, reader)
        else:
            more = read_options(reader, {name: type_ for name, type_ in _OPTIONS.items() if name not in options})
            if not more:
                raise reader.refuse()
            options.update(more)
        reader.accept(",")
    return Unload(location, text, format_, options)


def _full(name: Name) -> str:
    return ".".join(map(quote, (name.database, name.schema, name.name)))


def _write(session: Session, unload: Unload, place: Place) -> tuple[int, Path | None]:
    """The number of rows, and the file; none is written for no rows."""
    format_ = (unload.format or FileFormat.of(place.file_format)).check()
    for option in ("DATE_FORMAT", "TIME_FORMAT", "TIMESTAMP_FORMAT"):
        if format_[option] not in {None, "AUTO"}:
            raise unsupported(f"unloading with {option}; format the values in the query")
    file = place.root.folder / _file_name(place.prefix, format_, single=bool(unload.options.get("SINGLE")))
    if file.exists() and not unload.options.get("OVERWRITE"):
        detail = f"Files already existing at the unload destination: {unload.location}."
        raise AccountError(1030, "22000", f"{detail} Use overwrite option to force unloading.")
    translation = query.translate(session, unload.query)
    try:
        refuse(translation.entries, "unloading a stream; insert its rows into a table first")
        count = _writers[format_.type](session, translation, file, format_, header=bool(unload.options.get("HEADER")))
    finally:
        translation.context.release()
    if not count:
        file.unlink(missing_ok=True)
    return count, file if count else None


def _file_name(prefix: str, format_: FileFormat, *, single: bool) -> str:
    """``data_0_0_0`` with its endings below a folder; SINGLE takes the path as it stands."""
    stem = prefix + "data" if not prefix or prefix.endswith("/") else prefix
    if single:
        return stem
    endings = {"PARQUET": ".snappy.parquet", "CSV": ".csv", "JSON": ".json"}
    ending = f".{format_['FILE_EXTENSION'].lstrip('.')}" if format_["FILE_EXTENSION"] else endings[format_.type]
    packed = ".gz" if format_.type != "PARQUET" and format_.compression in {"AUTO", "GZIP"} else ""
    return f"{stem}_0_0_0{ending}{packed}"


def _parquet(session: Session, translation: query.Translation, file: Path, format_: FileFormat, *, header: bool) -> int:
    """Without HEADER the columns are called ``_COL_0`` and so on."""
    named = translation
    if not header:
        columns = tuple(replace(column, name=f"_COL_{i}") for i, column in enumerate(translation.columns))
        named = query.Translation(translation.sql, columns, translation.context)
    compression = {"AUTO": "snappy", "SNAPPY": "snappy", "NONE": "none"}.get(format_.compression)
    if compression is None:
        raise syntax_error(f"invalid value '{format_.compression}' for property 'COMPRESSION' of Parquet files.")
    return unloading.write_parquet(session, named, file, compression=compression)


def _csv(session: Session, translation: query.Translation, file: Path, format_: FileFormat, *, header: bool) -> int:
    return unloading.write_csv(session, translation, file, format_, header=header)


def _json(session: Session, translation: query.Translation, file: Path, format_: FileFormat, *, header: bool) -> int:
    if len(translation.columns) != 1 or not translation.columns[0].type.is_semistructured:
        raise syntax_error("JSON file format unloads one column of type variant, object or array: use OBJECT_CONSTRUCT(*).")
    return unloading.write_json(session, translation, file, format_)


_writers = {"PARQUET": _parquet, "CSV": _csv, "JSON": _json}
