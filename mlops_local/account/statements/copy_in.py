"""COPY INTO a table. https://docs.snowflake.com/en/sql-reference/sql/copy-into-table

Files that the table has loaded already are left out. A file that fails is told by its name, row and column.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import duckdb
import pyarrow.parquet as pq

from mlops_local.account.catalogue import Entry
from mlops_local.account.errors import AccountError, compilation_error, unsupported
from mlops_local.account.file_formats import FileFormat, named_format, read_file_format
from mlops_local.account.loads import Loads
from mlops_local.account.locations import Place, Root, locate
from mlops_local.account.names import quote
from mlops_local.account.reader import Reader
from mlops_local.account.result import Column, Result, StatementType, rows
from mlops_local.account.session import Request, Session
from mlops_local.account.sql import query
from mlops_local.account.sql.file_rows import FILENAME
from mlops_local.account.sql.staged import Choice, chosen, read_choice, the_location
from mlops_local.account.stages import StagedFile
from mlops_local.account.statements import dml
from mlops_local.account.statements.copy_plan import Plan, count_misfits, first_misfit, plan_fields, plan_query, reading_error
from mlops_local.account.statements.files import location_text
from mlops_local.account.statements.options import read_options
from mlops_local.account.statements.schema_object import wrong_kind
from mlops_local.account.types import INTEGER

_OPTIONS: dict[str, type] = {
    "PATTERN": str,
    "ON_ERROR": str,
    "PURGE": bool,
    "RETURN_FAILED_ONLY": bool,
    "MATCH_BY_COLUMN_NAME": str,
    "ENFORCE_LENGTH": bool,
    "TRUNCATECOLUMNS": bool,
    "FORCE": bool,
    "LOAD_UNCERTAIN_FILES": bool,
}

_ANSWER = (
    Column("file"),
    Column("status"),
    Column("rows_parsed", INTEGER),
    Column("rows_loaded", INTEGER),
    Column("error_limit", INTEGER),
    Column("errors_seen", INTEGER),
    Column("first_error"),
    Column("first_error_line", INTEGER),
    Column("first_error_character", INTEGER),
    Column("first_error_column_name"),
)


@dataclass(frozen=True)
class Load:
    """What a COPY asks for."""

    path: tuple[str, ...]
    columns: list[str] | None
    location: str
    query: str | None
    format: FileFormat | None
    files: list[str] | None
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def on_error(self) -> str:
        return str(self.options.get("ON_ERROR", "ABORT_STATEMENT")).upper()

    @property
    def shorten(self) -> bool:
        return bool(self.options.get("TRUNCATECOLUMNS")) or not self.options.get("ENFORCE_LENGTH", True)

    @property
    def match(self) -> str:
        return str(self.options.get("MATCH_BY_COLUMN_NAME", "NONE")).upper()


def run(session: Session, reader: Reader, request: Request) -> Result:
    with session.transaction():
        load = _read(session, reader)
    if request.describe_only:
        return rows(_ANSWER, [], type_=StatementType.COPY)
    try:
        with session.transaction(write=True):
            place = locate(session, load.location)
            found = _wanted(place, load)
            answer = _load(session, load, place, found)
    except duckdb.Error as error:
        raise (reading_error(error) or error) from None
    if load.options.get("PURGE") and not session.explicit_transaction:
        _purge(session, found, answer)
    if not answer:
        return rows([Column("status")], [["Copy executed with 0 files processed."]], type_=StatementType.COPY)
    failed_only = bool(load.options.get("RETURN_FAILED_ONLY"))
    shown = [row for row in answer if row[1] != "LOADED" or not failed_only]
    return rows(_ANSWER, shown, type_=StatementType.COPY)


def _read(session: Session, reader: Reader) -> Load:
    path = reader.path()
    columns = reader.list(reader.identifier) if reader.token.text == "(" else None
    reader.expect("FROM")
    text = reader.parenthesised() if reader.token.text == "(" else None
    location, inner = (location_text(reader), {}) if text is None else _inner(text)
    format_ = named_format(session, Reader(inner["FILE_FORMAT"]).path()) if "FILE_FORMAT" in inner else None
    files: list[str] | None = None
    options: dict[str, Any] = {"PATTERN": inner["PATTERN"]} if "PATTERN" in inner else {}
    while not reader.at_end:
        if format_ is None and reader.accept("FILE_FORMAT", "="):
            format_ = read_file_format(session, reader)
        elif files is None and reader.accept("FILES", "="):
            files = reader.list(reader.string)
        else:
            more = read_options(reader, {name: type_ for name, type_ in _OPTIONS.items() if name not in options})
            if not more:
                raise reader.refuse()
            options.update(more)
        reader.accept(",")
    load = Load(path, columns, location, text, format_, files, options)
    _check(load)
    return load


def _inner(text: str) -> tuple[str, dict[str, Any]]:
    """The location in a query, with the options behind it."""
    token, options = the_location(text)
    return token.value, options


def _check(load: Load) -> None:
    known = ("ABORT_STATEMENT", "CONTINUE", "SKIP_FILE")
    if load.on_error not in known:
        raise unsupported(f"ON_ERROR = {load.on_error}; it can be {', '.join(known)}")
    if load.match not in {"NONE", "CASE_SENSITIVE", "CASE_INSENSITIVE"}:
        raise compilation_error(1, "42601", f"invalid value '{load.match}' for property 'MATCH_BY_COLUMN_NAME'.")
    if load.match != "NONE" and (load.query or load.columns):
        raise unsupported("MATCH_BY_COLUMN_NAME with a query or a list of columns")


Found = list[tuple[Root, StagedFile]]


def _wanted(place: Place, load: Load) -> Found:
    """The files at the location, or those of FILES below it, which have to be there."""
    found = place.entries(load.options.get("PATTERN"))
    if load.files is None:
        return found
    by_path = {file.relative: (root, file) for root, file in found}
    base = place.prefix if not place.prefix or place.prefix.endswith("/") else place.prefix + "/"
    missing = [name for name in load.files if base + name not in by_path]
    if missing:
        raise AccountError(91016, "22000", f"Remote file '{place.location.text}/{missing[0]}' was not found.")
    return [by_path[base + name] for name in load.files]


def _load(session: Session, load: Load, place: Place, found: Found) -> list[list[Any]]:
    """Loads what is new; a row of the answer for each file."""
    entry = session.get("TABLE", load.path)
    if entry.kind != "TABLE":
        raise wrong_kind(entry, "TABLE")
    loads, md5 = Loads(session.connection, entry), session.account.stages.md5
    forced = bool(load.options.get("FORCE"))
    fresh = [(root, file) for root, file in found if forced or not loads.has(place.owner, file.relative, md5(file))]
    if not fresh:
        return []
    format_ = load.format or FileFormat.of(place.file_format)
    together = load.on_error == "ABORT_STATEMENT" and (load.match == "NONE" or format_.type != "CSV")
    groups = [fresh] if together else [[pair] for pair in fresh]
    answer = [row for group in groups for row in _load_group(session, load, entry, format_, group)]
    for (_, file), row in zip(fresh, answer, strict=True):
        if row[1] != "LOAD_FAILED":
            loads.add(place.owner, file.relative, md5(file), session.account.clock.now())
    return answer


def _load_group(session: Session, load: Load, entry: Entry, format_: FileFormat, group: Found) -> list[list[Any]]:
    choice = Choice(tuple(file for _, file in group), format_)
    parsed = _count(session, choice)
    with chosen(replace(choice, width=_exact_width(session, load, entry, format_))) as location:
        plan = _plan(session, load, entry, choice, location)
        if load.on_error == "ABORT_STATEMENT":
            _insert_all(session, entry, plan)
            return [_row(pair, "LOADED", parsed, loaded=parsed[pair[1].relative]) for pair in group]
        misfits = _misfits(session, plan)
        if misfits.count and load.on_error == "SKIP_FILE":
            return [_row(group[0], "LOAD_FAILED", parsed, misfits=misfits)]
        inserted = _insert(session, entry, plan, skip=bool(misfits.count))
    status = "PARTIALLY_LOADED" if misfits.count else "LOADED"
    return [_row(group[0], status, parsed, loaded=inserted, misfits=misfits)]


def _exact_width(session: Session, load: Load, entry: Entry, format_: FileFormat) -> int | None:
    """The number of fields that each record has to have, where fields go to columns by their place."""
    if load.query is not None or load.match != "NONE" or format_.type != "CSV":
        return None
    if not format_["ERROR_ON_COLUMN_COUNT_MISMATCH"]:
        return None
    return len(load.columns or session.catalogue.columns(entry))


@dataclass(frozen=True)
class _Misfits:
    """The rows of a file that do not fit, and what the answer says about the first: error, line, character, column."""

    count: int = 0
    first: tuple[str | None, int | None, int | None, str | None] = (None, None, None, None)


def _misfits(session: Session, plan: Plan) -> _Misfits:
    count = count_misfits(session, plan)
    first = first_misfit(session, plan) if count else None
    if first is None:
        return _Misfits(count)
    line = first.row + int(plan.format["SKIP_HEADER"])
    return _Misfits(count, (first.words, line, None, f'"{plan.table}"["{first.column.name}"]'))


def _insert_all(session: Session, entry: Entry, plan: Plan) -> None:
    """All rows, or the error of the first field that does not fit."""
    try:
        _insert(session, entry, plan, skip=False)
    except duckdb.Error as error:
        session.connection.rollback()
        session.connection.begin()
        misfit = None if reading_error(error) else first_misfit(session, plan)
        if misfit is not None:
            raise misfit.error(entry.name) from None
        raise


def _row(
    pair: tuple[Root, StagedFile], status: str, parsed: dict[str, int], *, loaded: int = 0, misfits: _Misfits | None = None
) -> list[Any]:
    """One row of the answer. The error limit is the file's number of rows where it may be loaded in part."""
    root, file = pair
    found = misfits or _Misfits()
    limit = parsed[file.relative] if status == "PARTIALLY_LOADED" else 1
    return [root.shown + file.relative, status, parsed[file.relative], loaded, limit, found.count, *found.first]


