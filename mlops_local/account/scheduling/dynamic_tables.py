"""Dynamic tables: how one is refreshed, and what is upstream and downstream of it.

A refresh runs the whole query and keeps the difference as its statistics; upstream dynamic tables are refreshed first, all of
one refresh as of one time. A refresh by schedule does each of them in a transaction of its own.
https://docs.snowflake.com/en/user-guide/dynamic-tables-refresh
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import duckdb

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.engine.engine import Connection
from mlops_local.account.errors import AccountError, compilation_error
from mlops_local.account.scheduling.timetable import parse_interval
from mlops_local.account.session.session import Session
from mlops_local.account.sql import query
from mlops_local.account.sql.context import Context
from mlops_local.account.tables import change_capture, physical

KIND = "DYNAMIC TABLE"
DOWNSTREAM = "DOWNSTREAM"
ACTIVE, SUSPENDED = "ACTIVE", "SUSPENDED"
SUCCEEDED, FAILED, UPSTREAM_FAILED = "SUCCEEDED", "FAILED", "UPSTREAM_FAILED"
_FAILURES_UNTIL_SUSPENSION = 5

_TABLE = """
CREATE TABLE IF NOT EXISTS account.refreshes (
    object BIGINT NOT NULL, name VARCHAR, schema VARCHAR, database VARCHAR, state VARCHAR NOT NULL, state_code VARCHAR,
    state_message VARCHAR, query_id VARCHAR, data_timestamp TIMESTAMPTZ NOT NULL, refresh_start TIMESTAMPTZ NOT NULL,
    refresh_end TIMESTAMPTZ NOT NULL, action VARCHAR, trigger VARCHAR NOT NULL, lag_seconds BIGINT, statistics VARCHAR,
    warehouse VARCHAR)
"""


def create_tables(connection: Connection) -> None:
    connection.execute(_TABLE)


@dataclass(frozen=True)
class Cause:
    """Why a refresh runs: CREATION, MANUAL or SCHEDULED; for which statement; as of when."""

    trigger: str
    at: datetime
    query_id: str = ""


# Reading


def translate(session: Session, entry: Entry) -> query.Translation:
    """The query of the table, compiled in the table's own schema, with the rights of its owner."""
    with session.access.as_owner_of(entry):
        return query.translate(session, entry.properties["QUERY"], Context(session, entry.database, entry.schema))


def upstream(session: Session, entry: Entry) -> list[Entry]:
    """The dynamic tables that its query reads, directly or through views."""
    translation = translate(session, entry)
    translation.context.release()
    return _dynamic(translation.entries)


def _dynamic(entries: Sequence[Entry]) -> list[Entry]:
    return list({entry.id: entry for entry in entries if entry.kind == KIND}.values())


def downstream(session: Session, entry: Entry) -> list[Entry]:
    """The dynamic tables that read it, directly or not."""
    readers: dict[int, Entry] = {}
    pending = [entry.id]
    edges = [(other, {read.id for read in _safe_upstream(session, other)}) for other in session.catalogue.whole.list(KIND)]
    while pending:
        source = pending.pop()
        for other, reads in edges:
            if source in reads and other.id not in readers:
                readers[other.id] = other
                pending.append(other.id)
    return list(readers.values())


def _safe_upstream(session: Session, entry: Entry) -> list[Entry]:
    """Nothing for a table whose sources are gone: its own refresh will say so."""
    try:
        return upstream(session, entry)
    except (AccountError, duckdb.Error):
        return []


def lag_of(entry: Entry) -> timedelta | None:
    """None when it refreshes only because of others."""
    text = entry.properties["TARGET_LAG"]
    return None if text == DOWNSTREAM else parse_interval(text)


def last_refresh(session: Session, entry: Entry, *, succeeded: bool) -> datetime | None:
    """The time as of which it was refreshed last, or was tried to be."""
    state = "AND state = 'SUCCEEDED'" if succeeded else ""
    rows = session.connection.fetch(f"SELECT max(data_timestamp) FROM account.refreshes WHERE object = ? {state}", [entry.id])
    return cast("datetime | None", rows[0][0])


# Refreshing


