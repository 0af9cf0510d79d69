"""The rows of grants: which privilege on what belongs to which role, and which role belongs to whom.

Ownership is no row here: an object knows its owner. https://docs.snowflake.com/en/sql-reference/sql/grant-privilege
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from mlops_local.account.engine.engine import Connection
from mlops_local.account.syntax.reader import Reader

FUTURE = "FUTURE "

_FIELDS = "privilege, object_kind, object_name, object, grantee_kind, grantee, grant_option, granted_by, created_on, future_in"


@dataclass(frozen=True)
class Grant:
    """``object`` is the id of what it is on, for ``FUTURE <kind>`` of the schema or database; None for roles and the account.

    ``future_in`` is the schema or database whose grant on future objects has given this one to a new object.
    """

    privilege: str
    object_kind: str
    object_name: str
    object: int | None
    grantee_kind: str
    grantee: str
    grant_option: bool
    granted_by: str | None
    created_on: datetime
    future_in: int | None = None


class Grants:
    """As one connection sees them: its own uncommitted changes included."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._statement: Reader | None = None
        self._left: list[Grant] = []

    @staticmethod
    def create_tables(connection: Connection) -> None:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS account.grants (privilege VARCHAR NOT NULL, object_kind VARCHAR NOT NULL, object_name VARCHAR "
            "NOT NULL, object BIGINT, grantee_kind VARCHAR NOT NULL, grantee VARCHAR NOT NULL, grant_option BOOLEAN NOT NULL, "
            "granted_by VARCHAR, created_on TIMESTAMPTZ NOT NULL)"
        )
        connection.execute("ALTER TABLE account.grants ADD COLUMN IF NOT EXISTS future_in BIGINT")

    def where(self, **equal: object) -> list[Grant]:
        """Those whose fields have these values."""
        conditions = [f"{column} = ?" for column in equal] or ["true"]
        rows = self._connection.fetch(
            f"SELECT {_FIELDS} FROM account.grants WHERE {' AND '.join(conditions)} ORDER BY object_kind, object_name, privilege, grantee",
            list(equal.values()),
        )
        return [Grant(*row) for row in rows]

    def roles_of(self, grantee_kind: str, grantee: str) -> list[str]:
        """Roles granted directly to a USER or a ROLE."""
        found = self.where(object_kind="ROLE", privilege="USAGE", grantee_kind=grantee_kind, grantee=grantee)
        return [grant.object_name for grant in found]

    def add(self, grant: Grant) -> None:
        """Gives it, or gives it anew: by another role, or with the grant option that it did not have."""
        self.remove([found for found in self._same(grant) if not (found.grant_option and not grant.grant_option)])
        if self._same(grant):
            return
        self._connection.execute(
            "INSERT INTO account.grants VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                grant.privilege,
                grant.object_kind,
                grant.object_name,
                grant.object,
                grant.grantee_kind,
                grant.grantee,
                grant.grant_option,
                grant.granted_by,
                grant.created_on,
                grant.future_in,
            ],
        )
        self._connection.privileges_changed()

    def _same(self, grant: Grant) -> list[Grant]:
        key = {"object_name": grant.object_name} if grant.object is None else {"object": grant.object}
        return self.where(
            privilege=grant.privilege,
            object_kind=grant.object_kind,
            grantee_kind=grant.grantee_kind,
            grantee=grant.grantee,
            **key,
        )

    def copy(self, source: int, copy: int, name: str) -> None:
        """The privileges on an object on another one too."""
        self._connection.execute(
            "INSERT INTO account.grants SELECT * REPLACE (? AS object, ? AS object_name) FROM account.grants WHERE object = ?",
            [copy, name, source],
        )
        self._connection.privileges_changed()

    @contextmanager
    def replacing(self, statement: Reader) -> Iterator[None]:
        """Around a CREATE OR REPLACE, which may say COPY GRANTS: the new object gets what the old one leaves."""
        self._statement, self._left = statement, []
        try:
            yield
        finally:
            self._statement, self._left = None, []

    def leave(self, id_: int) -> None:
        """The object makes way for another one."""
        if self._statement is not None and self._statement.copies_grants:
            self._left += self.where(object=id_)

    def arrive(self, kind: str, name: str, id_: int) -> bool:
        """Gives the new object what the one that it replaces has left, if that was asked for."""
        left = [grant for grant in self._left if (grant.object_kind, grant.object_name) == (kind, name)]
        for grant in left:
            self.add(replace(grant, object=id_))
        return self._statement is not None and self._statement.copies_grants and bool(left)

    def remove(self, grants: Iterable[Grant]) -> None:
        for grant in grants:
            self._connection.execute(
                "DELETE FROM account.grants WHERE privilege = ? AND object_kind = ? AND object_name = ? AND object IS NOT DISTINCT "
                "FROM ? AND grantee_kind = ? AND grantee = ?",
                [grant.privilege, grant.object_kind, grant.object_name, grant.object, grant.grantee_kind, grant.grantee],
            )
            self._connection.privileges_changed()

    def forget_object(self, id_: int) -> None:
        """Every privilege on an object that is gone; no id is given twice, so nobody needs to hear of it."""
        self.leave(id_)
        self._connection.execute("DELETE FROM account.grants WHERE object = ?", [id_])

    def forget_grantee(self, kind: str, name: str) -> None:
        """A role or user that is made later under the same name starts with nothing."""
        self._connection.execute("DELETE FROM account.grants WHERE grantee_kind = ? AND grantee = ?", [kind, name])
        self._connection.execute("DELETE FROM account.grants WHERE object_kind = ? AND object_name = ?", [kind, name])
        self._connection.privileges_changed()
