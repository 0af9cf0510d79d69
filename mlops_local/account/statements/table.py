"""Tables: CREATE and DROP. https://docs.snowflake.com/en/sql-reference/sql/create-table"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mlops_local.account import lineage
from mlops_local.account.catalogue import Entry
from mlops_local.account.errors import compilation_error
from mlops_local.account.names import Name
from mlops_local.account.names import column as quoted_column
from mlops_local.account.reader import Reader
from mlops_local.account.result import Result, status
from mlops_local.account.session import Session
from mlops_local.account.sql import query
from mlops_local.account.sql.context import Context
from mlops_local.account.sql.defaults import check_default
from mlops_local.account.statements import column_change, schema_object, table_show
from mlops_local.account.statements.change_capture import create_log, drop_log
from mlops_local.account.statements.column_definition import AutoIncrement, ColumnDefinition, TableColumns, read_columns
from mlops_local.account.statements.dml import insert_relation
from mlops_local.account.statements.kind import Creation, Kind, replace_or_keep
from mlops_local.account.statements.table_alter import alter
from mlops_local.account.statements.tagging import TagValues, read_tag_clause, set_tags
from mlops_local.account.streams import consume
from mlops_local.account.types import Column

KIND_WORDS = "TABLE"


@dataclass(frozen=True)
class TableOptions:
    """What may stand around the column list."""

    comment: str = ""
    cluster_by: str = ""
    tags: TagValues = ()
    change_tracking: bool = False


# How long deleted rows can be travelled back to, and whether loading may add columns: accepted, there is nothing to do for them.
_WITHOUT_EFFECT = ("DATA_RETENTION_TIME_IN_DAYS", "MAX_DATA_EXTENSION_TIME_IN_DAYS")


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    """``CREATE TABLE n (columns) [AS query]``, ``AS query``, ``LIKE n``, ``CLONE n``."""
    path = reader.path()
    form = reader.accept_any("LIKE", "CLONE")
    make = _copied(session, reader, creation, form) if form else _defined(session, reader, creation)
    with session.ddl():
        name = schema_object.place(session, path)
        if (
            creation.if_not_exists
            and (kept := session.find(KIND_WORDS, path))
            and kept.kind == KIND_WORDS
            and kept.temporary == creation.temporary
        ):
            return status(f"{name.name} already exists, statement succeeded.")
        make(path, name)
    return status(f"Table {name.name} successfully created.")


Make = Callable[[tuple[str, ...], Name], None]


def _defined(session: Session, reader: Reader, creation: Creation) -> Make:
    listed = read_columns(reader) if reader.token.text == "(" else None
    options = _read_options(reader)
    text = reader.rest() if reader.accept("AS") else None
    reader.end()
    if listed is None and text is None:
        raise reader.refuse()

    def make(path: tuple[str, ...], name: Name) -> None:
        """The query is compiled before OR REPLACE takes the old table away: it may read it."""
        translation = query.translate(session, text) if text is not None else None
        for definition in listed.columns if listed else ():
            if definition.default is not None:
                check_default(definition.default, Context.of(session))
        columns = _columns(listed, translation.columns if translation else None)
        with _Replacement(session, path, creation):
            entry = _add(session, name, creation, options.comment, _properties(listed, options, creation))
            build(session, entry, columns, _counters(listed))
            _tag(session, entry, listed, options)
            if translation is not None:
                insert_relation(session, entry, None, translation.sql, translation.columns)
                consume(session, translation.entries)
                lineage.record(session, translation.context.direct, entry)
                translation.context.release()
            if options.change_tracking:
                create_log(session, entry)

    return make


class _Replacement:
    """OR REPLACE: the old table's name is free inside, its rows are there until the new table is filled."""

    def __init__(self, session: Session, path: tuple[str, ...], creation: Creation) -> None:
        self._session, self._path, self._creation = session, path, creation
        self._old: Entry | None = None

    def __enter__(self) -> None:
        replace_or_keep(self._session, KIND_WORDS, self._path, self._creation, self._free)

    def _free(self, entry: Entry) -> None:
        self._old = entry
        self._session.catalogue.remove(entry)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._old is not None and kind is None:
            _drop_rows(self._session, self._old)


def _copied(session: Session, reader: Reader, creation: Creation, form: str) -> Make:
    """``LIKE n`` takes the columns, ``CLONE n`` the rows too."""
    source_path = reader.path()
    options = _read_options(reader)
    reader.end()

    def make(path: tuple[str, ...], name: Name) -> None:
        source = session.get(KIND_WORDS, source_path)
        if source.kind not in {"TABLE", "DYNAMIC TABLE"}:
            raise schema_object.wrong_kind(source, KIND_WORDS)
        with _Replacement(session, path, creation):
            entry = copy(session, source, name, rows=form == "CLONE", creation=creation, comment=options.comment)
            set_tags(session, entry, options.tags)

    return make


