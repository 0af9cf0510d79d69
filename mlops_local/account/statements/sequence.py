"""SEQUENCE. https://docs.snowflake.com/en/sql-reference/sql/create-sequence"""

from __future__ import annotations

from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import compilation_error
from mlops_local.account.history.dropped import forget_rows
from mlops_local.account.session.result import SUCCEEDED, Column, Result, StatementType, rows, status
from mlops_local.account.session.session import Session
from mlops_local.account.sql.sequences import NEXTVAL, counter
from mlops_local.account.statements.kind import Creation, Kind, read_filter, replace_or_keep, show
from mlops_local.account.statements.schema_object import KEEP, add, find, read_comment, rename
from mlops_local.account.statements.schema_object import drop as drop_object
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import INTEGER, TIMESTAMP_LTZ
from mlops_local.account.tables.physical import sequence_sql

_KIND = "SEQUENCE"


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    """``name [WITH] [START [WITH] [=] n] [INCREMENT [BY] [=] n] [ORDER | NOORDER] [COMMENT = '..']``."""
    path = reader.path()
    reader.accept("WITH")
    start, step, ordered = 1, 1, False
    if reader.accept("START"):
        start = _number(reader, "WITH")
    if reader.accept("INCREMENT"):
        step = _step(reader)
    if (word := reader.accept_any("ORDER", "NOORDER")) is not None:
        ordered = word == "ORDER"
    comment = read_comment(reader)
    reader.end()
    with session.ddl():
        if replace_or_keep(session, _KIND, path, creation, lambda entry: _remove(session, entry)):
            return status(KEEP.format(name=path[-1]))
        entry = add(session, _KIND, path, {"STEP": step, "ORDERED": ordered}, comment=comment or "")
        _count(session, entry, start, step)
    return status(f"Sequence {entry.name} successfully created.")


def _number(reader: Reader, word: str) -> int:
    reader.accept(word)
    reader.accept("=")
    return reader.integer()


def _step(reader: Reader) -> int:
    step = _number(reader, "BY")
    if step == 0:
        raise compilation_error(1008, "22023", "invalid value [0] for parameter 'INCREMENT'")
    return step


def _count(session: Session, entry: Entry, start: int, step: int) -> None:
    """A DuckDB sequence of its own for each step: one cannot be changed."""
    old = entry.properties.get("SEQUENCES", {}).get(NEXTVAL)
    number = int(old.partition("_")[2]) + 1 if old else 0
    forget_rows(session, entry)
    session.connection.execute(sequence_sql(f"s{entry.id}_{number}", start, step))
    session.catalogue.update(entry, SEQUENCES={NEXTVAL: f"s{entry.id}_{number}"}, STEP=step)


def next_value(session: Session, entry: Entry) -> int:
    name = counter(entry).partition(".")[2]
    start, step, last = session.connection.fetch(
        "SELECT start_value, increment_by, last_value FROM duckdb_sequences() WHERE sequence_name = ?", [name]
    )[0]
    return int(start if last is None else last + step)


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    """``RENAME TO``, ``[SET] INCREMENT [BY] n``, ``SET [NOORDER] [COMMENT = '..']`` and ``UNSET COMMENT``."""
    path = reader.path()
    with session.ddl():
        entry = find(session, _KIND, path, if_exists=if_exists)
        if entry is None:
            return status(SUCCEEDED)
        if reader.accept("RENAME", "TO"):
            rename(session, entry, reader)
        elif reader.accept("UNSET"):
            reader.expect("COMMENT")
            session.catalogue.update(entry, comment="")
        else:
            _set(session, entry, reader)
        reader.end()
    return status(SUCCEEDED)


def _set(session: Session, entry: Entry, reader: Reader) -> None:
    reader.accept("SET")
    if reader.at_end:
        raise reader.refuse()
    if reader.accept("INCREMENT"):
        _count(session, entry, next_value(session, entry), _step(reader))
    changes: dict[str, Any] = {}
    if (word := reader.accept_any("ORDER", "NOORDER")) is not None:
        if word == "ORDER" and not entry.properties["ORDERED"]:
            raise compilation_error(2, "0A000", "A sequence cannot be changed from NOORDER to ORDER.")
        changes["ORDERED"] = word == "ORDER"
    comment = read_comment(reader)
    if changes or comment is not None:
        current = session.catalogue.by_id(entry.id) or entry
        session.catalogue.update(current, comment=comment, **changes)


def _remove(session: Session, entry: Entry) -> None:
    forget_rows(session, entry)
    session.catalogue.remove(entry)


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    return drop_object(session, _KIND, reader, if_exists=if_exists, remove=lambda entry: _remove(session, entry))


_COLUMNS = (
    Column("name"),
    Column("database_name"),
    Column("schema_name"),
    Column("next_value", INTEGER),
    Column("interval", INTEGER),
    Column("created_on", TIMESTAMP_LTZ),
    Column("owner"),
    Column("comment"),
    Column("owner_role_type"),
    Column("ordered"),
)


def _row(session: Session, entry: Entry) -> tuple[Any, ...]:
    return (
        entry.name,
        entry.database,
        entry.schema,
        next_value(session, entry),
        entry.properties["STEP"],
        entry.created_on,
        entry.owner,
        entry.comment,
        "ROLE",
        "Y" if entry.properties["ORDERED"] else "N",
    )


def show_all(session: Session, reader: Reader) -> Result:
    shown = read_filter(session, reader)
    entries = session.catalogue.list(_KIND, database=shown.database, schema=shown.schema)
    return show(_COLUMNS, shown, entries, lambda entry: _row(session, entry))


def describe(session: Session, reader: Reader) -> Result:
    path = reader.path()
    reader.end()
    return rows(_COLUMNS, [_row(session, session.get(_KIND, path))], type_=StatementType.DESCRIBE)


KIND = Kind(_KIND, "SEQUENCES", create=create, alter=alter, drop=drop, show=show_all, describe=describe)
