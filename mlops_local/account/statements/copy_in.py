"""COPY INTO a table. https://docs.snowflake.com/en/sql-reference/sql/copy-into-table

Files that the table has loaded already are left out. A file that fails is told by its name, row and column.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow.parquet as pq

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.files.file_formats import FileFormat
from mlops_local.account.files.loads import Loads
from mlops_local.account.files.locations import Place, Root, locate
from mlops_local.account.files.stages import StagedFile
from mlops_local.account.session.result import Column, Result, StatementType, rows
from mlops_local.account.session.session import Request, Session
from mlops_local.account.sql import query
from mlops_local.account.sql.file_rows import FILENAME
from mlops_local.account.sql.staged import Choice, chosen, read_choice
from mlops_local.account.statements import dml
from mlops_local.account.statements.copy_plan import (
    Plan,
    count_misfits,
    exact_width,
    first_misfit,
    line_of,
    plan_fields,
    plan_query,
    reading_error,
    rejected,
)
from mlops_local.account.statements.copy_request import Found, Load, read_load, wanted
from mlops_local.account.statements.copy_validation import validate
from mlops_local.account.statements.schema_object import wrong_kind
from mlops_local.account.syntax.names import quote
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import INTEGER

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


def run(session: Session, reader: Reader, request: Request) -> Result:
    with session.transaction():
        load = read_load(session, reader)
    if request.describe_only and load.validation is None:
        return rows(_ANSWER, [], type_=StatementType.COPY)
    try:
        if load.validation is not None:
            return validate(session, load, request)
        with session.transaction(write=True):
            place = locate(session, load.location)
            found = wanted(place, load)
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


def _load(session: Session, load: Load, place: Place, found: Found) -> list[list[Any]]:
    """Loads what is new; a row of the answer for each file."""
    entry = session.get("TABLE", load.path)
    if entry.kind != "TABLE":
        raise wrong_kind(entry, "TABLE")
    session.access.demand("INSERT", entry)
    loads, md5 = Loads(session.connection, entry), session.account.stages.md5
    forced = bool(load.options.get("FORCE"))
    fresh = [(root, file) for root, file in found if forced or not loads.has(place.owner, file.relative, md5(file))]
    fresh = list(_within(fresh, load.options.get("SIZE_LIMIT")))
    if not fresh:
        return []
    format_ = load.format or FileFormat.of(place.file_format)
    together = load.on_error == "ABORT_STATEMENT" and (load.match == "NONE" or format_.type != "CSV")
    groups = [fresh] if together else [[pair] for pair in fresh]
    answer = [row for group in groups for row in _load_group(session, load, entry, format_, group)]
    now = session.account.clock.now()
    for (_, file), row in zip(fresh, answer, strict=True):
        loads.record(place.location.text, file, row[1:], now)
        if row[1] != "LOAD_FAILED":
            loads.add(place.owner, file.relative, md5(file), now)
    return answer


def _within(found: Found, limit: int | None) -> Iterator[tuple[Root, StagedFile]]:
    """Files until their sizes together reach SIZE_LIMIT; one in any case."""
    size = 0
    for root, file in found:
        if limit is not None and size >= max(limit, 1):
            return
        size += file.size
        yield root, file


def _load_group(session: Session, load: Load, entry: Entry, format_: FileFormat, group: Found) -> list[list[Any]]:
    careful = load.on_error != "ABORT_STATEMENT"
    choice = Choice(tuple(file for _, file in group), format_, exact_width(session, load, entry, format_), careful)
    parsed = _count(session, replace(choice, width=None, careful=False))
    with chosen(choice) as location:
        plan = _plan(session, load, entry, choice, location)
        if not careful:
            _insert_all(session, entry, plan)
            return [_row(pair, "LOADED", parsed, load, loaded=parsed[pair[1].relative]) for pair in group]
        misfits = _misfits(session, plan, choice)
        if load.skips(misfits.count, parsed[group[0][1].relative]):
            return [_row(group[0], "LOAD_FAILED", parsed, load, misfits=misfits)]
        inserted = _insert(session, entry, plan, skip=bool(misfits.count))
    status = "LOADED" if not misfits.count else "PARTIALLY_LOADED" if inserted else "LOAD_FAILED"
    return [_row(group[0], status, parsed, load, loaded=inserted, misfits=misfits)]


@dataclass(frozen=True)
class _Misfits:
    """The rows of a file that do not fit, and what the answer says about the first: error, line, character, column."""

    count: int = 0
    first: tuple[str | None, int | None, int | None, str | None] = (None, None, None, None)


def _misfits(session: Session, plan: Plan, choice: Choice) -> _Misfits:
    """Records with another number of fields, and rows with a field that does not fit its column."""
    wrong = rejected(session, choice)
    count = count_misfits(session, plan) + len(wrong)
    found = first_misfit(session, plan) if count > len(wrong) else None
    line = line_of(found, plan, wrong) if found else 0
    if wrong and (found is None or wrong[0].line <= line):
        return _Misfits(count, (wrong[0].words, wrong[0].line, None, None))
    if found is None:
        return _Misfits(count)
    return _Misfits(count, (found.words, line, None, f'"{plan.table}"["{found.column.name}"]'))


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
    pair: tuple[Root, StagedFile],
    status: str,
    parsed: dict[str, int],
    load: Load,
    *,
    loaded: int = 0,
    misfits: _Misfits | None = None,
) -> list[Any]:
    """One row of the answer."""
    root, file = pair
    found, count = misfits or _Misfits(), parsed[file.relative]
    return [root.shown + file.relative, status, count, loaded, load.limit(count), found.count, *found.first]


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
    return plan_fields(session, entry, load, choice, location)


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