def _count(session: Session, choice: Choice) -> dict[str, int]:
    """The rows in each file."""
    if choice.format.type == "PARQUET":
        return {file.relative: pq.read_metadata(file.path).num_rows for file in choice.files}
    relation = read_choice(session, choice, 1)
    counted = session.connection.fetch(f"SELECT {quote(FILENAME.name)}, count(*) FROM ({relation.sql}) GROUP BY 1")
    return {**{file.relative: 0 for file in choice.files}, **dict(counted)}


def _plan(session: Session, load: Load, entry: Entry, choice: Choice, location: str) -> Plan:
    if load.query is not None:
        return plan_query(entry, load.query, load.columns, location)
    return plan_fields(session, entry, load.columns, choice, location, match=load.match, shorten=load.shorten)


def _insert(session: Session, entry: Entry, plan: Plan, *, skip: bool) -> int:
    """Appends the rows; with ``skip`` those that fit."""
    translation = query.translate(session, plan.text(fitting_only=skip))
    try:
        return dml.insert_relation(session, entry, plan.columns, translation.sql, translation.columns)
    finally:
        translation.context.release()


def _purge(session: Session, found: Found, answer: list[list[Any]]) -> None:
    """Removes what has been loaded, once it has been committed."""
    loaded = {row[0] for row in answer if row[1] == "LOADED"}
    for root, file in found:
        if root.shown + file.relative in loaded:
            session.account.stages.remove(file, root.folder)
