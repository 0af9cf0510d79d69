"""COPY INTO a table with VALIDATION_MODE: what would go wrong, or the first rows; nothing is loaded.

https://docs.snowflake.com/en/sql-reference/sql/copy-into-table
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlops_local.account.files.file_formats import FileFormat
from mlops_local.account.files.locations import locate
from mlops_local.account.session.result import Column, Result, StatementType, rows
from mlops_local.account.session.session import Request, Session
from mlops_local.account.sql import query
from mlops_local.account.sql.staged import Choice, chosen
from mlops_local.account.statements.copy_plan import Plan, all_misfits, exact_width, first_misfit, line_of, plan_fields, rejected
from mlops_local.account.statements.copy_request import Load, wanted
from mlops_local.account.syntax.types import INTEGER

_MOST = 1000
_ERRORS = (
    Column("ERROR"),
    Column("FILE"),
    Column("LINE", INTEGER),
    Column("CHARACTER", INTEGER),
    Column("BYTE_OFFSET", INTEGER),
    Column("CATEGORY"),
    Column("CODE", INTEGER),
    Column("SQL_STATE"),
    Column("COLUMN_NAME"),
    Column("ROW_NUMBER", INTEGER),
    Column("ROW_START_LINE", INTEGER),
    Column("REJECTED_RECORD"),
)


def validate(session: Session, load: Load, request: Request) -> Result:
    with session.transaction():
        place = locate(session, load.location)
        files = tuple(file for _, file in wanted(place, load))
        entry = session.get("TABLE", load.path)
        format_ = load.format or FileFormat.of(place.file_format)
        careful = load.validated_rows is None
        choice = Choice(files, format_, exact_width(session, load, entry, format_), careful)
        if not files:
            return rows(_ERRORS, [], type_=StatementType.COPY)
        with chosen(choice) as location:
            plan = plan_fields(session, entry, load, choice, location)
            if load.validated_rows is not None:
                return _first_rows(session, plan, load.validated_rows, request)
            found = [] if request.describe_only else sorted(_errors(session, plan, choice), key=lambda row: (row[1], row[2]))
            return rows(_ERRORS, found, type_=StatementType.COPY)


def _first_rows(session: Session, plan: Plan, count: int, request: Request) -> Result:
    """The rows as they would be loaded, or the error of the first field that does not fit."""
    if not request.describe_only and (misfit := first_misfit(session, plan)) is not None and misfit.row <= count:
        raise misfit.error(plan.table)
    translation = query.translate(session, f"{plan.text()} LIMIT {count}")
    try:
        found = query.describe(translation) if request.describe_only else query.fetch(session, translation)
    finally:
        translation.context.release()
    names = plan.columns or []
    columns = tuple(Column(name, column.type) for name, column in zip(names, found.columns, strict=True))
    return Result(columns, found.table, StatementType.COPY)


def _errors(session: Session, plan: Plan, choice: Choice) -> Iterator[list[Any]]:
    wrong = rejected(session, choice)
    for record in wrong:
        yield [
            record.words,
            record.file,
            record.line,
            None,
            None,
            "parsing",
            100080,
            "22000",
            None,
            None,
            record.line,
            record.text,
        ]
    for misfit in all_misfits(session, plan, limit=_MOST):
        number, state = misfit.code
        line = line_of(misfit, plan, [record for record in wrong if record.file == misfit.file])
        name = f'"{plan.table}"["{misfit.column.name}"]'
        yield [misfit.words, misfit.file, line, None, None, "conversion", number, state, name, misfit.row, line, misfit.value]
