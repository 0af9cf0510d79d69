"""The one DuckDB database of an account, its connections, and the order in which they write.

A DuckDB transaction can write one attached database only, so user tables and the catalogue's own rows live in the
same one: a statement and its catalogue rows commit together or not at all. DuckDB refuses a write conflict at once
where Snowflake waits; writers therefore take turns by a lock that a transaction holds from its first write to its end.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import pyarrow as pa

from mlops_local.account.engine.journal import Journal
from mlops_local.account.engine.lookups import Lookups
from mlops_local.account.errors import AccountError, cancelled
from mlops_local.account.syntax.names import literal

_SETTINGS: dict[str, Any] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "preserve_insertion_order": True,
    "TimeZone": "UTC",
    "python_enable_replacements": False,
    # Beside the clients, the sandbox and other accounts on one machine; DuckDB would take 80 % of the memory and 90 % of the disk.
    # What needs more is put by in files, and refused when these have grown too large.
    # https://duckdb.org/docs/stable/guides/performance/how_to_tune_workloads
    "memory_limit": "2GiB",
    "max_temp_directory_size": "16GiB",
}


class Engine:
    """Opens the database once; every session works on a connection of its own."""

    def __init__(self, file: Path | None, *, spilled: Path | None = None, **settings: str) -> None:
        """``spilled`` is the folder for what does not fit into memory; ``settings`` go before those that an account has."""
        self.root = duckdb.connect(str(file) if file else ":memory:")
        # Without a folder of its own, one in memory would write into the working directory.
        for name, value in {**_SETTINGS, "temp_directory": str(spilled or ""), **settings}.items():
            self.root.execute(f"SET {name} = {value!r}" if isinstance(value, str) else f"SET {name} = {value}")
        self._writer = threading.Condition()
        self._owner: Connection | None = None
        self.lookups = Lookups()

    def confine(self, folders: Iterable[Path]) -> None:
        """From here on DuckDB opens no file outside its own database and these folders, whatever a statement says.

        https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview
        """
        allowed = ", ".join(literal(f"{folder.absolute()}/") for folder in folders)
        self.root.execute(f"SET allowed_directories = [{allowed}]")
        self.root.execute("SET enable_external_access = false")
        self.root.execute("SET lock_configuration = true")

    def connect(self) -> Connection:
        return Connection(self, self.root.cursor())

    def close(self) -> None:
        self.root.close()

    def take_turn(self, connection: Connection, seconds: float) -> None:
        with self._writer:
            connection.waiting = self._owner not in (None, connection)
            try:
                mine = self._writer.wait_for(lambda: self._owner in (None, connection) or connection.cancelled, timeout=seconds)
            finally:
                connection.waiting = False
            connection.check()
            if not mine:
                raise AccountError(
                    625,
                    "57014",
                    "Statement cancelled: another transaction held the write lock for too long; commit or roll it back.",
                )
            self._owner = connection

    def wake(self) -> None:
        """Lets those who wait for their turn see that they are cancelled."""
        with self._writer:
            self._writer.notify_all()

    def has_turn(self, connection: Connection) -> bool:
        return self._owner is connection

    def end_turn(self, connection: Connection) -> None:
        with self._writer:
            if self._owner is connection:
                self._owner = None
                self._writer.notify_all()


class Connection:
    """One session's DuckDB connection. Statements of one connection run one after another.

    ``version`` is that of the catalogue which the open transaction sees, None when that is not known; ``changed`` are the keys of
    objects that it has changed, ``found`` what it has looked up since, ``bare`` the new objects that have no columns yet.
    """

    def __init__(self, engine: Engine, cursor: duckdb.DuckDBPyConnection) -> None:
        self._engine = engine
        self._cursor = cursor
        self.lookups = engine.lookups
        self.in_transaction = False
        self._untouched = False
        self.version: int | None = None
        self.changed: set[Any] = set()
        self.found: dict[Any, Any] = {}
        self.bare: set[int] = set()
        self.cancelled = False
        # Whether another transaction holds the turn to write that this one wants.
        self.waiting = False
        self.journal = Journal()
        self.registered: dict[str, pa.Table] = {}
        self._transaction: object = None
        self._changed_privileges: object = None

    @property
    def privileges(self) -> object:
        """Stays the same for as long as what this connection reads of privileges stays the same."""
        if not self.in_transaction:
            return self.lookups.privileges
        if self._changed_privileges is not None:
            return self._changed_privileges
        known = self.version is not None and self.version >= self.lookups.privileges
        return self.lookups.privileges if known else self._transaction

    def privileges_changed(self) -> None:
        """Call after a write that changes who may do what: everybody reads anew, others once it is committed."""
        self._changed_privileges = object()

    def cancel(self) -> None:
        """Ends what runs now, a wait for the turn to write included; stays so until the next statement sets it back."""
        self.cancelled = True
        self.cursor.interrupt()
        self._engine.wake()

    def check(self) -> None:
        if self.cancelled:
            raise cancelled()

    @property
    def cursor(self) -> duckdb.DuckDBPyConnection:
        """DuckDB's own; what is read with it fixes what the transaction sees."""
        self._untouched = False
        return self._cursor

    def begin(self) -> None:
        if not self.in_transaction:
            self._transaction = object()
            self.cursor.execute("BEGIN TRANSACTION")
            self.in_transaction = self._untouched = True

    def restore(self, writes: int) -> bool:
        """Undoes all but the first writes of the open transaction, whose turn to write stays its own; False when it cannot."""
        if not self.in_transaction:
            return False
        self.cursor.execute("ROLLBACK")
        self.cursor.execute("BEGIN TRANSACTION")
        self.found.clear()
        self.bare.clear()
        if not self._engine.has_turn(self):
            self.version = None
        return self.journal.repeat(self.cursor, writes)

    def commit(self) -> None:
        self._finish("COMMIT")

    def rollback(self) -> None:
        self._finish("ROLLBACK")

    def _finish(self, word: str) -> None:
        try:
            if self.in_transaction and (self.changed or self._changed_privileges):
                with self.lookups.changing(self.changed, privileges=self._changed_privileges is not None):
                    self.cursor.execute(word)
            elif self.in_transaction:
                self.cursor.execute(word)
        finally:
            self.in_transaction = False
            self.journal = Journal()
            self._forget()
            self._engine.end_turn(self)

    def _forget(self) -> None:
        self.version = None
        self._changed_privileges = None
        self.changed.clear()
        self.found.clear()
        self.bare.clear()

    def writing(self, seconds: float = 600.0) -> None:
        """Call before the first write of a transaction; returns when it is this connection's turn.

        A transaction that has only read starts anew first, so that it sees what the writer before it committed.
        """
        fresh = not self._engine.has_turn(self)
        self._engine.take_turn(self, seconds)
        if fresh and self.in_transaction:
            self.cursor.execute("COMMIT")
            self.cursor.execute("BEGIN TRANSACTION")
            self._forget()
            # Nobody else commits until this turn ends.
            self.version = self.lookups.version

    def execute(self, sql: str, values: Sequence[Any] = ()) -> duckdb.DuckDBPyConnection:
        """The first statement of a transaction fixes what it sees: a version of the catalogue, unless that changes meanwhile."""
        before = self.lookups.version if self._untouched and self.version is None else None
        answer = self.cursor.execute(sql, list(values)) if values else self.cursor.execute(sql)
        if before is not None and before % 2 == 0 and before == self.lookups.version:
            self.version = before
        if self.in_transaction:
            self.journal.note(self.cursor, sql, values, self.registered)
        return answer

    def shape(self, sql: str) -> tuple[list[str], list[str]]:
        """The names and DuckDB types of a query's columns. Nothing is executed.

        DuckDB executes a query that counts a sequence on as soon as it makes a relation of it, so that one is described instead.
        """
        if "nextval(" in sql:
            described = self.cursor.execute(f"DESCRIBE {sql}").fetchall()
            return [row[0] for row in described], [row[1] for row in described]
        relation = self.cursor.sql(sql)
        return list(relation.columns), [str(type_) for type_ in relation.types]

    def register(self, name: str, table: pa.Table) -> None:
        """An Arrow table under a name that queries of this connection can read."""
        self.cursor.register(name, table)
        self.registered[name] = table

    def unregister(self, name: str) -> None:
        self.registered.pop(name, None)
        # A statement that failed has aborted its transaction; the roll-back that follows takes the names away.
        with suppress(duckdb.TransactionException):
            self.cursor.unregister(name)

    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self.execute(sql, values).fetchall()
        return rows

    def close(self) -> None:
        if self.in_transaction:
            self.rollback()
        self.cursor.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
