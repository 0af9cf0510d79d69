"""Which privileges were used, and when last: what tells a grant that is needed from one that is not.

Noted in memory by every statement, written with the query history.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from mlops_local.account.engine.engine import Connection

ON_ACCOUNT = 0

_TABLE = """
CREATE TABLE IF NOT EXISTS account.privilege_uses (
    role VARCHAR NOT NULL, privilege VARCHAR NOT NULL, object BIGINT NOT NULL, uses BIGINT NOT NULL, last_used TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (role, privilege, object))
"""
Key = tuple[str, str, int]


def on_future(privilege: str, kind: str) -> str:
    """How the use of a grant on future objects is noted, on the place that it is for."""
    return f"{privilege} ON FUTURE {kind}"


@dataclass
class Use:
    """How often a role has used a privilege on an object, and when last."""

    count: int
    last: datetime


class Uses:
    """Of one account. The key is a role, a privilege and the id of an object, or ON_ACCOUNT."""

    def __init__(self) -> None:
        self._pending: dict[Key, Use] = {}
        self._lock = threading.Lock()

    @staticmethod
    def create_tables(connection: Connection) -> None:
        connection.execute(_TABLE)

    def note(self, role: str, privilege: str, object_: int, at: datetime) -> None:
        with self._lock:
            use = self._pending.setdefault((role, privilege, object_), Use(0, at))
            use.count += 1
            use.last = at

    @property
    def pending(self) -> bool:
        return bool(self._pending)

    def write(self, connection: Connection) -> None:
        """What was noted since the last time, added to what is known; within a writing transaction."""
        with self._lock:
            pending, self._pending = self._pending, {}
        if pending:
            connection.cursor.executemany(
                "INSERT INTO account.privilege_uses VALUES (?, ?, ?, ?, ?) ON CONFLICT (role, privilege, object) DO UPDATE SET "
                "uses = uses + excluded.uses, last_used = excluded.last_used",
                [[*key, use.count, use.last] for key, use in pending.items()],
            )


def read_uses(connection: Connection) -> dict[Key, Use]:
    rows = connection.fetch("SELECT role, privilege, object, uses, last_used FROM account.privilege_uses")
    return {(role, privilege, object_): Use(count, last) for role, privilege, object_, count, last in rows}
