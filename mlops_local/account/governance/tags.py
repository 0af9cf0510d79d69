"""Tags: names attached to objects with a value; a reference is by object id, so it follows a rename and dies with the object.

https://docs.snowflake.com/en/user-guide/object-tagging/introduction
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mlops_local.account.catalogue.entry import Entry, domain_of
from mlops_local.account.session.session import Session

# What clients call a kind: the registry says MODULE for a model.
_DOMAIN_NAMES = {"MODEL": "MODULE"}


@dataclass(frozen=True)
class Tagged:
    """What can carry a tag: an object, or one column of it."""

    entry: Entry
    column: str = ""

    @property
    def domain(self) -> str:
        return "COLUMN" if self.column else domain_name(self.entry.kind)


@dataclass(frozen=True)
class Reference:
    """A tag in force; its ``carrier`` may stand above the object asked for."""

    tag: Entry
    value: str
    carrier: Tagged


def domain_name(kind: str) -> str:
    """The domain under which TAG_REFERENCES and ENTITY_DETAIL list a kind: TABLE for tables, views and dynamic tables."""
    return _DOMAIN_NAMES.get(kind, domain_of(kind))


def on(session: Session, entry: Entry, column: str = "") -> list[tuple[Entry, str]]:
    """The tags that the object itself carries, or one of its columns, by name."""
    rows = session.connection.fetch(
        "SELECT tag, value FROM account.tag_references WHERE object = ? AND column_name = ?", [entry.id, column]
    )
    found = [(tag, value) for id_, value in rows if (tag := session.catalogue.by_id(id_)) is not None]
    return sorted(found, key=lambda pair: pair[0].full_name)


def carriers(session: Session, tag: Entry) -> list[tuple[Entry, str]]:
    """The objects that carry the tag, by name; those of which only a column carries it are not among them."""
    rows = session.connection.fetch(
        "SELECT object, value FROM account.tag_references WHERE tag = ? AND column_name = ''", [tag.id]
    )
    found = [(entry, value) for id_, value in rows if (entry := session.catalogue.by_id(id_)) is not None]
    return sorted(found, key=lambda pair: pair[0].full_name)


def inherited(session: Session, tagged: Tagged) -> list[Reference]:
    """The tags in force: its own, then those of its table, schema and database that it does not override."""
    found: dict[int, Reference] = {}
    for carrier in _upwards(session, tagged):
        for tag, value in on(session, carrier.entry, carrier.column):
            found.setdefault(tag.id, Reference(tag, value, carrier))
    return list(found.values())


def _upwards(session: Session, tagged: Tagged) -> Iterator[Tagged]:
    entry = tagged.entry
    if tagged.column:
        yield tagged
    yield Tagged(entry)
    if entry.schema and (schema := session.catalogue.find("SCHEMA", entry.database, "", entry.schema)):
        yield Tagged(schema)
    if entry.database and (database := session.catalogue.find("DATABASE", "", "", entry.database)):
        yield Tagged(database)
