"""Clones of an environment's database, to try a change on: made with the tags that say whose they are, and dropped by these alone.

A role of its own, which is called like the pipeline's with `_CLONES` at its end, makes and owns them: see `setup/clones.sql`. Whoever
signs in with it works in them too, once what is in a clone was handed over, and can change nothing in their source. A user who has
the pipeline's role beside it works in them with that one, and can drop none.
https://docs.snowflake.com/en/user-guide/object-clone
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from snowflake.snowpark import Session

from mlops.copies import copy_all
from mlops.errors import AccountError
from mlops.guard import Permitted, drop_clone
from mlops.labels import PREFIX, TAGS, Label, is_clone_name, make_label, read_label
from mlops.names import Name, Schema, identifier, literal, quote
from mlops.production import is_production
from mlops.rows import fetch, fetch_unchecked
from mlops.settings import Settings

_ROLE = "_CLONES"


@dataclass(frozen=True)
class Clones:
    """Those of one database; `role` works in them and `owner` has them, which may be the same."""

    session: Session
    settings: Settings
    role: str
    owner: str

    @property
    def source(self) -> str:
        return self.settings.database

    def make(self, database: str, hours: int) -> Label:
        """One that this very run has left behind makes place for the new one; any other database of that name stays."""
        self._check_names(database)
        self._refuse_production(database)
        if database in self._owned():
            self.drop(database)
        label = make_label(database, self.source, self.settings.repository, self.settings.run, now=self._now(), hours=hours)
        with self._as_owner():
            # One statement, so that there is never a clone without its tags. The comment of the source may call it production.
            fetch(
                self.session,
                f"CREATE DATABASE {quote(database)} CLONE {quote(self.source)} COMMENT = {literal(f'Clone of {self.source}.')} "
                f"WITH TAG ({', '.join(f'{self._tag(name)} = {literal(value)}' for name, value in label.tags.items())})",
            )
            fetch(self.session, self._opening(database))
        copy_all(self.session, self.settings.home, Schema(database, self.settings.schema))
        return label

    def _opening(self, database: str) -> str:
        """A clone keeps owners and grants of what is in it, and no grants on itself."""
        if self.role == self.owner:
            return f"CALL {Name(self.source, 'CLONES', 'HAND_OVER').sql}({literal(database)})"
        return f"GRANT USAGE ON DATABASE {quote(database)} TO ROLE {quote(self.role)}"

    def require_own(self, database: str) -> Label:
        """That this run has made it; said by a sentence that names what is wrong, whatever it is."""
        self._check_names(database)
        label = self.label(database)
        self._permit(database, label)
        if label is None or label.run != self.settings.run:
            raise AccountError(
                f"Refused: the database {database} was made by run {label.run if label else 'unknown'}, and this is run "
                f"{self.settings.run}; its own run drops it, or the janitor when its time is over."
            )
        return label

    def drop(self, database: str) -> bool:
        """Whether there was one."""
        self._check_names(database)
        if database not in self._databases():
            return False
        self._drop(database, self.require_own(database))
        return True

    def drop_expired(self) -> Iterator[Label]:
        """Those of this repository whose time is over, by the account's clock. What is anything else is left alone."""
        now = self._now()
        for database in sorted(self._owned()):
            label = self.label(database) if is_clone_name(database) else None
            if label and label.is_over(now) and self._is_ours(database, label):
                self._drop(database, label)
                yield label

    def _is_ours(self, database: str, label: Label) -> bool:
        try:
            self._permit(database, label)
        except AccountError:
            return False
        return True

    def label(self, database: str) -> Label | None:
        asked = ", ".join(
            f"SYSTEM$GET_TAG({literal(self._tag(name))}, {literal(identifier(database))}, 'DATABASE')" for name in TAGS
        )
        with self._as_owner():
            row = fetch(self.session, f"SELECT {asked}")[0]
        return read_label(dict(zip(TAGS, row, strict=True)))

    def _permit(self, database: str, label: Label | None) -> Permitted:
        self._refuse_production(database)
        return drop_clone(database, label, source=self.source, owner=self.settings.repository)

    def _drop(self, database: str, label: Label) -> None:
        permitted = self._permit(database, label)
        with self._as_owner():
            fetch_unchecked(self.session, permitted.statement)

    def _refuse_production(self, database: str) -> None:
        if is_production(self.session, database):
            raise AccountError(f"Refused: the database {database} is production, or has a name that says so.")

    def _check_names(self, database: str) -> None:
        if not is_clone_name(database):
            raise AccountError(
                f"Refused: {database} is no name of a clone, which is {PREFIX} and upper case letters, digits and underscores."
            )
        if is_clone_name(self.source):
            raise AccountError(
                f"Refused: {self.source} is a clone itself. Clones are made and dropped from where they were cloned."
            )

    def _owned(self) -> set[str]:
        with self._as_owner():
            rows = fetch(self.session, "SHOW DATABASES")
        return {row["name"] for row in rows if row["owner"] == self.owner}

    def _databases(self) -> set[str]:
        with self._as_owner():
            return {row["name"] for row in fetch(self.session, "SHOW DATABASES")}

    def _now(self) -> datetime:
        now: datetime = fetch(self.session, "SELECT SYSDATE()")[0][0]
        return now

    def _tag(self, name: str) -> str:
        return (self.settings.home / name).sql

    @contextmanager
    def _as_owner(self) -> Iterator[None]:
        """In the role that owns clones, and back where one was."""
        fetch(self.session, f"USE ROLE {quote(self.owner)}")
        try:
            yield
        finally:
            fetch(self.session, f"USE ROLE {quote(self.role)}")
            fetch(self.session, f"USE SCHEMA {self.settings.home.sql}")


def clones_of(session: Session, settings: Settings) -> Clones:
    role = str(fetch(session, "SELECT CURRENT_ROLE()")[0][0])
    if role.endswith(_ROLE):
        return Clones(session, settings, role, role)
    held = {row["role"] for row in fetch(session, f"SHOW GRANTS TO USER {quote(settings.user)}")}
    if f"{role}{_ROLE}" not in held:
        raise AccountError(
            f"{settings.user} has no role {role}{_ROLE}, which makes clones: run setup/clones.sql for {settings.database}, and sign in "
            "as the user that it makes."
        )
    return Clones(session, settings, role, f"{role}{_ROLE}")


def clone_settings(settings: Settings, database: str) -> Settings:
    """The same, in the clone, where nothing is production and nothing lasts that somebody would have to answer for."""
    build = replace(settings.build, approved_by="nobody: what is trained in a clone is dropped with it")
    return replace(settings, database=database, production=False, build=build)
