"""What those who act may see and do: the one place that refuses for want of a privilege.

A statement acts with the roles of its session; the body of a view, a function, a task or a dynamic table with the role of its
owner; what the account does by itself needs no privilege. The guard of a session's catalogue asks here for every object that
is found, made, changed or removed; statements ask for the rest (SELECT, INSERT, READ, USAGE, OPERATE ..) by :meth:`Access.demand`.
https://docs.snowflake.com/en/user-guide/security-access-control-privileges
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlops_local.account.access.future_grants import apply_future_grants
from mlops_local.account.access.privileges import OWNERSHIP, Actor, Held, Holdings, read_holdings
from mlops_local.account.access.uses import ON_ACCOUNT, on_future
from mlops_local.account.catalogue.catalogue import Catalogue
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import insufficient_privileges, no_active_warehouse

if TYPE_CHECKING:
    from mlops_local.account.session.session import Session

# Their names are no secret: whoever may grant must be able to name them. SHOW lists them as privileges allow.
_ALWAYS_SEEN = {"ROLE", "USER"}
# Whoever reaches their schema sees them: consumers of a Feature Store read its entities, which are tags, without a grant on one.
_SEEN_IN_THEIR_SCHEMA = {"TAG"}
_OF_THE_ACCOUNT = {"DATABASE", "ROLE", "USER", "WAREHOUSE"}
# Gone with the session, these are anybody's to make; stages, file formats and views of a session take what those that last take.
# https://docs.snowflake.com/en/sql-reference/sql/create-file-format#access-control-requirements
_FREE_IF_TEMPORARY = {"FUNCTION", "PROCEDURE", "TABLE"}
# What ALTER .. SET takes besides ownership.
_CHANGED_WITH = {"DATABASE": "MODIFY", "SCHEMA": "MODIFY", "WAREHOUSE": "MODIFY"}
# What it takes to change what belongs to an object (versions, access tokens), where that is not ownership. One's own are one's own.
_INSIDE = {"USER": "MODIFY PROGRAMMATIC AUTHENTICATION METHODS"}
# Privileges on the account that stand for privileges on every object of a kind.
_GLOBAL = {
    ("MODIFY", "WAREHOUSE"): "MANAGE WAREHOUSES",
    ("MONITOR", "WAREHOUSE"): "MANAGE WAREHOUSES",
    ("OPERATE", "WAREHOUSE"): "MANAGE WAREHOUSES",
    ("APPLY", "TAG"): "APPLY TAG",
}
# Stands on the stack of actors for the account itself.
_ACCOUNT = None


class Access:
    """Of one session. What the roles hold is read once and kept until somebody grants or revokes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._acting: list[Actor | None] = []
        self._read_at: object = None
        self._held: dict[Actor, Holdings] = {}

    # Who acts

    @property
    def actor(self) -> Actor | None:
        """None for the account itself."""
        if self._acting:
            return self._acting[-1]
        return self._session.actor

    @contextmanager
    def as_owner_of(self, entry: Entry) -> Iterator[None]:
        """What runs within has the rights of the object's owner, and no others."""
        with self._as(Actor(entry.owner or "")):
            yield

    @contextmanager
    def as_account(self) -> Iterator[None]:
        """For what follows from a statement that was allowed, and for the books that the account keeps."""
        with self._as(_ACCOUNT):
            yield

    @contextmanager
    def _as(self, actor: Actor | None) -> Iterator[None]:
        self._acting.append(actor)
        try:
            yield
        finally:
            self._acting.pop()

    @property
    def holdings(self) -> Holdings | None:
        """None for the account itself, which may do everything."""
        actor = self.actor
        if actor is None:
            return None
        connection = self._session.connection
        if connection.privileges is not self._read_at:
            self._held.clear()
            self._read_at = connection.privileges
        if actor not in self._held:
            self._held[actor] = read_holdings(connection, actor)
        return self._held[actor]

    # Seeing

    def sees(self, entry: Entry) -> bool:
        """Any privilege on an object, its schema and its database makes it exist."""
        held = self.holdings
        if held is None or entry.parent or entry.kind in _ALWAYS_SEEN:
            return True
        if entry.kind == "DATABASE":
            return entry.name in held.databases
        if entry.kind == "SCHEMA":
            return entry.database in held.databases and (entry.database, entry.name) in held.schemas
        if not entry.database:
            return held.any(entry) or (entry.kind == "WAREHOUSE" and "MANAGE WAREHOUSES" in held.account)
        if entry.database not in held.databases or (entry.database, entry.schema) not in held.schemas:
            return False
        return entry.kind in _SEEN_IN_THEIR_SCHEMA or held.any(entry)

    # Doing

    def holds(self, privilege: str, entry: Entry) -> bool:
        """Whether one of the active roles has the privilege, or owns the object."""
        held = self.holdings
        if held is None or held.owns(entry):
            return True
        if held.holder(privilege, entry) is not None:
            return True
        return _GLOBAL.get((privilege, entry.kind), "") in held.account

    def holds_on_account(self, privilege: str) -> bool:
        held = self.holdings
        return held is None or privilege in held.account

    def demand(self, privilege: str, entry: Entry) -> None:
        """Refuses with 3001 who does not hold the privilege on the object, and notes who has used it."""
        if not self.holds(privilege, entry):
            raise insufficient_privileges(entry.kind, entry.name)
        self._note(privilege, entry)

    def demand_any(self, privileges: tuple[str, ...], entry: Entry) -> None:
        """As :meth:`demand`, where several privileges do; the first that is held is the one that is used."""
        self.demand(next((one for one in privileges if self.holds(one, entry)), privileges[0]), entry)

    def takes(self, privileges: tuple[str, ...], entry: Entry) -> bool:
        """As :meth:`demand_any`, for what is left out when none of them is held."""
        held = any(self.holds(one, entry) for one in privileges)
        if held:
            self.demand_any(privileges, entry)
        return held

    def demand_on_account(self, privilege: str) -> None:
        if not self.holds_on_account(privilege):
            raise insufficient_privileges("ACCOUNT", self._session.account.name)
        self._note_account(privilege)

    def demand_warehouse(self, name: str | None) -> None:
        """USAGE on the warehouse that rows are read or written with. Without any, this account computes all the same."""
        held = self.holdings
        if held is None or name is None:
            return
        if name not in held.warehouses:
            raise no_active_warehouse()
        granted = held.objects.get(held.warehouses[name], {})
        if "USAGE" in granted:
            self._used(granted["USAGE"], "USAGE", held.warehouses[name], "WAREHOUSE")

    def create(self, kind: str, database: str, schema: str, *, parent: int = 0, temporary: bool = False) -> None:
        """``CREATE <KIND>`` on the schema, database or account. Secondary roles do not count; some temporary objects need nothing.

        https://docs.snowflake.com/en/user-guide/security-access-control-overview#authorization-through-primary-role-and-secondary-roles
        """
        actor, held = self.actor, self.holdings
        if actor is None or held is None or (temporary and kind in _FREE_IF_TEMPORARY):
            return
        whole = self._whole
        if parent:
            owner = whole.by_id(parent)
            assert owner is not None
            self.change(owner, None)
            return
        privilege = f"CREATE {kind}"
        with self._as(Actor(actor.role)):
            if kind in _OF_THE_ACCOUNT:
                self.demand_on_account(privilege)
                return
            place = whole.find("SCHEMA", database, "", schema) if schema else whole.find("DATABASE", "", "", database)
            if place is None or not self.sees(place):
                raise self._session.catalogue.missing(kind, database, schema, "")
            self.demand(privilege, place)

    def created(self, entry: Entry) -> Entry:
        """Gives what the object that it replaces has left, else what grants on future objects promise.

        https://docs.snowflake.com/en/sql-reference/sql/create-table (COPY GRANTS)
        """
        if self._session.catalogue.grants.arrive(entry.kind, entry.full_name, entry.id):
            return entry
        if (held := self.holdings) is not None and entry.kind not in held.future:
            return entry
        with self.as_account():
            return apply_future_grants(self._session.connection, self._session.catalogue, entry)

    def change(self, entry: Entry, privilege: str | None) -> None:
        """Ownership, where no other privilege is said and none is known to be enough."""
        if self.actor is None:
            return
        if entry.parent:
            outer = self._whole.by_id(entry.parent)
            assert outer is not None
            if outer.kind == "USER" and outer.name == self._session.user:
                return
            entry, privilege = outer, _INSIDE.get(outer.kind)
        self.demand(privilege or _CHANGED_WITH.get(entry.kind, OWNERSHIP), entry)

    @property
    def _whole(self) -> Catalogue:
        return self._session.catalogue.whole

    # Using

    def _note(self, privilege: str, entry: Entry) -> None:
        """The privilege, and what it took to reach the object. What an owner does uses no grant."""
        held = self.holdings
        if held is None:
            return
        if not held.owns(entry):
            holder = held.holder(privilege, entry)
            if holder is None:
                self._note_account(_GLOBAL[(privilege, entry.kind)])
            else:
                self._used(holder, privilege, entry.id, entry.kind)
        if entry.database:
            self._note_way(held, held.databases.get(entry.database))
        if entry.schema:
            self._note_way(held, held.schemas.get((entry.database, entry.schema)))

    def _note_way(self, held: Holdings, place: int | None) -> None:
        granted = held.objects.get(place, {}) if place is not None else {}
        if place is not None and granted:
            privilege = "USAGE" if "USAGE" in granted else next(iter(granted))
            self._used(granted[privilege], privilege, place, "SCHEMA")

    def _note_account(self, privilege: str) -> None:
        held = self.holdings
        if held is not None:
            self._used(held.account[privilege], privilege, ON_ACCOUNT, "ACCOUNT")

    def _used(self, held: Held, privilege: str, object_: int, kind: str) -> None:
        account = self._session.account
        at = account.clock.now()
        account.uses.note(held.role, privilege, object_, at)
        if held.future_in is not None:
            account.uses.note(held.role, on_future(privilege, kind), held.future_in, at)
