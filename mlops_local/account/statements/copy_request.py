"""What a COPY INTO a table asks for. https://docs.snowflake.com/en/sql-reference/sql/copy-into-table"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from mlops_local.account.errors import AccountError, compilation_error, invalid_identifier, unsupported
from mlops_local.account.files.file_formats import FileFormat, named_format, read_file_format
from mlops_local.account.files.locations import Place, Root
from mlops_local.account.files.stages import StagedFile
from mlops_local.account.session.session import Session
from mlops_local.account.sql.file_rows import METADATA
from mlops_local.account.sql.staged import the_location
from mlops_local.account.statements.files import location_text
from mlops_local.account.statements.options import read_clauses
from mlops_local.account.syntax.names import quote
from mlops_local.account.syntax.reader import Reader

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
    "SIZE_LIMIT": int,
    "VALIDATION_MODE": str,
}
_SKIP = re.compile(r"SKIP_FILE(?:_(\d+)(%?))?")
_VALIDATION = re.compile(r"RETURN_(?:(\d+)_ROWS|ERRORS|ALL_ERRORS)")


@dataclass(frozen=True)
class Load:
    """What a COPY asks for."""

    path: tuple[str, ...]
    columns: list[str] | None
    location: str
    query: str | None
    format: FileFormat | None
    files: list[str] | None
    metadata: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def on_error(self) -> str:
        return str(self.options.get("ON_ERROR", "ABORT_STATEMENT")).upper()

    def skips(self, errors: int, parsed: int) -> bool:
        """Whether a file with so many rows that do not fit is left out as a whole."""
        found = _SKIP.fullmatch(self.on_error)
        if found is None or not errors:
            return False
        if found[2]:
            return errors * 100 > int(found[1]) * parsed
        return errors >= int(found[1] or 1)

    def limit(self, parsed: int) -> int:
        """The number of errors that the answer shows as the limit of a file."""
        found = _SKIP.fullmatch(self.on_error)
        if found is None:
            return 1 if self.on_error == "ABORT_STATEMENT" else max(parsed, 1)
        number = int(found[1] or 1)
        return parsed * number // 100 if found[2] else number

    @property
    def validation(self) -> str | None:
        """RETURN_n_ROWS, RETURN_ERRORS or RETURN_ALL_ERRORS, when nothing shall be loaded."""
        given = self.options.get("VALIDATION_MODE")
        return None if given is None else str(given).upper()

    @property
    def validated_rows(self) -> int | None:
        found = _VALIDATION.fullmatch(self.validation or "")
        return int(found[1]) if found and found[1] else None

    @property
    def shorten(self) -> bool:
        return bool(self.options.get("TRUNCATECOLUMNS")) or not self.options.get("ENFORCE_LENGTH", True)

    @property
    def match(self) -> str:
        return str(self.options.get("MATCH_BY_COLUMN_NAME", "NONE")).upper()


def read_load(session: Session, reader: Reader) -> Load:
    """From the name of the table on. Without FROM the table's own stage is read."""
    path = reader.path()
    columns = reader.list(reader.identifier) if reader.token.text == "(" else None
    named = reader.accept("FROM")
    text = reader.parenthesised() if named and reader.token.text == "(" else None
    location, inner = (location_text(reader) if named else _own_stage(path), {}) if text is None else _inner(text)
    format_ = named_format(session, Reader(inner["FILE_FORMAT"]).path()) if "FILE_FORMAT" in inner else None
    clauses = {
        "FILES": lambda: reader.list(reader.string),
        "INCLUDE_METADATA": lambda: _read_metadata(reader),
        **({} if format_ else {"FILE_FORMAT": lambda: read_file_format(session, reader)}),
    }
    pattern = {"PATTERN": inner["PATTERN"]} if "PATTERN" in inner else {}
    options = pattern | read_clauses(reader, {name: type_ for name, type_ in _OPTIONS.items() if name not in pattern}, clauses)
    load = Load(
        path,
        columns,
        location,
        text,
        options.get("FILE_FORMAT", format_),
        options.get("FILES"),
        options.get("INCLUDE_METADATA", {}),
        options,
    )
    _check(load)
    return load


def _read_metadata(reader: Reader) -> dict[str, str]:
    """``(column = METADATA$.., ..)``: columns of the table that say where a row comes from."""
    found: dict[str, str] = {}
    reader.expect("(")
    while not reader.accept(")"):
        column = reader.identifier()
        reader.expect("=")
        found[column] = reader.identifier()
        if found[column] not in {known.name for known in METADATA}:
            raise invalid_identifier(found[column])
        reader.accept(",")
    return found


def _own_stage(path: tuple[str, ...]) -> str:
    return "@" + ".".join([*map(quote, path[:-1]), "%" + quote(path[-1])])


def _inner(text: str) -> tuple[str, dict[str, Any]]:
    """The location in a query, with the options behind it."""
    token, options = the_location(text)
    return token.value, options


def _check(load: Load) -> None:
    if load.on_error not in {"ABORT_STATEMENT", "CONTINUE"} and not _SKIP.fullmatch(load.on_error):
        raise compilation_error(1, "42601", f"invalid value '{load.on_error}' for property 'ON_ERROR'.")
    if load.match not in {"NONE", "CASE_SENSITIVE", "CASE_INSENSITIVE"}:
        raise compilation_error(1, "42601", f"invalid value '{load.match}' for property 'MATCH_BY_COLUMN_NAME'.")
    if load.match != "NONE" and (load.query or load.columns):
        raise unsupported("MATCH_BY_COLUMN_NAME with a query or a list of columns")
    if load.metadata and load.match == "NONE":
        raise unsupported("INCLUDE_METADATA without MATCH_BY_COLUMN_NAME")
    if load.validation is not None and not _VALIDATION.fullmatch(load.validation):
        raise compilation_error(1, "42601", f"invalid value '{load.validation}' for property 'VALIDATION_MODE'.")
    if load.validation is not None and load.query:
        raise unsupported("VALIDATION_MODE with a query")


Found = list[tuple[Root, StagedFile]]


def wanted(place: Place, load: Load) -> Found:
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