def refresh(session: Session, entry: Entry, cause: Cause) -> None:
    """Brings the table and what is upstream of it to the time of the cause; within a writing transaction of the session."""
    start = session.account.clock.now()
    with session.access.as_owner_of(entry):
        session.access.demand_warehouse(entry.properties.get("WAREHOUSE"))
    translation = translate(session, entry)
    try:
        for source in _dynamic(translation.entries):
            if last_refresh(session, source, succeeded=True) != cause.at:
                refresh(session, source, cause)
        first = not session.catalogue.has_rows(entry)
        with session.access.as_account():
            statistics = _replace_rows(session, entry, translation)
    finally:
        translation.context.release()
    _record(session, entry, cause, start=start, action=_action(entry, first, statistics), statistics=statistics)


def _action(entry: Entry, first: bool, statistics: dict[str, int]) -> str:
    if first:
        return "REINITIALIZE"
    if not any(statistics.values()):
        return "NO_DATA"
    return str(entry.properties["REFRESH_MODE"])


def _replace_rows(session: Session, entry: Entry, translation: query.Translation) -> dict[str, int]:
    """The rows of the query instead of those there were; how many came and went."""
    columns = session.catalogue.columns(entry)
    if len(columns) != len(translation.columns):
        raise compilation_error(
            2026,
            "42601",
            f"the query of dynamic table '{entry.full_name}' has {len(translation.columns)} columns now, "
            f"the table has {len(columns)}; create it anew with CREATE OR REPLACE DYNAMIC TABLE.",
        )
    connection = session.connection
    if not session.catalogue.has_rows(entry):
        physical.build(session, entry, columns)
        filled = connection.fetch(f"INSERT INTO {entry.physical} {translation.sql}")
        return {"numInsertedRows": int(filled[0][0]), "numDeletedRows": 0}
    connection.execute(f"CREATE OR REPLACE TEMP TABLE next_rows AS SELECT * FROM {entry.physical} LIMIT 0")
    connection.execute(f"INSERT INTO next_rows {translation.sql}")
    come, gone = _without("next_rows", entry.physical), _without(entry.physical, "next_rows")
    inserted, deleted = _count(connection, come), _count(connection, gone)
    if inserted or deleted:
        change_capture.record_exchanged(session, entry, gone, come)
        connection.execute(f"DELETE FROM {entry.physical}")
        connection.execute(f"INSERT INTO {entry.physical} SELECT * FROM next_rows")
    connection.execute("DROP TABLE next_rows")
    return {"numInsertedRows": inserted, "numDeletedRows": deleted}


def _without(these: str, others: str) -> str:
    """The rows of one table that have no equal in the other."""
    return f"SELECT * FROM {these} EXCEPT ALL SELECT * FROM {others}"


def _count(connection: Connection, rows: str) -> int:
    return int(connection.fetch(f"SELECT count(*) FROM ({rows})")[0][0])


def _record(
    session: Session,
    entry: Entry,
    cause: Cause,
    *,
    start: datetime,
    action: str | None = None,
    statistics: dict[str, int] | None = None,
    state: str = SUCCEEDED,
    failure: AccountError | None = None,
) -> None:
    lag = lag_of(entry)
    session.connection.execute(
        f"INSERT INTO account.refreshes VALUES ({', '.join('?' * 16)})",
        [
            entry.id,
            entry.name,
            entry.schema,
            entry.database,
            state,
            failure.code if failure else "SUCCESS" if state == SUCCEEDED else state,
            failure.message if failure else None,
            cause.query_id or None,
            cause.at,
            start,
            session.account.clock.now(),
            action,
            cause.trigger,
            int(lag.total_seconds()) if lag else None,
            json.dumps(statistics) if statistics is not None else None,
            entry.properties.get("WAREHOUSE"),
        ],
    )


def refresh_due(session: Session, now: datetime) -> list[Entry]:
    """Refreshes every active table whose lag has reached its target, what it reads before it; those that were due."""
    with session.transaction():
        due = [entry for entry in session.catalogue.list(KIND) if _is_due(session, entry, now)]
    for entry in due:
        for member in _sources_first(session, entry):
            if _state_at(session, member, now) is None:
                _refresh_scheduled(session, member, now)
    return due


