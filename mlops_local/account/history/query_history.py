"""The histories of queries and of sign-ins: one row for each, kept with the account.

Rows are buffered and written in a transaction of their own, so that a rolled-back statement still shows.
https://docs.snowflake.com/en/sql-reference/functions/query_history,
https://docs.snowflake.com/en/sql-reference/functions/login_history
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mlops_local.account.access.uses import Uses
from mlops_local.account.clock import Clock
from mlops_local.account.engine.engine import Connection, Engine
from mlops_local.account.errors import AccountError
from mlops_local.account.session.result import Result

if TYPE_CHECKING:
    from mlops_local.account.session.session import Request, Session

_TABLE = """
CREATE TABLE IF NOT EXISTS account.query_history (
    query_id VARCHAR, query_text VARCHAR, database_name VARCHAR, schema_name VARCHAR, query_type VARCHAR, session_id BIGINT,
    user_name VARCHAR, role_name VARCHAR, warehouse_name VARCHAR, query_tag VARCHAR, execution_status VARCHAR, error_code VARCHAR,
    error_message VARCHAR, start_time TIMESTAMPTZ, end_time TIMESTAMPTZ, total_elapsed_time BIGINT, rows_produced BIGINT,
    bytes_written_to_result BIGINT)
"""
_LOGINS = """
CREATE TABLE IF NOT EXISTS account.login_history (
    event_timestamp TIMESTAMPTZ, user_name VARCHAR, client_ip VARCHAR, reported_client_type VARCHAR,
    reported_client_version VARCHAR, first_authentication_factor VARCHAR, error_code BIGINT, error_message VARCHAR)
"""
_FLUSH_AT = 200
# How long reading waits for rows that are still to be written; a session that itself holds the turn would wait for ever.
_PATIENCE = 1.0
_SECRET = re.compile(
    r"(\bPASSWORD\s*=\s*|\bSYSTEM\$DECODE_PAT\s*\(\s*)(?:'(?:[^'\\]|''|\\.)*'|\$\$.*?\$\$)", re.IGNORECASE | re.DOTALL
)


@dataclass
class Record:
    """What a running statement will have in the history."""

    rows: int = 0
    bytes: int = 0

    def produced(self, result: Result) -> None:
        self.rows = result.row_count
        self.bytes = result.table.nbytes


@dataclass
class SignIn:
    """What is known of a sign-in before it is told whether it succeeds; ``user`` is who it turned out to be, if anybody."""

    user: str
    factor: str
    client: str
    version: str
    address: str


class History:
    def __init__(self, engine: Engine, uses: Uses) -> None:
        self._connection = engine.connect()
        self._uses = uses
        self._pending: dict[str, list[list[Any]]] = {}
        self._lock = threading.Lock()

    def create_tables(self, connection: Connection) -> None:
        connection.execute(_TABLE)
        connection.execute(_LOGINS)

    @contextmanager
    def record(self, session: Session, request: Request, clock: Clock) -> Iterator[Record]:
        start, record = clock.now(), Record()
        failure: AccountError | None = None
        try:
            yield record
        except AccountError as error:
            failure = error
            raise
        finally:
            if not request.describe_only and session.recorded:
                self._add("query_history", _row(session, request, start, clock.now(), record, failure))

    @contextmanager
    def sign_in(self, told: SignIn, clock: Clock) -> Iterator[SignIn]:
        """Around the check of who it is, and of the role that is asked for."""
        failure: AccountError | None = None
        try:
            yield told
        except AccountError as error:
            failure = error
            raise
        finally:
            code, message = (failure.number, failure.message) if failure else (None, None)
            row = [clock.now(), told.user, told.address, told.client, told.version, told.factor, code, message]
            self._add("login_history", row)

    def _add(self, table: str, row: list[Any]) -> None:
        with self._lock:
            self._pending.setdefault(table, []).append(row)
            full = len(self._pending[table]) >= _FLUSH_AT
        if full:
            self.flush(seconds=0)

    def flush(self, seconds: float = 600.0) -> None:
        """Writes what is pending; it stays pending when no turn to write comes within the seconds."""
        with self._lock:
            pending, self._pending = self._pending, {}
            if not pending and not self._uses.pending:
                return
            try:
                self._connection.writing(seconds)
            except AccountError:
                self._pending = pending
                return
            self._connection.begin()
            for table, listed in pending.items():
                marks = ", ".join("?" * len(listed[0]))
                self._connection.cursor.executemany(f"INSERT INTO account.{table} VALUES ({marks})", listed)
            self._uses.write(self._connection)
            self._connection.commit()

    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Reads what has been committed by now, whatever the transaction of the session that asks has begun to see."""
        self.flush(_PATIENCE)
        with self._lock:
            return self._connection.fetch(sql, values)

    def close(self) -> None:
        self.flush()
        self._connection.close()