def copy(
    session: Session, source: Entry, name: Name, *, rows: bool, creation: Creation | None = None, comment: str = ""
) -> Entry:
    """A new table with the columns of another, and its rows when asked for; for CLONE of schemas and databases too."""
    kept: dict[str, Any] = {
        key: source.properties[key] for key in ("CLUSTER_BY", "PRIMARY_KEY", "UNIQUE", "TRANSIENT") if key in source.properties
    }
    entry = _add(session, name, creation or Creation(), comment or (source.comment if rows else ""), kept)
    counters = {column: AutoIncrement() for column in source.properties.get("SEQUENCES", {})}
    build(session, entry, session.catalogue.columns(source), counters)
    if rows:
        session.connection.execute(f"INSERT INTO {entry.physical} SELECT * FROM {source.physical}")
        _continue_counters(session, source, entry)
    return entry


def _continue_counters(session: Session, source: Entry, entry: Entry) -> None:
    """A clone numbers on from where its source stands."""
    for column in source.properties.get("SEQUENCES", {}):
        highest = session.connection.fetch(f"SELECT coalesce(max({quoted_column(column)}), 0) FROM {entry.physical}")[0][0]
        sequence = entry.properties["SEQUENCES"][column]
        session.connection.execute(f"CREATE OR REPLACE SEQUENCE main.{sequence} START WITH {int(highest) + 1}")


def _add(session: Session, name: Name, creation: Creation, comment: str, properties: dict[str, Any]) -> Entry:
    return session.catalogue.add(
        KIND_WORDS,
        name.database,
        name.schema,
        name.name,
        owner=session.role,
        created_on=session.account.clock.now(),
        comment=comment,
        temporary=creation.temporary,
        properties=properties,
    )


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
        elif reader.accept_any(*_WITHOUT_EFFECT):
            reader.accept("=")
            reader.integer()
        elif not reader.accept("COPY", "GRANTS"):
            raise reader.refuse()
    return TableOptions(**found)


def _columns(listed: TableColumns | None, selected: Sequence[Column] | None) -> list[Column]:
    """The columns of the new table: those listed, with the query's types where the list says none."""
    if listed is None:
        return [Column(column.name, column.type) for column in selected or ()]
    if selected is not None and len(selected) != len(listed.columns):
        raise compilation_error(2026, "42601", "Invalid column definition list")
    return [_column(definition, selected[i] if selected else None) for i, definition in enumerate(listed.columns)]


def _column(definition: ColumnDefinition, selected: Column | None) -> Column:
    type_ = definition.type or (selected.type if selected else None)
    if type_ is None:
        raise compilation_error(1003, "42000", f"column '{definition.name}' has no type.")
    return definition.column(type_)


def _counters(listed: TableColumns | None) -> dict[str, AutoIncrement]:
    return {column.name: column.autoincrement for column in listed.columns if column.autoincrement} if listed else {}


def _properties(listed: TableColumns | None, options: TableOptions, creation: Creation) -> dict[str, Any]:
    properties = {
        "CLUSTER_BY": options.cluster_by,
        "CHANGE_TRACKING": options.change_tracking,
        "TRANSIENT": creation.transient,
        "PRIMARY_KEY": list(listed.primary_key) if listed else [],
        "UNIQUE": [list(key) for key in listed.unique] if listed else [],
    }
    return {key: value for key, value in properties.items() if value}


def _tag(session: Session, entry: Entry, listed: TableColumns | None, options: TableOptions) -> None:
    for column in listed.columns if listed else ():
        set_tags(session, entry, column.tags, column=column.name)
    set_tags(session, entry, options.tags)


def build(session: Session, entry: Entry, columns: Sequence[Column], counters: dict[str, AutoIncrement] | None = None) -> None:
    """The DuckDB table for an entry with its sequences, and its columns in the catalogue."""
    names = [column.name for column in columns]
    if len(set(names)) != len(names):
        raise compilation_error(2025, "42S21", f"duplicate column name '{next(name for name in names if names.count(name) > 1)}'")
    session.catalogue.set_columns(entry, columns)
    session.connection.execute(column_change.table_sql(entry.physical, columns))
    sequences = {}
    for column, counter in (counters or {}).items():
        sequences[column] = f"s{entry.id}_{names.index(column)}"
        session.connection.execute(
            f"CREATE SEQUENCE main.{sequences[column]} START WITH {counter.start} INCREMENT BY {counter.step} "
            f"{'MINVALUE -9223372036854775807' if counter.step < 0 or counter.start < 1 else ''}"
        )
    if sequences:
        entry.properties.update(session.catalogue.update(entry, SEQUENCES=sequences).properties)


def remove(session: Session, entry: Entry) -> None:
    """The table with its rows, its captured changes and its catalogue rows."""
    _drop_rows(session, entry)
    session.catalogue.remove(entry)


def _drop_rows(session: Session, entry: Entry) -> None:
    session.connection.execute(f"DROP TABLE IF EXISTS {entry.physical}")
    for sequence in entry.properties.get("SEQUENCES", {}).values():
        session.connection.execute(f"DROP SEQUENCE IF EXISTS main.{sequence}")
    drop_log(session, entry)


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    path = reader.path()
    reader.accept_any("CASCADE", "RESTRICT")
    reader.end()
    with session.ddl():
        entry = schema_object.find(session, KIND_WORDS, path, if_exists=if_exists)
        if entry is None:
            return status(f"Drop statement executed successfully ({path[-1]} already dropped).")
        remove(session, entry)
    return status(f"{entry.name} successfully dropped.")


KIND = Kind(KIND_WORDS, "TABLES", create=create, alter=alter, drop=drop, show=table_show.show_all, describe=table_show.describe)
