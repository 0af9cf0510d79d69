"""Event tables: what handlers and scripts log, and the exceptions that they let through, at the level that is asked for.

Records are buffered and written in a transaction of their own, so that those of a statement that failed are there too.
https://docs.snowflake.com/en/developer-guide/logging-tracing/event-table-columns
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.engine.engine import Connection, Engine
from mlops_local.account.errors import AccountError, compilation_error
from mlops_local.account.session.session import Session
from mlops_local.account.syntax.types import ARRAY, OBJECT, TEXT, TIMESTAMP_NTZ, VARIANT, Column

KIND = "EVENT TABLE"
ACCOUNT = "ACCOUNT"
DEFAULT = ("SNOWFLAKE", "TELEMETRY", "EVENTS")
OFF = "OFF"
LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", OFF)
COLUMNS = (
    Column("TIMESTAMP", TIMESTAMP_NTZ),
    Column("START_TIMESTAMP", TIMESTAMP_NTZ),
    Column("OBSERVED_TIMESTAMP", TIMESTAMP_NTZ),
    Column("TRACE", OBJECT),
    Column("RESOURCE", OBJECT),
    Column("RESOURCE_ATTRIBUTES", OBJECT),
    Column("SCOPE", OBJECT),
    Column("SCOPE_ATTRIBUTES", OBJECT),
    Column("RECORD_TYPE", TEXT),
    Column("RECORD", OBJECT),
    Column("RECORD_ATTRIBUTES", OBJECT),
    Column("VALUE", VARIANT),
    Column("EXEMPLARS", ARRAY),
)
DEFAULT_TABLE = "account.events"
# How long a statement waits for the turn to write what was logged before it.
_PATIENCE = 0.2


def create_tables(connection: Connection) -> None:
    columns = ", ".join(f'"{column.name}" {column.type.duckdb}' for column in COLUMNS)
    connection.execute(f"CREATE TABLE IF NOT EXISTS {DEFAULT_TABLE} ({columns})")


class Events:
    """What is still to be written, by table."""

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.connect()
        self._pending: dict[str, list[list[Any]]] = defaultdict(list)
        self._lock = threading.Lock()

    def add(self, table: str, rows: Iterable[list[Any]]) -> None:
        with self._lock:
            self._pending[table] += rows

    def flush(self, seconds: float = 600.0) -> None:
        """They stay pending when no turn to write comes within the seconds; those of a table that is gone are dropped."""
        with self._lock:
            if not any(self._pending.values()):
                return
            try:
                self._connection.writing(seconds)
            except AccountError:
                return
            pending, self._pending = self._pending, defaultdict(list)
            self._connection.begin()
            for table, rows in pending.items():
                if self._exists(table):
                    marks = ", ".join("?" * len(COLUMNS))
                    self._connection.cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
            self._connection.commit()

    def _exists(self, table: str) -> bool:
        return bool(self._connection.fetch("SELECT 1 FROM duckdb_tables() WHERE schema_name || '.' || table_name = ?", [table]))

    def write_before(self, session: Session) -> None:
        """Before a statement, so that it sees what was logged before it; within a transaction it would see nothing new."""
        if not session.connection.in_transaction:
            self.flush(_PATIENCE)

    def close(self) -> None:
        self.flush()
        self._connection.close()


@dataclass(frozen=True)
class Executable:
    """What a record comes from."""

    kind: str
    name: str
    owner: str | None = None


@dataclass(frozen=True)
class LogRecord:
    """``value`` is the message, or 'exception' for one that nobody caught, which the attributes then describe."""

    severity: str
    value: str
    scope: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)


# Levels


def checked_level(text: str) -> str:
    level = text.upper()
    if level not in LEVELS:
        raise compilation_error(1008, "22023", f"invalid value [{text}] for parameter 'LOG_LEVEL'")
    return level


def level_of(session: Session) -> str:
    """The most verbose of what the session, the schema, the database and the account ask for.

    https://docs.snowflake.com/en/developer-guide/logging-tracing/telemetry-levels
    """
    asked = [str(session.parameters["LOG_LEVEL"])]
    asked += [str(entry.properties.get("LOG_LEVEL", OFF)) for entry in _around(session)]
    return min(asked, key=LEVELS.index)


def _around(session: Session) -> list[Entry]:
    """The containers of the session's place, the nearest first, then the account."""
    find = session.catalogue.whole.find
    places = [
        find("SCHEMA", session.database or "", "", session.schema or ""),
        find("DATABASE", "", "", session.database or ""),
        find(ACCOUNT, "", "", session.account.name),
    ]
    return [entry for entry in places if entry is not None]


# Writing


def record(session: Session, records: Iterable[LogRecord], *, of: Executable | None, language: str) -> None:
    """Puts those that the level lets through into the event table of the session's database, or of the account."""
    recorder(session, of=of, language=language)(records)


def recorder(session: Session, *, of: Executable | None, language: str) -> Callable[[Iterable[LogRecord]], None]:
    """What records from there on, and asks the catalogue nothing more: a query may be running by then."""
    least, table = LEVELS.index(level_of(session)), _table(session)
    resource = json.dumps(_resource(session, of, language))

    def put(records: Iterable[LogRecord]) -> None:
        wanted = [one for one in records if LEVELS.index(one.severity) >= least and one.severity != OFF]
        if wanted:
            session.account.events.add(table, [_row(session, one, resource) for one in wanted])

    return put


def _table(session: Session) -> str:
    for entry in _around(session):
        if "EVENT_TABLE" in entry.properties:
            table = session.catalogue.whole.by_id(entry.properties["EVENT_TABLE"])
            return table.physical if table else DEFAULT_TABLE
    return DEFAULT_TABLE


def _row(session: Session, one: LogRecord, resource: str) -> list[Any]:
    now = session.account.clock.now().replace(tzinfo=None)
    scope = json.dumps({"name": one.scope}) if one.scope else None
    attributes = json.dumps(one.attributes) if one.attributes else None
    severity = json.dumps({"severity_text": one.severity})
    return [now, None, now, None, None, resource, scope, None, "LOG", severity, attributes, json.dumps(one.value), None]


def _resource(session: Session, of: Executable | None, language: str) -> dict[str, Any]:
    place = {"snow.database.name": session.database, "snow.schema.name": session.schema, "snow.warehouse.name": session.warehouse}
    known = {
        "db.user": session.user,
        **({key: value for key, value in place.items() if value}),
        "snow.executable.name": of.name if of else None,
        "snow.executable.type": of.kind if of else "QUERY",
        "snow.owner.name": of.owner if of else None,
        "snow.query.id": session.running_query,
        "snow.session.id": session.id,
        "snow.session.role.primary.name": session.role,
        "telemetry.sdk.language": language,
    }
    return {key: value for key, value in known.items() if value is not None}
