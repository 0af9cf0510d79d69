"""SHOW COLUMNS and SHOW PRIMARY KEYS. https://docs.snowflake.com/en/sql-reference/sql/show-columns"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.session.result import Result, rows
from mlops_local.account.session.session import Session
from mlops_local.account.statements.kind import Kind, like_pattern
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import INTEGER, TIMESTAMP_LTZ, Column, SqlType

_KINDS = ("TABLE", "VIEW", "DYNAMIC TABLE")
_SHOWN = tuple(
    Column(name)
    for name in (
        "table_name",
        "schema_name",
        "column_name",
        "data_type",
        "null?",
        "default",
        "kind",
        "expression",
        "comment",
        "database_name",
        "autoincrement",
        "schema_evolution_record",
    )
)


def show_columns(session: Session, reader: Reader) -> Result:
    """``SHOW COLUMNS [LIKE 'p'] [IN {TABLE t | VIEW v | SCHEMA s | DATABASE d | ACCOUNT | t}]``."""
    like = like_pattern(reader.string()) if reader.accept("LIKE") else None
    entries = list(entries_in(session, reader))
    listed = [
        _row(entry, column)
        for entry in entries
        for column in session.catalogue.columns(entry)
        if like is None or like.match(column.name)
    ]
    return rows(_SHOWN, listed)


def entries_in(session: Session, reader: Reader) -> Iterator[Entry]:
    """The tables and views in the scope; without one, those of the current schema."""
    database, schema = session.database, session.schema
    if reader.accept("IN"):
        word = reader.accept_any("ACCOUNT", "DATABASE", "SCHEMA", "TABLE", "VIEW")
        if word in {None, "TABLE", "VIEW"}:
            entry = session.get("TABLE", reader.path())
            reader.end()
            yield entry
            return
        database, schema = _scope(session, reader, word or "")
    reader.end()
    for kind in _KINDS:
        yield from session.catalogue.list(kind, database=database, schema=schema)


def _scope(session: Session, reader: Reader, word: str) -> tuple[str | None, str | None]:
    if word == "ACCOUNT":
        return None, None
    if word == "DATABASE":
        path = () if reader.at_end else reader.path()
        return session.catalogue.get("DATABASE", "", "", path[0] if path else session.database or "").name, None
    name = session.complete((*reader.path(), "")) if not reader.at_end else session.complete(("",))
    return name.database, name.schema


def _row(entry: Entry, column: Column) -> list[Any]:
    identity = (column.default or "").startswith("IDENTITY")
    return [
        entry.name,
        entry.schema,
        column.name,
        data_type(column),
        "true" if column.nullable else "NOT_NULL",
        None if identity else column.default,
        "COLUMN",
        None,
        column.comment or "",
        entry.database,
        column.default if identity else "",
        None,
    ]


def data_type(column: Column) -> str:
    """The type as the JSON text that SHOW COLUMNS has."""
    return json.dumps({"type": column.type.name, **_sizes(column.type), "nullable": column.nullable}, separators=(",", ":"))


def _sizes(type_: SqlType) -> dict[str, Any]:
    if type_.name == "TEXT":
        return {"length": type_.length, "byteLength": min((type_.length or 0) * 4, 16_777_216), "fixed": False}
    if type_.name == "BINARY":
        return {"length": type_.length, "byteLength": type_.length, "fixed": True}
    if type_.name == "FIXED":
        return {"precision": type_.precision, "scale": type_.scale}
    return {"precision": 0, "scale": type_.scale} if type_.scale is not None else {}


_KEYS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("database_name"),
    Column("schema_name"),
    Column("table_name"),
    Column("column_name"),
    Column("key_sequence", INTEGER),
    Column("constraint_name"),
    Column("rely"),
    Column("comment"),
)


def show_primary_keys(session: Session, reader: Reader) -> Result:
    """https://docs.snowflake.com/en/sql-reference/sql/show-primary-keys"""
    found = entries_in(session, reader)
    return _keys((entry, f"SYS_CONSTRAINT_{entry.id}", entry.properties.get("PRIMARY_KEY", [])) for entry in found)


def show_unique_keys(session: Session, reader: Reader) -> Result:
    """https://docs.snowflake.com/en/sql-reference/sql/show-unique-keys"""
    return _keys(
        (entry, f"SYS_CONSTRAINT_{entry.id}_{number + 1}", key)
        for entry in entries_in(session, reader)
        for number, key in enumerate(entry.properties.get("UNIQUE", []))
    )


def _keys(keys: Iterable[tuple[Entry, str, list[str]]]) -> Result:
    return rows(
        _KEYS,
        [
            [entry.created_on, entry.database, entry.schema, entry.name, column, place + 1, name, "false", None]
            for entry, name, columns in keys
            for place, column in enumerate(columns)
        ],
    )


KIND = Kind("COLUMN", "COLUMNS", show=show_columns)
PRIMARY_KEYS = Kind("PRIMARY KEY", "PRIMARY KEYS", show=show_primary_keys)
UNIQUE_KEYS = Kind("", "UNIQUE KEYS", show=show_unique_keys)