def _is_due(session: Session, entry: Entry, now: datetime) -> bool:
    lag = lag_of(entry)
    if lag is None or entry.properties["STATE"] != ACTIVE:
        return False
    last = last_refresh(session, entry, succeeded=False)
    return last is None or now >= last + lag


def _sources_first(session: Session, entry: Entry) -> list[Entry]:
    """The table behind all dynamic tables that it reads, directly or not."""
    order: dict[int, Entry] = {}
    for source in _safe_upstream(session, entry):
        order.update({member.id: member for member in _sources_first(session, source) if member.id not in order})
    return [*order.values(), entry]


def _state_at(session: Session, entry: Entry, at: datetime) -> str | None:
    """What became of the refresh as of that time; None when there was none."""
    rows = session.connection.fetch(
        "SELECT state FROM account.refreshes WHERE object = ? AND data_timestamp = ? ORDER BY refresh_end DESC LIMIT 1",
        [entry.id, at],
    )
    return str(rows[0][0]) if rows else None


def _refresh_scheduled(session: Session, entry: Entry, now: datetime) -> None:
    """As its owner, in a transaction of its own; a failure goes to the history, and enough of them in a row suspend the table."""
    cause = Cause("SCHEDULED", now)
    start = session.account.clock.now()
    if any(_state_at(session, source, now) in {FAILED, UPSTREAM_FAILED} for source in _safe_upstream(session, entry)):
        with session.transaction(write=True):
            _record(session, entry, cause, start=start, state=UPSTREAM_FAILED)
        return
    try:
        _refresh_as_owner(session, entry, cause)
    except AccountError as error:
        _record_failure(session, entry, cause, start, error)
    except duckdb.Error as error:
        failure = session.account.runtime.failure_in(error) or AccountError(100051, "22012", str(error))
        _record_failure(session, entry, cause, start, failure)


def _refresh_as_owner(session: Session, entry: Entry, cause: Cause) -> None:
    owned = session.account.open_session("SYSTEM", role=entry.owner, database=entry.database, schema=entry.schema)
    try:
        with owned.transaction(write=True):
            refresh(owned, entry, cause)
    finally:
        owned.close()


def _record_failure(session: Session, entry: Entry, cause: Cause, start: datetime, failure: AccountError) -> None:
    with session.transaction(write=True):
        _record(session, entry, cause, start=start, state=FAILED, failure=failure)
        recent = session.connection.fetch(
            "SELECT state FROM account.refreshes WHERE object = ? AND trigger = 'SCHEDULED' AND state <> ? "
            "ORDER BY refresh_end DESC LIMIT ?",
            [entry.id, UPSTREAM_FAILED, _FAILURES_UNTIL_SUSPENSION],
        )
        if len(recent) == _FAILURES_UNTIL_SUSPENSION and all(row[0] == FAILED for row in recent):
            suspend(session, entry, by="SYSTEM")


def changed(session: Session, *triggers: str) -> dict[str, Any]:
    """The properties that say since when the table is described as it is, and what has made it so."""
    return {"VALID_FROM": session.account.clock.now().isoformat(), "ALTER_TRIGGER": list(triggers)}


def suspend(session: Session, entry: Entry, *, by: str) -> None:
    """The table and all tables downstream of it stop refreshing by themselves."""
    now = session.account.clock.now().isoformat()
    for other in [entry, *downstream(session, entry)]:
        if other.properties["STATE"] == ACTIVE:
            cause = by if other.id == entry.id else entry.id
            session.catalogue.whole.update(
                other, STATE=SUSPENDED, SUSPENDED_BY=cause, SUSPENDED_ON=now, **changed(session, "SUSPEND")
            )


def resume(session: Session, entry: Entry) -> None:
    """The table refreshes by itself again, and so do the tables that its suspension had suspended."""
    now = session.account.clock.now().isoformat()
    for other in [entry, *downstream(session, entry)]:
        if other.id == entry.id or other.properties.get("SUSPENDED_BY") == entry.id:
            session.catalogue.whole.update(
                other, STATE=ACTIVE, SUSPENDED_BY=None, SUSPENDED_ON=None, RESUMED_ON=now, **changed(session, "RESUME")
            )