def _row(
    session: Session, request: Request, start: datetime, end: datetime, record: Record, failure: AccountError | None
) -> list[Any]:
    return [
        request.query_id,
        _SECRET.sub(r"\1'********'", request.text),
        session.database,
        session.schema,
        query_type(request.text),
        session.id,
        session.user,
        session.role,
        session.warehouse,
        str(session.parameters.get("QUERY_TAG") or ""),
        "FAIL" if failure else "SUCCESS",
        failure.code if failure else None,
        failure.message if failure else None,
        start,
        end,
        int((end - start).total_seconds() * 1000),
        record.rows,
        record.bytes,
    ]


_COMMENTS = re.compile(r"\s*(?:(?:--[^\n]*(?:\n|\Z)|//[^\n]*(?:\n|\Z)|/\*.*?\*/)\s*)*", re.DOTALL)
_WORDS = re.compile(r"[A-Za-z_]+|\S")
_BY_FIRST = {
    "(": "SELECT",
    "ABORT": "UNKNOWN",
    "BEGIN": "BEGIN_TRANSACTION",
    "DECLARE": "CALL",
    "DESC": "DESCRIBE",
    "GET": "GET_FILES",
    "LIST": "LIST_FILES",
    "LS": "LIST_FILES",
    "PUT": "PUT_FILES",
    "REMOVE": "REMOVE_FILES",
    "RM": "REMOVE_FILES",
    "START": "BEGIN_TRANSACTION",
    "TRUNCATE": "TRUNCATE_TABLE",
    "VALUES": "SELECT",
    "WITH": "SELECT",
}
_MADE = ("TABLE", "VIEW", "ROLE", "USER", "SEQUENCE", "TASK", "STREAM", "SCHEMA", "DATABASE", "FUNCTION", "PROCEDURE")
_BEFORE_KIND = {
    "OR",
    "REPLACE",
    "ALTER",
    "TEMPORARY",
    "TEMP",
    "SCOPED",
    "LOCAL",
    "GLOBAL",
    "VOLATILE",
    "TRANSIENT",
    "SECURE",
    "RECURSIVE",
}
_AS_QUERY = re.compile(r"\bAS\s*\(?\s*(?:SELECT|WITH)\b", re.IGNORECASE)
_INTO_STAGE = re.compile(r"COPY\s+INTO\s+['\"]?@", re.IGNORECASE)


def query_type(text: str) -> str:
    """QUERY_TYPE as the history names it: SELECT, CREATE_TABLE_AS_SELECT, ALTER_SESSION, PUT_FILES ..."""
    start = _COMMENTS.match(text)
    text = text[start.end() if start else 0 :]
    words = [word.upper() for word in _WORDS.findall(text[:200])]
    first = words[0] if words else ""
    if first == "COPY":
        return "UNLOAD" if _INTO_STAGE.match(text) else "COPY"
    if first == "INSERT" and words[1:2] in (["ALL"], ["FIRST"]):
        return "MULTI_TABLE_INSERT"
    if first == "ALTER" and words[1:2] == ["SESSION"]:
        return "ALTER_SESSION"
    if first == "BEGIN" and words[1:2] not in ([], [";"], ["TRANSACTION"], ["WORK"], ["NAME"]):
        return "CALL"
    return _type_made(text, words) if first == "CREATE" else _BY_FIRST.get(first, first)


def _type_made(text: str, words: list[str]) -> str:
    kind = next((word for word in words[1:] if word not in _BEFORE_KIND), "")
    if kind == "TABLE" and _AS_QUERY.search(text):
        return "CREATE_TABLE_AS_SELECT"
    return f"CREATE_{kind}" if kind in _MADE else "CREATE"
