"""Tables: CREATE and DROP. https://docs.snowflake.com/en/sql-reference/sql/create-table"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import compilation_error, unsupported
from mlops_local.account.governance import lineage
from mlops_local.account.history import dropped
from mlops_local.account.session.result import Result, status
from mlops_local.account.session.session import Session
from mlops_local.account.sql import query
from mlops_local.account.sql.context import Context
from mlops_local.account.sql.defaults import check_default
from mlops_local.account.statements import schema_object, table_show
from mlops_local.account.statements.column_definition import ColumnDefinition, TableColumns, read_columns
from mlops_local.account.statements.dml import insert_relation
from mlops_local.account.statements.foreign_key import add_references, require_unreferenced
from mlops_local.account.statements.kind import Creation, Kind, replace_or_keep
from mlops_local.account.statements.table_alter import alter
from mlops_local.account.statements.table_redefine import redefine
from mlops_local.account.statements.table_template import template_columns
from mlops_local.account.statements.tagging import TagValues, copy_tags, read_tag_clause, set_tags
from mlops_local.account.statements.undrop import undrop
from mlops_local.account.syntax.names import Name
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import Column
from mlops_local.account.tables.change_capture import create_log
from mlops_local.account.tables.physical import AutoIncrement, build, copy_rows
from mlops_local.account.tables.streams import consume

KIND_WORDS = "TABLE"


@dataclass(frozen=True)
class TableOptions:
    """What may stand around the column list."""

    comment: str = ""
    cluster_by: str = ""
    tags: TagValues = ()
    change_tracking: bool = False
    retention: int | None = None


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    """``CREATE TABLE n (columns) [AS query]``, ``AS query``, ``LIKE n``; CLONE is every kind's."""
    path = reader.path()
    make = _copied(session, reader, creation) if reader.accept("LIKE") else _defined(session, reader, creation)
    with session.ddl():
        name = schema_object.place(session, path)
        session.access.create(KIND_WORDS, name.database, name.schema, temporary=creation.temporary)
        altered = creation.or_alter and session.find(KIND_WORDS, path) is not None
        if (
            creation.if_not_exists
            and (kept := session.find(KIND_WORDS, path))
            and kept.kind == KIND_WORDS
            and kept.temporary == creation.temporary
        ):
            return status(f"{name.name} already exists, statement succeeded.")
        make(path, name)
    return status(f"Table {name.name} successfully {'altered' if altered else 'created'}.")


Make = Callable[[tuple[str, ...], Name], None]


def _defined(session: Session, reader: Reader, creation: Creation) -> Make:
    if reader.accept("USING", "TEMPLATE"):
        listed: TableColumns | None = template_columns(session, reader)
    else:
        listed = read_columns(reader) if reader.token.text == "(" else None
    options = _read_options(reader)
    text = reader.rest() if reader.accept("AS") else None
    reader.end()
    if listed is None and text is None:
        raise reader.refuse()
    if creation.or_alter and text is not None:
        raise unsupported("CREATE OR ALTER TABLE .. AS")

    def make(path: tuple[str, ...], name: Name) -> None:
        """The query is compiled before OR REPLACE takes the old table away: it may read it."""
        translation = query.translate(session, text) if text is not None else None
        for definition in listed.columns if listed else ():
            if definition.default is not None:
                check_default(definition.default, Context.of(session))
        columns = _columns(listed, translation.columns if translation else None)
        if creation.or_alter and (present := schema_object.find(session, KIND_WORDS, path, if_exists=True)):
            redefine(
                session,
                present,
                columns,
                options.comment,
                _properties(listed, options, Creation()),
                listed.foreign if listed else (),
            )
            return
        with _Replacement(session, path, creation):
            entry = _add(session, name, creation, options.comment, _properties(listed, options, creation))
            build(session, entry, columns, _counters(listed))
            add_references(session, entry, listed.foreign if listed else ())
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
        self._replaced = False

    def __enter__(self) -> None:
        replace_or_keep(self._session, KIND_WORDS, self._path, self._creation, self._set_aside)

    def _set_aside(self, old: Entry) -> None:
        dropped.set_aside(self._session, old)
        self._replaced = True

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._replaced:
            dropped.purge(self._session)


def _copied(session: Session, reader: Reader, creation: Creation) -> Make:
    """``LIKE n`` takes the columns, keys and tags of another table."""
    source_path = reader.path()
    options = _read_options(reader)
    reader.end()

    def make(path: tuple[str, ...], name: Name) -> None:
        source = session.get(KIND_WORDS, source_path)
        if source.kind not in {"TABLE", "DYNAMIC TABLE"}:
            raise schema_object.wrong_kind(source, KIND_WORDS)
        with _Replacement(session, path, creation):
            kept: dict[str, Any] = {
                key: source.properties[key] for key in ("CLUSTER_BY", "PRIMARY_KEY", "UNIQUE") if key in source.properties
            }
            entry = _add(session, name, creation, options.comment, {**kept, **_properties(None, options, creation)})
            session.catalogue.set_columns(entry, session.catalogue.columns(source))
            copy_rows(session, source, entry, rows=False)
            copy_tags(session, source, entry)
            set_tags(session, entry, options.tags)

    return make


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
        elif reader.accept(dropped.RETENTION):
            reader.accept("=")
            found["retention"] = dropped.check_retention(reader.integer())
        elif reader.accept("MAX_DATA_EXTENSION_TIME_IN_DAYS"):
            # How much longer rows are kept for streams; here they are kept as long as a stream needs them.
            reader.accept("=")
            reader.integer()
        elif not reader.accept_copy_grants():
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
    kept = {key: value for key, value in properties.items() if value}
    return kept if options.retention is None else {**kept, dropped.RETENTION: options.retention}


def _tag(session: Session, entry: Entry, listed: TableColumns | None, options: TableOptions) -> None:
    for column in listed.columns if listed else ():
        set_tags(session, entry, column.tags, column=column.name)
    set_tags(session, entry, options.tags)


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    path = reader.path()
    behaviour = reader.accept_any("CASCADE", "RESTRICT")
    reader.end()
    with session.ddl():
        entry = schema_object.find(session, KIND_WORDS, path, if_exists=if_exists)
        if entry is None:
            return status(f"Drop statement executed successfully ({path[-1]} already dropped).")
        if behaviour == "RESTRICT":
            require_unreferenced(session, entry)
        dropped.drop(session, entry)
    return status(f"{entry.name} successfully dropped.")


KIND = Kind(
    KIND_WORDS,
    "TABLES",
    create=create,
    alter=alter,
    drop=drop,
    undrop=undrop(KIND_WORDS),
    or_alter=True,
    show=table_show.show_all,
    describe=table_show.describe,
)
