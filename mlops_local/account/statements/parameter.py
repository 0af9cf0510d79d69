"""SHOW PARAMETERS. https://docs.snowflake.com/en/sql-reference/sql/show-parameters"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.history import dropped
from mlops_local.account.session.parameters import DEFAULT_PARAMETERS
from mlops_local.account.session.result import Column, Result, rows
from mlops_local.account.session.session import Session
from mlops_local.account.statements.kind import Kind, like_pattern
from mlops_local.account.statements.named import read_named
from mlops_local.account.syntax.reader import Reader

_COLUMNS = (Column("key"), Column("value"), Column("default"), Column("level"), Column("description"), Column("type"))
# The parameters of an object, with their defaults; databases, schemas and tables inherit from above.
_OF_CONTAINERS = {dropped.RETENTION: 1}
_OF_WAREHOUSES = {
    "MAX_CONCURRENCY_LEVEL": 8,
    "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS": 0,
    "STATEMENT_TIMEOUT_IN_SECONDS": DEFAULT_PARAMETERS["STATEMENT_TIMEOUT_IN_SECONDS"],
}
_KINDS = {"DATABASE": _OF_CONTAINERS, "SCHEMA": _OF_CONTAINERS, "TABLE": _OF_CONTAINERS, "WAREHOUSE": _OF_WAREHOUSES}


def show_all(session: Session, reader: Reader) -> Result:
    """``SHOW PARAMETERS [LIKE 'p'] [{IN | FOR} {SESSION | ACCOUNT | kind name}]``."""
    like = like_pattern(reader.string()) if reader.accept("LIKE") else None
    found = _in_scope(session, reader) if reader.accept_any("IN", "FOR") else _of_session(session)
    reader.end()
    return rows(_COLUMNS, [row for row in found if like is None or like.match(row[0])])


def _in_scope(session: Session, reader: Reader) -> Iterable[tuple[str, ...]]:
    if reader.accept_any("SESSION", "ACCOUNT"):
        return _of_session(session)
    kind = reader.accept_any(*_KINDS)
    if kind is None:
        raise reader.refuse()
    entry = read_named(session, kind, reader)
    assert entry is not None
    return [_of_object(session, entry, name, default) for name, default in _KINDS[kind].items()]


def _of_session(session: Session) -> Iterable[tuple[str, ...]]:
    return [_row(session, name) for name in sorted(session.parameters)]


def _row(session: Session, name: str) -> tuple[str, ...]:
    value, default = session.parameters[name], DEFAULT_PARAMETERS.get(name, "")
    return name, _text(value), _text(default), "" if value == default else "SESSION", "", _kind(default)


def _of_object(session: Session, entry: Entry, name: str, default: int) -> tuple[str, ...]:
    """The value in force, and the kind of object that says so."""
    catalogue = session.catalogue.whole
    around = [
        catalogue.find("SCHEMA", entry.database, "", entry.schema) if entry.schema else None,
        catalogue.find("DATABASE", "", "", entry.database) if entry.database else None,
    ]
    for holder in filter(None, (entry, *around)):
        if holder.properties.get(name) is not None:
            return name, _text(holder.properties[name]), _text(default), holder.kind, "", "NUMBER"
    return name, _text(default), _text(default), "", "", "NUMBER"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _kind(value: Any) -> str:
    return "BOOLEAN" if isinstance(value, bool) else "NUMBER" if isinstance(value, int) else "STRING"


KIND = Kind("PARAMETER", "PARAMETERS", show=show_all)
