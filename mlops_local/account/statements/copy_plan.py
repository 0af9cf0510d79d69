"""What COPY INTO a table makes of the fields of files: an expression for each column, and what does not fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import duckdb

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError, compilation_error, invalid_identifier
from mlops_local.account.files.file_formats import FileFormat
from mlops_local.account.session.session import Session
from mlops_local.account.sql import query
from mlops_local.account.sql.file_rows import FILENAME, ROW_NUMBER, csv_header, csv_rejects, csv_width
from mlops_local.account.sql.staged import Choice, infer, the_location
from mlops_local.account.statements.copy_request import Load
from mlops_local.account.syntax.names import literal, quote
from mlops_local.account.syntax.types import MAX_TEXT, Column

_DATES = {"DATE", "TIME", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ"}


@dataclass(frozen=True)
class Plan:
    """What is inserted: the columns of the table, and for each the field of the files that it takes.

    ``query`` is the user's own query instead of fields. ``shorten`` lets texts be cut to the length of their columns; otherwise a
    text that is too long is refused when it is inserted.
    """

    table: str
    location: str
    columns: list[str] | None
    items: tuple[tuple[str, Column], ...] = ()
    query: str | None = None
    format: FileFormat = field(default_factory=FileFormat)
    shorten: bool = False

    def text(self, *, fitting_only: bool = False) -> str:
        """The query whose rows are inserted."""
        if self.query is not None:
            return self.query
        items = ", ".join(self.converted(source, column, attempt=fitting_only) for source, column in self.items)
        where = f" WHERE NOT COALESCE({self.misfit()}, FALSE)" if fitting_only else ""
        return f"SELECT {items} FROM {literal(self.location)}{where}"

    def converted(self, source: str, column: Column, *, attempt: bool = False) -> str:
        """The field in the column's type; with ``attempt`` NULL where it cannot be."""
        prefix = "TRY_" if attempt else ""
        wanted = self.format[column.type.name.split("_")[0] + "_FORMAT"] if column.type.name in _DATES else None
        if wanted is not None and str(wanted).upper() != "AUTO":
            return f"{prefix}TO_{column.type.name}({source}, {literal(wanted)})"
        if column.type.name == "BINARY" and self.format.type == "CSV":
            return f"{prefix}TO_BINARY({source}, {literal(self.format['BINARY_FORMAT'])})"
        if column.type.name == "TEXT" and not self.shorten:
            return f"{source}::VARCHAR"
        if attempt and not column.type.is_semistructured and self.format.type == "CSV":
            return f"TRY_CAST({source} AS {column.type.sql})"
        return f"{source}::{column.type.sql}"

    def misfit(self) -> str:
        """The condition for a row that has a field which does not fit its column."""
        return " OR ".join(self.misfits(source, column) for source, column in self.items) or "FALSE"

    def misfits(self, source: str, column: Column) -> str:
        unread = f"({source} IS NOT NULL AND {self.converted(source, column, attempt=True)} IS NULL)"
        return f"{unread} OR LENGTH({source}) > {column.type.length}" if self.is_too_long_possible(column) else unread

    def is_too_long_possible(self, column: Column) -> bool:
        return column.type.name == "TEXT" and (column.type.length or MAX_TEXT) < MAX_TEXT and not self.shorten


def plan_query(table: Entry, text: str, columns: list[str] | None, location: str) -> Plan:
    """COPY from a query: its one location is replaced by the files that have been picked."""
    token, _ = the_location(text)
    return Plan(table.name, location, columns, query=text[: token.start] + literal(location) + text[token.end :])


def plan_fields(session: Session, table: Entry, load: Load, choice: Choice, location: str) -> Plan:
    """COPY of the fields as they stand, or by name."""
    known = {column.name: column for column in session.catalogue.columns(table)}
    for name in (*(load.columns or ()), *load.metadata):
        if name not in known:
            raise invalid_identifier(name)
    if load.match == "NONE":
        items = _positional([known[name] for name in load.columns or known], choice)
    else:
        own = [column for column in known.values() if column.name not in load.metadata]
        items = _matched(session, load.match, own, choice)
        if not items:
            file = choice.files[0].relative
            raise AccountError(100081, "22000", f"File '{file}' has no column with the name of one of {table.full_name}.")
        items += [(source, known[name]) for name, source in load.metadata.items()]
    names = [column.name for _, column in items]
    return Plan(table.name, location, names, tuple(items), format=choice.format, shorten=load.shorten)


def _matched(session: Session, match: str, table: Sequence[Column], choice: Choice) -> list[tuple[str, Column]]:
    """The columns of the table that the files have by name."""
    if choice.format.type == "CSV":
        names = csv_header(choice.files[0].path, choice.format) if choice.format["PARSE_HEADER"] else []
        sources = {name: f"${i + 1}" for i, name in enumerate(names)}
    else:
        sources = {column.name: f"$1:{quote(column.name)}" for column, _ in infer(session, choice)}
    if match == "CASE_INSENSITIVE":
        sources = {name.upper(): source for name, source in sources.items()}
        return [(sources[column.name.upper()], column) for column in table if column.name.upper() in sources]
    return [(sources[column.name], column) for column in table if column.name in sources]


def _positional(table: list[Column], choice: Choice) -> list[tuple[str, Column]]:
    if choice.format.type != "CSV":
        if len(table) != 1 or not table[0].type.is_semistructured:
            raise compilation_error(
                2099,
                "22000",
                f"{choice.format.type} file format can produce one and only one column of type variant, object, "
                "or array. Select the fields in a query or use MATCH_BY_COLUMN_NAME to load more than one column.",
            )
        return [("$1", table[0])]
    _check_width(table, choice)
    return [(f"${i + 1}", column) for i, column in enumerate(table)]


