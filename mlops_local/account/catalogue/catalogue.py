"""What exists in the account: one row per object, stored beside the data and written in the same transaction."""

from __future__ import annotations

import builtins
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import duckdb

from mlops_local.account.catalogue.entry import FIELDS, Entry, Key, domain_of, entry_of, key_of
from mlops_local.account.catalogue.grants import Grants
from mlops_local.account.catalogue.guard import Guard
from mlops_local.account.engine.engine import Connection
from mlops_local.account.engine.lookups import MISSING
from mlops_local.account.errors import AccountError, already_exists, does_not_exist, hidden_exists
from mlops_local.account.syntax.names import Name, quote_if_needed
from mlops_local.account.syntax.types import Column, parse_type

# Never temporary, and looked up by nearly every statement: what one transaction has found serves others.
_SHARED = {"DATABASE", "SCHEMA", "WAREHOUSE", "ROLE", "USER"}


_PLACES = {"DATABASE", "SCHEMA", "WAREHOUSE"}


class Catalogue:
    """The catalogue as one connection sees it: its own uncommitted changes included.

    With a guard, what those who act may not see does not exist, and what they may not do is refused: no statement finds or
    changes an object past it. ``by_id``, ``inside`` and :attr:`whole` are for what the account does on its own account.
    """

    def __init__(self, connection: Connection, session: int, guard: Guard | None) -> None:
        self._connection = connection
        self._session = session
        self._guard = guard
        self.grants = Grants(connection)
        self.removed: list[int] = []

    @property
    def whole(self) -> Catalogue:
        """The same without a guard."""
        whole = Catalogue(self._connection, self._session, None)
        whole.removed = self.removed
        whole.grants = self.grants
        return whole

    # Reading

    def find(self, kind: str, database: str, schema: str, name: str, *, parent: int = 0) -> Entry | None:
        """The object of that name in the kind's namespace, a temporary one of this session first; None when absent.

        The answer may be of another kind of the same domain (a view where a table was asked for).
        """
        found = self._find(kind, database, schema, name, parent)
        return found if found is None or self._sees(found) else None

    def _sees(self, entry: Entry) -> bool:
        return self._guard is None or self._guard.sees(entry)

    def _find(self, kind: str, database: str, schema: str, name: str, parent: int) -> Entry | None:
        key = (domain_of(kind), database, schema, name, parent)
        if not self._connection.in_transaction:
            return self._look_up(key)
        known = self._connection.found
        if (self._session, key) not in known:
            shared = key[0] in _SHARED and key not in self._connection.changed
            known[self._session, key] = self._shared(key) if shared else self._look_up(key)
        return known[self._session, key]  # type: ignore[no-any-return]

    def _shared(self, key: Key) -> Entry | None:
        found = self._connection.lookups.recall(self._connection.version, key)
        if found is MISSING:
            found = self._look_up(key)
            self._connection.lookups.remember(self._connection.version, key, found)
        return found  # type: ignore[no-any-return]

    def _look_up(self, key: Key) -> Entry | None:
        rows = self._connection.fetch(
            f"SELECT {FIELDS} FROM account.objects WHERE domain = ? AND database = ? AND schema = ? AND name = ? AND parent = ? "
            "AND session IN (0, ?)",
            [*key, self._session],
        )
        return max(map(entry_of, rows), key=lambda entry: entry.session, default=None)

    def get(self, kind: str, database: str, schema: str, name: str, *, parent: int = 0) -> Entry:
        entry = self.find(kind, database, schema, name, parent=parent)
        if entry is None:
            raise self.missing(kind, database, schema, name)
        return entry

    def missing(self, kind: str, database: str, schema: str, name: str) -> AccountError:
        """What does not exist for those who look: the database, the schema or the object."""
        if database and self.find("DATABASE", "", "", database) is None:
            return does_not_exist("Database", quote_if_needed(database))
        if schema and self.find("SCHEMA", database, "", schema) is None:
            return does_not_exist("Schema", f"{quote_if_needed(database)}.{quote_if_needed(schema)}")
        return does_not_exist(kind, ".".join(quote_if_needed(part) for part in (database, schema, name) if part))

    def by_id(self, id_: int) -> Entry | None:
        rows = self._connection.fetch(f"SELECT {FIELDS} FROM account.objects WHERE id = ?", [id_])
        return entry_of(rows[0]) if rows else None

    def list(
        self,
        kind: str,
        *,
        database: str | None = None,
        schema: str | None = None,
        parent: int | None = None,
        all_sessions: bool = False,
    ) -> builtins.list[Entry]:
        """Objects of one kind, by name. Other sessions' temporary objects are left out unless asked for."""
        where, values = ["kind = ?"], [kind]  # type: tuple[list[str], list[Any]]
        for column, value in (("database", database), ("schema", schema), ("parent", parent)):
            if value is not None:
                where.append(f"{column} = ?")
                values.append(value)
        if not all_sessions:
            where.append("session IN (0, ?)")
            values.append(self._session)
        rows = self._connection.fetch(
            f"SELECT {FIELDS} FROM account.objects WHERE {' AND '.join(where)} ORDER BY database, schema, name, id", values
        )
        found = [entry_of(row) for row in rows]
        return found if parent is not None else [entry for entry in found if self._sees(entry)]

    def owned_by(self, role: str) -> builtins.list[Entry]:
        """What a role owns, versions and temporary objects left out."""
        rows = self._connection.fetch(
            f"SELECT {FIELDS} FROM account.objects WHERE owner = ? AND parent = 0 AND session = 0 ORDER BY id", [role]
        )
        return [entry_of(row) for row in rows]

    def ids(self) -> set[int]:
        return {row[0] for row in self._connection.fetch("SELECT id FROM account.objects")}

    def list_temporary(self, session: int | None = None) -> builtins.list[Entry]:
        """Temporary objects of one session, or of all sessions (what a killed process left)."""
        where = "session <> 0" if session is None else "session = ?"
        rows = self._connection.fetch(f"SELECT {FIELDS} FROM account.objects WHERE {where}", [] if session is None else [session])
        return [entry_of(row) for row in rows]

    def inside(self, database: str, schema: str) -> builtins.list[Entry]:
        """Every object of a schema, versions included, all sessions'."""
        rows = self._connection.fetch(
            f"SELECT {FIELDS} FROM account.objects WHERE database = ? AND schema = ? ORDER BY id", [database, schema]
        )
        return [entry_of(row) for row in rows]

    def columns(self, entry: Entry) -> builtins.list[Column]:
        rows = self._connection.fetch(
            'SELECT name, type, nullable, "default", comment FROM account.columns WHERE object = ? ORDER BY position', [entry.id]
        )
        return [Column(row[0], parse_type(row[1]), row[2], row[3], row[4]) for row in rows]

    def has_rows(self, entry: Entry) -> bool:
        """Whether there is a DuckDB table for it; a dynamic table that was never refreshed has none yet."""
        found = self._connection.fetch(
            "SELECT 1 FROM duckdb_tables() WHERE schema_name || '.' || table_name = ?", [entry.physical]
        )
        return bool(found)

    def count_rows(self, entry: Entry) -> int | None:
        return int(self._connection.fetch(f"SELECT count(*) FROM {entry.physical}")[0][0]) if self.has_rows(entry) else None

    # Writing: the caller has taken its turn (Connection.writing)

    def _write(self, sql: str, values: Sequence[Any], *changed: Entry) -> duckdb.DuckDBPyConnection:
        """Every change of ``account.objects``: nothing that was found before holds for these objects, as they were and will be."""
        self.touch(changed)
        return self._connection.execute(sql, values)

    def touch(self, changed: Iterable[Entry]) -> None:
        """For a change of several objects by one statement: these are not any more, or are only now, what they were found to be."""
        entries = list(changed)
        self._connection.changed.update(key_of(entry) for entry in entries)
        self._connection.found.clear()
        # Who may see what lies in a database or schema, and use which warehouse, is remembered by their names.
        if any(entry.kind in _PLACES for entry in entries):
            self._connection.privileges_changed()

    def add(
        self,
        kind: str,
        database: str,
        schema: str,
        name: str,
        *,
        owner: str | None,
        created_on: datetime,
        comment: str = "",
        properties: dict[str, Any] | None = None,
        parent: int = 0,
        temporary: bool = False,
    ) -> Entry:
        """A new object; refused with 2002 when the name is taken in its namespace (a temporary one may hide a permanent one)."""
        if self._guard is not None:
            self._guard.create(kind, database, schema, parent=parent, temporary=temporary)
        session = self._session if temporary else 0
        self._refuse_taken(self._find(kind, database, schema, name, parent), kind, session)
        entry = Entry(0, kind, database, schema, name, parent, session, owner, comment, created_on, properties or {})
        made = self._write(
            "INSERT INTO account.objects VALUES (nextval('account.ids'), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            [
                kind,
                domain_of(kind),
                database,
                schema,
                name,
                parent,
                session,
                owner,
                comment,
                created_on,
                json.dumps(entry.properties),
            ],
            entry,
        )
        entry = replace(entry, id=made.fetchall()[0][0])
        self._connection.bare.add(entry.id)
        return self._guard.created(entry) if self._guard is not None else entry

    def _refuse_taken(self, taken: Entry | None, kind: str, session: int) -> None:
        """A temporary object may hide a permanent one of its owner's.

        https://docs.snowflake.com/en/release-notes/bcr-bundles/2023_03/bcr-427
        """
        if taken is None:
            return
        if taken.session == session:
            if not self._sees(taken):
                raise hidden_exists(taken.name)
            raise already_exists(taken.kind if domain_of(kind) != "TABLE" else "Object", taken.full_name)
        if session and taken.session == 0:
            self._check(taken, "OWNERSHIP")

    def _check(self, entry: Entry, privilege: str | None = None) -> None:
        if self._guard is not None:
            self._guard.change(entry, privilege)

    def set_columns(self, entry: Entry, columns: Iterable[Column]) -> None:
        self._check(entry)
        if entry.id not in self._connection.bare:
            self._connection.execute("DELETE FROM account.columns WHERE object = ?", [entry.id])
        self._connection.bare.discard(entry.id)
        values = [
            (entry.id, position, column.name, column.type.sql, column.nullable, column.default, column.comment)
            for position, column in enumerate(columns)
        ]
        if values:
            marks = ", ".join(["(?, ?, ?, ?, ?, ?, ?)"] * len(values))
            self._connection.execute(f"INSERT INTO account.columns VALUES {marks}", [value for row in values for value in row])

    def update(
        self,
        entry: Entry,
        *,
        comment: str | None = None,
        owner: str | None = None,
        privilege: str | None = None,
        **properties: Any,
    ) -> Entry:
        """The object with a new comment, owner or properties (a property of None is removed).

        ``privilege`` is what the change takes, where that is not what changes to such an object take.
        """
        self._check(entry, privilege)
        merged = {key: value for key, value in {**entry.properties, **properties}.items() if value is not None}
        changed = replace(
            entry,
            comment=entry.comment if comment is None else comment,
            owner=entry.owner if owner is None else owner,
            properties=merged,
        )
        self._write(
            "UPDATE account.objects SET comment = ?, owner = ?, properties = ? WHERE id = ?",
            [changed.comment, changed.owner, json.dumps(merged), entry.id],
            entry,
        )
        return changed

    def rename(self, entry: Entry, to: Name) -> Entry:
        """Another name, in place: references by id (tags, grants, rows) follow."""
        self._check(entry, "OWNERSHIP")
        if self._guard is not None and (to.database, to.schema) != (entry.database, entry.schema):
            self._guard.create(entry.kind, to.database, to.schema, parent=entry.parent, temporary=entry.temporary)
        taken = self._find(entry.kind, to.database, to.schema, to.name, entry.parent)
        if taken is not None and taken.id != entry.id and taken.session == entry.session:
            raise already_exists("Object", taken.full_name)
        renamed = replace(entry, database=to.database, schema=to.schema, name=to.name)
        self._write(
            "UPDATE account.objects SET database = ?, schema = ?, name = ? WHERE id = ?",
            [to.database, to.schema, to.name, entry.id],
            entry,
            renamed,
        )
        return renamed

    def move(self, database: str, schema: str | None, to_database: str, to_schema: str | None) -> None:
        """What a schema contains, or a database (no schema given), has another address."""
        if schema is None:
            schemas = self.whole.list("SCHEMA", database=database)
            self.touch([*schemas, *(replace(entry, database=to_database) for entry in schemas)])
            self._connection.execute("UPDATE account.objects SET database = ? WHERE database = ?", [to_database, database])
        else:
            self._connection.execute(
                "UPDATE account.objects SET database = ?, schema = ? WHERE database = ? AND schema = ?",
                [to_database, to_schema, database, schema],
            )
            self.touch(())

    def remove(self, entry: Entry) -> None:
        """The object, its columns, tags, grants and versions are gone. Its rows are the caller's to drop.

        Its files go when the transaction commits (``removed``).
        """
        self._check(entry, "OWNERSHIP")
        self._remove(entry)

    def _remove(self, entry: Entry) -> None:
        self.removed.append(entry.id)
        for child in self._connection.fetch(f"SELECT {FIELDS} FROM account.objects WHERE parent = ?", [entry.id]):
            self._remove(entry_of(child))
        self._connection.execute("DELETE FROM account.columns WHERE object = ?", [entry.id])
        self._connection.execute("DELETE FROM account.tag_references WHERE object = ? OR tag = ?", [entry.id, entry.id])
        self.grants.forget_object(entry.id)
        if entry.kind in {"ROLE", "USER"}:
            self.grants.forget_grantee(entry.kind, entry.name)
        self._write("DELETE FROM account.objects WHERE id = ?", [entry.id], entry)
