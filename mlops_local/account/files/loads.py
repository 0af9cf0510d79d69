"""Which files a table has loaded, so that COPY INTO loads each of them once.

A file is known by the stage that holds it, its path and its content; the rows are written in the transaction that loads it.
https://docs.snowflake.com/en/user-guide/data-load-considerations-load#load-metadata
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.engine.engine import Connection
from mlops_local.account.files.stages import StagedFile

_TABLE = (
    "CREATE TABLE IF NOT EXISTS account.loads (object BIGINT NOT NULL, stage BIGINT NOT NULL, path VARCHAR NOT NULL, "
    "md5 VARCHAR NOT NULL, loaded_on TIMESTAMPTZ NOT NULL)"
)
# What each COPY has said of a file, as COPY_HISTORY tells it; kept when the table forgets the file.
_HISTORY = (
    "CREATE TABLE IF NOT EXISTS account.copies (object BIGINT NOT NULL, stage_location VARCHAR NOT NULL, path VARCHAR NOT NULL, "
    "size BIGINT NOT NULL, loaded_on TIMESTAMPTZ NOT NULL, status VARCHAR NOT NULL, row_parsed BIGINT, row_count BIGINT, "
    "error_limit BIGINT, error_count BIGINT, first_error VARCHAR, line BIGINT, character BIGINT, column_name VARCHAR)"
)
_TOLD = "path, stage_location, loaded_on, row_count, row_parsed, size, first_error, line, character, column_name, error_count, error_limit, status"


def create_tables(connection: Connection) -> None:
    connection.execute(_TABLE)
    connection.execute(_HISTORY)


class Loads:
    """The memory of one table. Everything happens within the caller's writing transaction."""

    def __init__(self, connection: Connection, table: Entry) -> None:
        self._connection = connection
        self._table = table.id

    def has(self, stage: Entry, path: str, md5: str) -> bool:
        found = self._connection.fetch(
            "SELECT 1 FROM account.loads WHERE object = ? AND stage = ? AND path = ? AND md5 = ? LIMIT 1",
            [self._table, stage.id, path, md5],
        )
        return bool(found)

    def add(self, stage: Entry, path: str, md5: str, at: datetime) -> None:
        self._connection.execute("INSERT INTO account.loads VALUES (?, ?, ?, ?, ?)", [self._table, stage.id, path, md5, at])

    def record(self, location: str, file: StagedFile, told: Sequence[Any], at: datetime) -> None:
        """``told`` is the answer of the COPY for the file, from its status on."""
        values = [self._table, location, file.relative, file.size, at, *told]
        self._connection.execute(f"INSERT INTO account.copies VALUES ({', '.join('?' * len(values))})", values)

    def history(self, since: datetime, until: datetime) -> list[tuple[Any, ...]]:
        """path, stage location, time, rows loaded and parsed, size, first error, its line, character and column, errors, limit, status."""
        return self._connection.fetch(
            f"SELECT {_TOLD} FROM account.copies WHERE object = ? AND loaded_on BETWEEN ? AND ? ORDER BY loaded_on, path",
            [self._table, since, until],
        )

    def copy_to(self, clone: Entry) -> None:
        """A clone has loaded what its source has."""
        self._connection.execute(
            "INSERT INTO account.loads SELECT * REPLACE (? AS object) FROM account.loads WHERE object = ?",
            [clone.id, self._table],
        )

    def forget(self) -> None:
        """What TRUNCATE does: the same files can be loaded again."""
        self._connection.execute("DELETE FROM account.loads WHERE object = ?", [self._table])