def _check_width(table: list[Column], choice: Choice) -> None:
    for file in () if choice.careful else choice.files:
        width = csv_width(file.path, choice.format)
        if choice.format["ERROR_ON_COLUMN_COUNT_MISMATCH"] and width not in {0, len(table)}:
            raise _wrong_width(width, len(table), f"File '{file.relative}'")


def _wrong_width(width: int | str, expected: int | str, place: str) -> AccountError:
    return AccountError(100080, "22000", f"{wrong_width(width, expected)}\n  {place}")


def wrong_width(width: int | str, expected: int | str) -> str:
    words = f"Number of columns in file ({width}) does not match that of the corresponding table ({expected})"
    return f"{words}, use file format option error_on_column_count_mismatch=false to ignore this error"


_RAGGED = re.compile(r"CSV Error on Line: (\d+).*Expected Number of Columns: (\d+) Found: (\d+)", re.DOTALL)


def reading_error(error: duckdb.Error) -> AccountError | None:
    """What DuckDB says of a file that it cannot read, in Snowflake's words; None when it is something else."""
    found = _RAGGED.search(str(error))
    if found:
        return _wrong_width(found[3], found[2], f"Line {found[1]}")
    if "Invalid unicode" in str(error):
        return AccountError(100144, "22000", "Invalid UTF8 detected in a file; files of other encodings are not read.")
    return None


@dataclass(frozen=True)
class Misfit:
    """The first field that does not fit its column, where it is and why."""

    file: str
    row: int
    column: Column
    value: str

    @property
    def code(self) -> tuple[int, str]:
        return self._refusal[:2]

    @property
    def _refusal(self) -> tuple[int, str, str]:
        return _REFUSALS.get(self.column.type.name.split("_")[0], (100069, "22000", "Value '{}' does not fit its column"))

    @property
    def words(self) -> str:
        return self._refusal[2].format(self.value)

    def error(self, table: str) -> AccountError:
        number, state, _ = self._refusal
        place = f'  File \'{self.file}\', row {self.row}, column "{table}"["{self.column.name}"]'
        return AccountError(number, state, f"{self.words}\n{place}\n{_ADVICE}")


_REFUSALS = {
    "FIXED": (100038, "22018", "Numeric value '{}' is not recognized"),
    "REAL": (100038, "22018", "Numeric value '{}' is not recognized"),
    "BOOLEAN": (100037, "22018", "Boolean value '{}' is not recognized"),
    "DATE": (100040, "22007", "Date '{}' is not recognized"),
    "TIME": (100044, "22007", "Time '{}' is not recognized"),
    "TIMESTAMP": (100035, "22007", "Timestamp '{}' is not recognized"),
    "TEXT": (100078, "22000", "String '{}' is too long and would be truncated"),
}
_ADVICE = (
    "  If you would like to continue loading when an error is encountered, use other values such as 'SKIP_FILE' or 'CONTINUE' "
    "for the ON_ERROR option."
)


def first_misfit(session: Session, plan: Plan) -> Misfit | None:
    return next(all_misfits(session, plan, limit=1), None)


def all_misfits(session: Session, plan: Plan, *, limit: int) -> Iterator[Misfit]:
    """At most so many of each column; only fields of CSV files can fail in a way that names them."""
    if plan.query is not None or plan.format.type != "CSV":
        return
    for source, column in plan.items:
        text = (
            f"SELECT {FILENAME.name}, {ROW_NUMBER.name}, {source} FROM {literal(plan.location)} "
            f"WHERE {plan.misfits(source, column)} ORDER BY 1, 2 LIMIT {limit}"
        )
        for row in query.fetch(session, query.translate(session, text)).table.to_pylist():
            file, number, value = row.values()
            yield Misfit(file, number, column, value)


def count_misfits(session: Session, plan: Plan) -> int:
    """The rows with a field that does not fit its column."""
    if plan.query is not None or plan.format.type != "CSV":
        return 0
    text = f"SELECT COUNT_IF({plan.misfit()}) FROM {literal(plan.location)}"
    return int(query.fetch(session, query.translate(session, text)).table.column(0)[0].as_py())


def exact_width(session: Session, load: Load, entry: Entry, format_: FileFormat) -> int | None:
    """The number of fields that each record has to have, where fields go to columns by their place."""
    if load.query is not None or load.match != "NONE" or format_.type != "CSV":
        return None
    if not format_["ERROR_ON_COLUMN_COUNT_MISMATCH"]:
        return None
    return len(load.columns or session.catalogue.columns(entry))


@dataclass(frozen=True)
class Rejected:
    """A record with another number of fields than the table has columns, at its line of the file."""

    file: str
    line: int
    text: str
    words: str


def rejected(session: Session, choice: Choice) -> list[Rejected]:
    if choice.width is None:
        return []
    found = []
    for file in choice.files:
        for line, text, width in csv_rejects(
            session.connection, file, choice.format, choice.width, session.account.stages.unpacked
        ):
            found.append(Rejected(file.relative, line, text, wrong_width(width, choice.width)))
    return found


def line_of(misfit: Misfit, plan: Plan, wrong: Sequence[Rejected]) -> int:
    """Rows are numbered without the records that have been left out."""
    line = misfit.row + int(plan.format["SKIP_HEADER"] or 0)
    for record in wrong:
        line += record.line <= line
    return line
