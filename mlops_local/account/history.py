"""The query history: one row per statement, kept with the account.

Rows are buffered and written in a transaction of their own, so that a rolled-back statement still shows.
https://docs.snowflake.com/en/sql-reference/functions/query_history
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mlops_local.account.clock import Clock
from mlops_local.account.engine import Connection, Engine
from mlops_local.account.errors import AccountError
from mlops_local.account.result import Result

if TYPE_CHECKING:
    from mlops_local.account.session import Request, Session

_TABLE = """
CREATE TABLE IF NOT EXISTS account.query_history (
    query_id VARCHAR, query_text VARCHAR, database_name VARCHAR, schema_name VARCHAR, query_type VARCHAR, session_id BIGINT,
    user_name VARCHAR, role_name VARCHAR, warehouse_name VARCHAR, query_tag VARCHAR, execution_status VARCHAR, error_code VARCHAR,
    error_message VARCHAR, start_time TIMESTAMPTZ, end_time TIMESTAMPTZ, total_elapsed_time BIGINT, rows_produced BIGINT,
    bytes_written_to_result BIGINT)
"""
_FLUSH_AT = 200
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


class History:
    def __init__(self, engine: Engine) -> None:
        self._connection = engine.connect()
        self._pending: list[list[Any]] = []
        self._lock = threading.Lock()

    def create_tables(self, connection: Connection) -> None:
        connection.execute(_TABLE)

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
                self._add(_row(session, request, start, clock.now(), record, failure))

    def _add(self, row: list[Any]) -> None:
        with self._lock:
            self._pending.append(row)
            full = len(self._pending) >= _FLUSH_AT
        if full:
            self.flush(seconds=0)

    def flush(self, seconds: float = 600.0) -> None:
        """Writes what is pending; it stays pending when no turn to write comes within the seconds."""
        with self._lock:
            pending, self._pending = self._pending, []
            if not pending:
                return
            try:
                self._connection.writing(seconds)
            except AccountError:
                self._pending = pending
                return
            self._connection.begin()
            marks = ", ".join("?" * len(pending[0]))
            self._connection.cursor.executemany(f"INSERT INTO account.query_history VALUES ({marks})", pending)
            self._connection.commit()

    def close(self) -> None:
        self.flush()
        self._connection.close()


def _row(
    session: Session, request: Request, start: datetime, end: datetime, record: Record, failure: AccountError | None
) -> list[Any]:
    words = request.text.split(None, 1)
    return [
        request.query_id,
        _SECRET.sub(r"\1'********'", request.text),
        session.database,
        session.schema,
        words[0].upper() if words else "",
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
