"""STREAM on a table. https://docs.snowflake.com/en/sql-reference/sql/create-stream"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import unsupported
from mlops_local.account.session.result import SUCCEEDED, Column, Result, StatementType, rows, status
from mlops_local.account.session.session import Session
from mlops_local.account.statements import schema_object
from mlops_local.account.statements.kind import Creation, Kind, read_filter, replace_or_keep, show
from mlops_local.account.statements.options import read_options
from mlops_local.account.statements.tagging import read_tag_clause, set_tags
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import TIMESTAMP_LTZ
from mlops_local.account.tables import change_capture, streams

WORDS = "STREAM"
_RETENTION = timedelta(days=14)
_SOURCES = ("TABLE", "DYNAMIC TABLE")


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    """The stream begins at the present state of the table, whose changes are kept from now on."""
    path = reader.path()
    tag_values = read_tag_clause(reader) if reader.token.upper in {"TAG", "WITH"} else ()
    reader.accept_copy_grants()
    reader.expect("ON")
    kind = next((kind for kind in _SOURCES if reader.accept(*kind.split())), None)
    if kind is None:
        raise unsupported(f"CREATE STREAM ON {reader.token.upper}")
    base = reader.path()
    options = read_options(reader, {"APPEND_ONLY": bool, "SHOW_INITIAL_ROWS": bool, "COMMENT": str})
    reader.end()
    with session.ddl():
        name = schema_object.place(session, path)
        if replace_or_keep(session, WORDS, path, creation, lambda old: remove(session, old)):
            return status(f"{name.name} already exists, statement succeeded.")
        table = session.get(kind, base)
        if table.kind != kind:
            raise unsupported(f"a stream on a {table.kind.lower()} ON {kind}")
        if kind == "DYNAMIC TABLE":
            _check_dynamic(session, table, options)
        session.access.demand("SELECT", table)
        streams.track(session, table)
        entry = session.catalogue.add(
            WORDS,
            name.database,
            name.schema,
            name.name,
            owner=session.role,
            created_on=session.account.clock.now(),
            comment=options.get("COMMENT", ""),
            properties={
                "BASE": table.id,
                "BASE_NAME": table.full_name,
                "OFFSET": change_capture.reading_limit(session, table),
                "MODE": "APPEND_ONLY" if options.get("APPEND_ONLY") else "DEFAULT",
                "INITIAL": bool(options.get("SHOW_INITIAL_ROWS")),
            },
        )
        if options.get("SHOW_INITIAL_ROWS"):
            session.connection.execute(f"CREATE TABLE {entry.physical} AS SELECT * FROM {table.physical}")
        set_tags(session, entry, tag_values)
    return status(f"Stream {name.name} successfully created.")


def _check_dynamic(session: Session, table: Entry, options: dict[str, Any]) -> None:
    """https://docs.snowflake.com/en/user-guide/dynamic-tables-create#create-a-stream-on-a-dynamic-table"""
    if table.properties["REFRESH_MODE"] != "INCREMENTAL" or not session.catalogue.has_rows(table):
        raise unsupported("a stream on a dynamic table that does not refresh incrementally, or has not been refreshed yet")
    if options.get("APPEND_ONLY"):
        raise unsupported("APPEND_ONLY stream on a dynamic table")


def remove(session: Session, entry: Entry) -> None:
    session.connection.execute(f"DROP TABLE IF EXISTS {entry.physical}")
    session.catalogue.remove(entry)


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    path = reader.path()
    with session.ddl():
        entry = schema_object.find(session, WORDS, path, if_exists=if_exists)
        if entry is not None:
            _change(session, entry, reader)
            reader.end()
    return status(SUCCEEDED)


def _change(session: Session, entry: Entry, reader: Reader) -> None:
    if reader.accept("UNSET"):
        reader.expect("COMMENT")
        session.catalogue.update(entry, comment="")
    else:
        reader.expect("SET")
        session.catalogue.update(entry, comment=schema_object.read_comment(reader))


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    return schema_object.drop(session, WORDS, reader, if_exists=if_exists, remove=lambda entry: remove(session, entry))


_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("name"),
    Column("database_name"),
    Column("schema_name"),
    Column("owner"),
    Column("comment"),
    Column("table_name"),
    Column("source_type"),
    Column("base_tables"),
    Column("type"),
    Column("stale"),
    Column("mode"),
    Column("stale_after", TIMESTAMP_LTZ),
    Column("invalid_reason"),
    Column("owner_role_type"),
)


def show_all(session: Session, reader: Reader) -> Result:
    shown = read_filter(session, reader)
    found = session.catalogue.list(WORDS, database=shown.database, schema=shown.schema)
    return show(_COLUMNS, shown, found, lambda entry: _row(session, entry))


def describe(session: Session, reader: Reader) -> Result:
    path = reader.path()
    reader.end()
    entry = schema_object.find(session, WORDS, path, if_exists=False)
    assert entry is not None
    return rows(_COLUMNS, [_row(session, entry)], type_=StatementType.DESCRIBE)


def _row(session: Session, entry: Entry) -> Sequence[Any]:
    table = streams.base_table(session, entry)
    name = table.full_name if table else entry.properties["BASE_NAME"]
    return (
        entry.created_on,
        entry.name,
        entry.database,
        entry.schema,
        entry.owner,
        entry.comment,
        name,
        table.kind.title() if table else "Table",
        name,
        "DELTA",
        "true" if table is None else "false",
        entry.properties["MODE"],
        session.account.clock.now() + _RETENTION,
        "N/A" if table else f"Base table '{name}' dropped, cannot read from stream '{entry.name}'.",
        "ROLE",
    )


KIND = Kind(WORDS, "STREAMS", create=create, alter=alter, drop=drop, show=show_all, describe=describe)
