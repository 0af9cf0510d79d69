"""Which files a table has loaded, so that COPY INTO loads each of them once.

A file is known by the stage that holds it, its path and its content; the rows are written in the transaction that loads it.
https://docs.snowflake.com/en/user-guide/data-load-considerations-load#load-metadata
"""

from __future__ import annotations

from datetime import datetime

from mlops_local.account.catalogue import Entry
from mlops_local.account.engine import Connection

_TABLE = (
    "CREATE TABLE IF NOT EXISTS account.loads (object BIGINT NOT NULL, stage BIGINT NOT NULL, path VARCHAR NOT NULL, "
    "md5 VARCHAR NOT NULL, loaded_on TIMESTAMPTZ NOT NULL)"
)


class Loads:
    """The memory of one table. Everything happens within the caller's writing transaction."""

    def __init__(self, connection: Connection, table: Entry) -> None:
        self._connection = connection
        self._table = table.id
        connection.execute(_TABLE)

    def has(self, stage: Entry, path: str, md5: str) -> bool:
        found = self._connection.fetch(
            "SELECT 1 FROM account.loads WHERE object = ? AND stage = ? AND path = ? AND md5 = ? LIMIT 1",
            [self._table, stage.id, path, md5],
        )
        return bool(found)

    def add(self, stage: Entry, path: str, md5: str, at: datetime) -> None:
        self._connection.execute("INSERT INTO account.loads VALUES (?, ?, ?, ?, ?)", [self._table, stage.id, path, md5, at])

    def copy_to(self, clone: Entry) -> None:
        """A clone has loaded what its source has."""
        self._connection.execute(
            "INSERT INTO account.loads SELECT * REPLACE (? AS object) FROM account.loads WHERE object = ?",
            [clone.id, self._table],
        )

    def forget(self) -> None:
        """What TRUNCATE does: the same files can be loaded again."""
        self._connection.execute("DELETE FROM account.loads WHERE object = ?", [self._table])
