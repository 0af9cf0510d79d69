"""What a statement changed in a tracked table, written down for the streams on it, in the same transaction.

``main.c<id>`` has the columns of the table and ``~action`` (INSERT or DELETE), ``~version`` (one per statement) and ``~update``.
https://docs.snowflake.com/en/user-guide/streams-intro
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.session.session import Session
from mlops_local.account.syntax.names import column

_numbers = itertools.count(1)


def is_tracked(entry: Entry) -> bool:
    return bool(entry.properties.get("CHANGE_TRACKING"))


def create_log(session: Session, entry: Entry) -> None:
    """The table of changes, when it is not there yet."""
    session.connection.execute(
        f'CREATE TABLE IF NOT EXISTS main.c{entry.id} AS SELECT *, CAST(NULL AS VARCHAR) AS "~action", '
        f'CAST(NULL AS BIGINT) AS "~version", CAST(NULL AS BOOLEAN) AS "~update" FROM {entry.physical} LIMIT 0'
    )


def drop_log(session: Session, entry: Entry) -> None:
    session.connection.execute(f"DROP TABLE IF EXISTS main.c{entry.id}")


def reading_limit(session: Session, entry: Entry) -> int:
    """The last change that a stream on the table shows now.

    Within an explicit transaction it stays what it was before the transaction wrote or read: all its reads of a stream agree.
    """
    latest = int(session.connection.fetch(f'SELECT coalesce(max("~version"), 0) FROM main.c{entry.id}')[0][0])
    return int(session.notes.setdefault(("changes", entry.id), latest)) if session.explicit_transaction else latest


@contextmanager
def captured(session: Session, entry: Entry) -> Iterator[None]:
    """Around a statement that changes rows: the difference between before and after, row by row.

    A row that is there before and after with other values is an update: DELETE and INSERT, both marked.
    """
    if not is_tracked(entry):
        yield
        return
    reading_limit(session, entry)
    connection, before = session.connection, f'temp."~before{next(_numbers)}"'
    connection.execute(f'CREATE TEMP TABLE {before.removeprefix("temp.")} AS SELECT rowid AS "~row", * FROM {entry.physical}')
    yield
    names = [column(c.name) for c in session.catalogue.columns(entry)]
    version = _next_version(session)
    for action, kept, gone in (("DELETE", "b", "a"), ("INSERT", "a", "b")):
        listed = ", ".join(f"{kept}.{name}" for name in names)
        same = " AND ".join(f"a.{name} IS NOT DISTINCT FROM b.{name}" for name in names)
        connection.execute(
            f"INSERT INTO main.c{entry.id} SELECT {listed}, '{action}', {version}, {gone}.\"~row\" IS NOT NULL "
            f'FROM {before} AS b FULL JOIN (SELECT rowid AS "~row", * FROM {entry.physical}) AS a ON a."~row" = b."~row" '
            f'WHERE {kept}."~row" IS NOT NULL AND ({gone}."~row" IS NULL OR NOT ({same})) ORDER BY {kept}."~row"'
        )
    connection.execute(f"DROP TABLE {before}")


def record_inserted(session: Session, entry: Entry, relation: str) -> None:
    """Appends rows that a plain INSERT has added, given as a DuckDB query of the table's columns in their order."""
    if is_tracked(entry):
        reading_limit(session, entry)
        session.connection.execute(
            f"INSERT INTO main.c{entry.id} SELECT *, 'INSERT', {_next_version(session)}, FALSE FROM ({relation})"
        )


def record_exchanged(session: Session, entry: Entry, gone: str, come: str) -> None:
    """What a refresh has taken out and put in, given as DuckDB queries of the table's columns in their order."""
    if is_tracked(entry):
        reading_limit(session, entry)
        version = _next_version(session)
        for action, relation in (("DELETE", gone), ("INSERT", come)):
            session.connection.execute(f"INSERT INTO main.c{entry.id} SELECT *, '{action}', {version}, FALSE FROM ({relation})")


def _next_version(session: Session) -> int:
    return int(session.connection.fetch("SELECT nextval('account.ids')")[0][0])
