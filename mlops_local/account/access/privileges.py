"""Which privileges roles hold: grants of roles followed upwards, and the grants on objects of all of them together.

https://docs.snowflake.com/en/user-guide/security-access-control-overview
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from mlops_local.account.catalogue.catalogue import Catalogue
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.catalogue.grants import FUTURE, Grant
from mlops_local.account.engine.engine import Connection

OWNERSHIP = "OWNERSHIP"
PUBLIC = "PUBLIC"
ALL = "ALL"


def may_take_role(catalogue: Catalogue, user: str, role: str) -> bool:
    """PUBLIC is everybody's; the account itself (SYSTEM) may take any role that exists."""
    if catalogue.find("ROLE", "", "", role) is None:
        return False
    return role == PUBLIC or user == "SYSTEM" or role in roles_of(catalogue, user)


def roles_of(catalogue: Catalogue, user: str) -> set[str]:
    """Every role that the user has, directly or through another role."""
    return _close(catalogue, catalogue.grants.roles_of("USER", user))


def inherited(catalogue: Catalogue, role: str) -> set[str]:
    """The role and every role granted to it, directly or not."""
    return _close(catalogue, [role])


def _close(catalogue: Catalogue, roles: list[str]) -> set[str]:
    found: set[str] = set()
    pending = [*roles]
    while pending:
        role = pending.pop()
        if role not in found:
            found.add(role)
            pending += catalogue.grants.roles_of("ROLE", role)
    return found


def grant_role(catalogue: Catalogue, role: str, grantee_kind: str, grantee: str, *, by: str | None, at: datetime) -> None:
    if role not in catalogue.grants.roles_of(grantee_kind, grantee):
        catalogue.grants.add(Grant("USAGE", "ROLE", role, None, grantee_kind, grantee, False, by, at))


@dataclass(frozen=True)
class Actor:
    """Who acts: the current role, and the secondary roles: names, or ALL that ``user`` has."""

    role: str
    user: str = ""
    secondary: tuple[str, ...] = ()


class Held(NamedTuple):
    """The role that has a privilege, and the place whose grant on future objects it came of."""

    role: str
    future_in: int | None


@dataclass
class Holdings:
    """What an actor holds. ``primary`` are the current role and all that it inherits, ``roles`` the secondary ones too.

    ``objects`` and ``account`` say which role holds a privilege: the nearest one, where several do. Databases and schemas are
    listed when any privilege on them is held, which is what it takes to reach what lies in them; warehouses when they can be
    used. ``future`` are the kinds that anybody has grants on future objects of.
    """

    primary: frozenset[str]
    roles: frozenset[str]
    objects: dict[int, dict[str, Held]] = field(default_factory=dict)
    account: dict[str, Held] = field(default_factory=dict)
    databases: dict[str, int] = field(default_factory=dict)
    schemas: dict[tuple[str, str], int] = field(default_factory=dict)
    warehouses: dict[str, int] = field(default_factory=dict)
    future: frozenset[str] = frozenset()

    def owns(self, entry: Entry) -> bool:
        return entry.owner in self.roles

    def holder(self, privilege: str, entry: Entry) -> Held | None:
        """The role through which a privilege is held that is not the owner's by nature."""
        return self.objects.get(entry.id, {}).get(privilege)

    def any(self, entry: Entry) -> bool:
        return self.owns(entry) or entry.id in self.objects


def read_holdings(connection: Connection, actor: Actor) -> Holdings:
    """Four queries, whatever the number of roles; to be kept for as long as ``connection.privileges`` is the same."""
    inner = _Hierarchy(connection)
    primary = inner.closed([actor.role, PUBLIC])
    secondary = inner.of_user(actor.user) if actor.secondary == (ALL,) else actor.secondary
    found = Holdings(frozenset(primary), frozenset(inner.closed([*primary, *secondary])))
    order = list(dict.fromkeys([*primary, *inner.closed(secondary)]))
    _add_grants(connection, found, order)
    _add_places(connection, found)
    kinds = connection.fetch("SELECT DISTINCT object_kind FROM account.grants WHERE starts_with(object_kind, ?)", [FUTURE])
    found.future = frozenset(kind.removeprefix(FUTURE) for (kind,) in kinds)
    return found


class _Hierarchy:
    """All grants of roles, read at once."""

    def __init__(self, connection: Connection) -> None:
        self._granted: dict[tuple[str, str], list[str]] = {}
        for kind, grantee, role in connection.fetch(
            "SELECT grantee_kind, grantee, object_name FROM account.grants WHERE object_kind = 'ROLE' AND privilege = 'USAGE'"
        ):
            self._granted.setdefault((kind, grantee), []).append(role)

    def of_user(self, user: str) -> tuple[str, ...]:
        return tuple(self._granted.get(("USER", user), ()))

    def closed(self, roles: Iterable[str]) -> list[str]:
        """The roles and all that they inherit, the nearest first."""
        found = dict.fromkeys(roles)
        pending = list(found)
        for role in pending:
            for inner in self._granted.get(("ROLE", role), ()):
                if inner not in found:
                    found[inner] = None
                    pending.append(inner)
        return list(found)


def _add_grants(connection: Connection, found: Holdings, order: list[str]) -> None:
    rows = connection.fetch(
        "SELECT privilege, object_kind, object, grantee, future_in FROM account.grants WHERE grantee_kind = 'ROLE' AND object_kind <> 'ROLE' "
        "AND NOT starts_with(object_kind, 'FUTURE ') AND list_contains(?, grantee)",
        [order],
    )
    for privilege, kind, object_, grantee, place in sorted(rows, key=lambda row: order.index(row[3])):
        held = found.account if kind == "ACCOUNT" else found.objects.setdefault(object_, {})
        held.setdefault(privilege, Held(grantee, place))


def _add_places(connection: Connection, found: Holdings) -> None:
    for id_, kind, database, name, owner in connection.fetch(
        "SELECT id, kind, database, name, owner FROM account.objects WHERE kind IN ('DATABASE', 'SCHEMA', 'WAREHOUSE')"
    ):
        granted = found.objects.get(id_, {})
        if kind == "WAREHOUSE":
            if owner in found.roles or "USAGE" in granted:
                found.warehouses[name] = id_
        elif owner in found.roles or granted:
            if kind == "DATABASE":
                found.databases[name] = id_
            else:
                found.schemas[(database, name)] = id_
