"""Tables. https://docs.snowflake.com/en/sql-reference/sql/create-table"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlops_local.account.catalogue import Entry
from mlops_local.account.errors import already_exists, compilation_error, does_not_exist
from mlops_local.account.names import column as quoted_column
from mlops_local.account.reader import Reader
from mlops_local.account.result import Result, status
from mlops_local.account.session import Session
from mlops_local.account.sql import query
from mlops_local.account.statements import change_capture
from mlops_local.account.statements.column_definition import ColumnDefinition, TableColumns, read_columns
from mlops_local.account.statements.kind import Creation, Kind, replace_or_keep
from mlops_local.account.statements.tagging import TagValues, read_tag_clause, set_tags
from mlops_local.account.types import Column


@dataclass(frozen=True)
class TableOptions:
    """What may stand around the column list."""

    comment: str = ""
    cluster_by: str = ""
    tags: TagValues = ()
    change_tracking: bool = False


_IGNORED = {
    "DATA_RETENTION_TIME_IN_DAYS": int, "MAX_DATA_EXTENSION_TIME_IN_DAYS": int, "ENABLE_SCHEMA_EVOLUTION": bool,
}


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    """``CREATE TABLE n (columns) [AS query]``, ``AS query``, ``LIKE n``, ``CLONE n``."""
    path = reader.path()
    name = session.complete(path)
    listed = read_columns(reader) if reader.token.text == "(" else None
    options = _read_options(reader)
    text = reader.rest() if reader.accept("AS") else None
    reader.end()
    with session.ddl():
        session.catalogue.get("SCHEMA", name.database, "", name.schema)
        if replace_or_keep(session, "TABLE", path, creation, lambda entry: remove(session, entry)):
            return status(f"{name.name} already exists, statement succeeded.")
        translation = query.translate(session, text) if text is not None else None
        columns = _columns(listed, translation.columns if translation else None)
        entry = session.catalogue.add(
            "TABLE", name.database, name.schema, name.name, owner=session.role, created_on=session.account.clock.now(),
            comment=options.comment, temporary=creation.temporary, properties=_properties(listed, options, creation),
        )
        build(session, entry, columns)
        set_tags(session, entry, options.tags)
        if translation is not None:
            session.connection.execute(f"INSERT INTO {entry.physical} {translation.sql}")
            translation.context.release()
    return status(f"Table {name.name} successfully created.")


def _read_options(reader: Reader) -> TableOptions:
    found: dict[str, Any] = {}
    while not reader.at_end and reader.token.upper != "AS":
        if reader.accept("CLUSTER", "BY"):
            found["cluster_by"] = f"LINEAR({reader.parenthesised()})"
        elif reader.accept("COMMENT"):
            reader.accept("=")
            found["comment"] = reader.string()
        elif reader.token.upper in {"TAG", "WITH"}:
            found["tags"] = read_tag_clause(reader)
        elif reader.accept("CHANGE_TRACKING"):
            reader.accept("=")
            found["change_tracking"] = reader.boolean()
        elif reader.accept("COPY", "GRANTS"):
            pass
        elif reader.accept_any(*_IGNORED):
            reader.accept("=")
            reader.next()
        else:
            raise reader.refuse()
    return TableOptions(**found)


def _columns(listed: TableColumns | None, selected: Sequence[Column] | None) -> list[Column]:
    """The columns of the new table: those listed, with the query's types where the list says none."""
    if listed is None:
        return [Column(c.name, c.type) for c in selected or ()]
    if selected is not None and len(selected) != len(listed.columns):
        raise compilation_error(2026, "42601", "Invalid column definition list")
    made = []
    for i, definition in enumerate(listed.columns):
        if definition.type is None and selected is None:
            raise compilation_error(1003, "42000", f"column '{definition.name}' has no type.")
        made.append(_column(definition, selected[i] if selected is not None else None))
    return made


def _column(definition: ColumnDefinition, selected: Column | None) -> Column:
    if definition.type is not None:
        return definition.column(definition.type)
    assert selected is not None
    return definition.column(selected.type)


def _properties(listed: TableColumns | None, options: TableOptions, creation: Creation) -> dict[str, Any]:
    properties = {
        "CLUSTER_BY": options.cluster_by, "CHANGE_TRACKING": options.change_tracking, "TRANSIENT": creation.transient,
        "PRIMARY_KEY": list(listed.primary_key) if listed else [], "UNIQUE": [list(key) for key in listed.unique] if listed else [],
    }
    return {key: value for key, value in properties.items() if value}


def build(session: Session, entry: Entry, columns: Sequence[Column]) -> None:
    """The DuckDB table for an entry, and its columns in the catalogue."""
    seen = set()
    for column in columns:
        if column.name in seen:
            raise compilation_error(2025, "42S21", f"duplicate column name '{column.name}'")
        seen.add(column.name)
    session.catalogue.set_columns(entry, columns)
    session.connection.execute(f"CREATE TABLE {entry.physical} ({', '.join(_physical(column) for column in columns)})")
    if change_capture.is_tracked(entry):
        change_capture.create_log(session, entry)


def _physical(column: Column) -> str:
    return f"{quoted_column(column.name)} {column.type.duckdb}{'' if column.nullable else ' NOT NULL'}"


def remove(session: Session, entry: Entry) -> None:
    """The table with its rows, its captured changes and its catalogue rows."""
    session.connection.execute(f"DROP TABLE IF EXISTS {entry.physical}")
    change_capture.drop_log(session, entry)
    session.catalogue.remove(entry)


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    path = reader.path()
    reader.accept_any("CASCADE", "RESTRICT")
    reader.end()
    name = session.complete(path)
    with session.ddl():
        entry = session.find("TABLE", path)
        if entry is None:
            if if_exists:
                return status(f"Drop statement executed successfully ({name.name} already dropped).")
            raise does_not_exist("Table", str(name))
        if entry.kind != "TABLE":
            raise already_exists("Object", str(name))
        remove(session, entry)
    return status(f"{name.name} successfully dropped.")


KIND = Kind("TABLE", "TABLES", create=create, drop=drop)
