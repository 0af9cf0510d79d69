"""Streams: what has changed in a table since a place in its history, and how that place moves.

Every change to a tracked table is kept in ``main.c<id>``: the row's values, ``~action`` (INSERT or DELETE), ``~update`` and
``~version``, which grows with every writing statement. A stream is an offset into these versions. Only a DML statement that reads
the stream moves it, and with that statement's transaction. https://docs.snowflake.com/en/user-guide/streams-intro
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from mlops_local.account.access.privileges import OWNERSHIP
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import compilation_error, insufficient_privileges, unsupported
from mlops_local.account.session.session import Session
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import object_source, system_function
from mlops_local.account.syntax.names import column as quoted
from mlops_local.account.syntax.reader import parse_name
from mlops_local.account.syntax.types import BOOLEAN, INTEGER, TEXT, Column
from mlops_local.account.tables import change_capture
from mlops_local.account.tables.net_changes import Change, net_changes

KIND = "STREAM"
_METADATA = (Column("METADATA$ACTION", TEXT), Column("METADATA$ISUPDATE", BOOLEAN), Column("METADATA$ROW_ID", TEXT))


def base_table(session: Session, entry: Entry) -> Entry | None:
    """The table that the stream is on; None when it has been dropped or replaced, which makes the stream stale."""
    return session.catalogue.by_id(entry.properties["BASE"])


def changes(table_id: int) -> str:
    return f"main.c{table_id}"


def track(session: Session, table: Entry) -> None:
    """From here on every change to the table is kept; within a writing transaction. Only its owner lets that begin."""
    if not table.properties.get("CHANGE_TRACKING") and not session.access.holds(OWNERSHIP, table):
        raise insufficient_privileges("stream source without CHANGE_TRACKING enabled", table.name)
    session.catalogue.whole.update(table, CHANGE_TRACKING=True)
    change_capture.create_log(session, table)


@object_source(KIND)
def rows(context: Context, entry: Entry) -> Relation:
    """The net changes since the offset: a row that came and went again is not among them."""
    session = context.session
    table = _readable_table(session, entry)
    session.access.demand("SELECT", table)
    columns = session.catalogue.columns(table)
    upto = change_capture.reading_limit(session, table)
    events = _events(entry, table, columns, upto)
    append_only = entry.properties["MODE"] == "APPEND_ONLY"
    sql = _appended(events, columns, table) if append_only else _net(context, events, columns, table)
    return Relation(sql, (*columns, *_METADATA))


def _readable_table(session: Session, entry: Entry) -> Entry:
    table = base_table(session, entry)
    if table is None:
        raise compilation_error(
            91903, "02000", f"Base table '{entry.properties['BASE_NAME']}' dropped, cannot read from stream '{entry.name}'."
        )
    return table


def _events(entry: Entry, table: Entry, columns: Sequence[Column], upto: int) -> str:
    """All changes since the offset, in their order; before them, once, the rows that were there when the stream was made."""
    names = ", ".join(quoted(column.name) for column in columns)
    events = (
        f'SELECT {names}, "~action", "~update", "~version", rowid AS "~at" FROM {changes(table.id)} '
        f'WHERE "~version" > {int(entry.properties["OFFSET"])} AND "~version" <= {upto}'
    )
    if entry.properties.get("INITIAL"):
        events += f" UNION ALL SELECT {names}, 'INSERT', false, -1, rowid - 4611686018427387904 FROM {entry.physical}"
    return events


def _appended(events: str, columns: Sequence[Column], table: Entry) -> str:
    """Rows as they were inserted, whatever became of them."""
    names = ", ".join(quoted(column.name) for column in columns)
    return (
        f'SELECT {names}, \'INSERT\' AS "METADATA$ACTION", false AS "METADATA$ISUPDATE", '
        f'sha1(\'{table.id}:\' || "~at") AS "METADATA$ROW_ID" FROM ({events}) WHERE "~action" = \'INSERT\' AND NOT "~update"'
    )


def _net(context: Context, events: str, columns: Sequence[Column], table: Entry) -> str:
    """The changes that are left when those that cancel out are taken away."""
    names = ", ".join(quoted(column.name) for column in columns)
    found = context.session.connection.fetch(
        f'SELECT "~at", "~action" = \'INSERT\', "~update", "~version", dense_rank() OVER (ORDER BY {names}) FROM ({events}) '
        'ORDER BY "~at"'
    )
    net = net_changes(Change(*row) for row in found)
    kept = context.register(
        pa.table(
            {
                "at": pa.array([one.at for one in net], pa.int64()),
                "insert": pa.array([one.insert for one in net], pa.bool_()),
                "update": pa.array([one.update for one in net], pa.bool_()),
                "row": pa.array([one.row for one in net], pa.int64()),
            }
        ),
        (Column("KEPT_AT", INTEGER), Column("KEPT_INSERT", BOOLEAN), Column("KEPT_UPDATE", BOOLEAN), Column("KEPT_ROW", INTEGER)),
    )
    return (
        f"SELECT {names}, CASE WHEN KEPT_INSERT THEN 'INSERT' ELSE 'DELETE' END AS \"METADATA$ACTION\", "
        f'KEPT_UPDATE AS "METADATA$ISUPDATE", sha1(\'{table.id}:\' || KEPT_ROW) AS "METADATA$ROW_ID" '
        f'FROM ({events}) JOIN ({kept.sql}) ON "~at" = KEPT_AT ORDER BY KEPT_ROW, KEPT_INSERT'
    )


# Consuming


def consume(session: Session, entries: Iterable[Entry]) -> None:
    """Call from a DML statement with the objects that it has read: their streams move when its transaction commits."""
    for entry in entries:
        if entry.kind == KIND:
            table = _readable_table(session, entry)
            offset = change_capture.reading_limit(session, table)
            session.before_commit[(KIND, entry.id)] = lambda entry=entry, offset=offset: _advance(session, entry, offset)  # type: ignore[misc]


def refuse(entries: Iterable[Entry], what: str) -> None:
    """For statements that could read a stream but not move it."""
    if any(entry.kind == KIND for entry in entries):
        raise unsupported(what)


def _advance(session: Session, entry: Entry, offset: int) -> None:
    current = session.catalogue.by_id(entry.id)
    if current is not None:
        session.catalogue.whole.update(current, OFFSET=max(offset, current.properties["OFFSET"]), INITIAL=None)
        session.connection.execute(f"DROP TABLE IF EXISTS {entry.physical}")
        _forget_consumed(session, current.properties["BASE"])


def _forget_consumed(session: Session, table_id: int) -> None:
    """Changes that every stream on the table has behind it are not needed any more."""
    offsets = [entry.properties["OFFSET"] for entry in session.catalogue.whole.list(KIND) if entry.properties["BASE"] == table_id]
    session.connection.execute(f'DELETE FROM {changes(table_id)} WHERE "~version" <= ?', [min(offsets)])


@system_function("SYSTEM$STREAM_HAS_DATA")
def stream_has_data(session: Session, arguments: list[Any]) -> bool:
    """https://docs.snowflake.com/en/sql-reference/functions/system_stream_has_data"""
    entry = session.get(KIND, parse_name(str(arguments[0]) if arguments else ""))
    session.access.demand("SELECT", entry)
    context = Context.of(session)
    try:
        return bool(session.connection.fetch(f"SELECT EXISTS ({rows(context, entry).sql})")[0][0])
    finally:
        context.release()
