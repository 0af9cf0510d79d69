"""One object of the catalogue, and how it stands in its table.

An object is (kind, database, schema, name); versions of a model or dataset have a ``parent``. Kinds that share a
namespace in Snowflake share a ``domain``: a table, a view and a dynamic table of one name cannot coexist. The rows of a
table live in a DuckDB table named by its object id, so rename, swap and temporary objects are catalogue rows only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mlops_local.account.syntax.names import Name, quote_if_needed

_DOMAINS = {"VIEW": "TABLE", "DYNAMIC TABLE": "TABLE", "EVENT TABLE": "TABLE", "EXTERNAL TABLE": "TABLE"}


FIELDS = "id, kind, database, schema, name, parent, session, owner, comment, created_on, properties"


# Domain, database, schema, name, parent: what a look-up asks for.
Key = tuple[str, str, str, str, int]


def domain_of(kind: str) -> str:
    return _DOMAINS.get(kind, kind)


@dataclass(frozen=True)
class Entry:
    """One object. ``database`` and ``schema`` are '' for objects of the account or of a database.

    ``session`` is the id of the session that a temporary object belongs to, 0 for a permanent one. ``properties``
    holds what only that kind has (a view's text, a task's schedule), JSON values only.
    """

    id: int
    kind: str
    database: str
    schema: str
    name: str
    parent: int
    session: int
    owner: str | None
    comment: str
    created_on: datetime
    properties: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Name:
        return Name(self.database, self.schema, self.name)

    @property
    def full_name(self) -> str:
        """As Snowflake prints it: ``DB.SCHEMA.NAME``, without the parts that the kind does not have."""
        return ".".join(quote_if_needed(part) for part in (self.database, self.schema, self.name) if part)

    @property
    def physical(self) -> str:
        """The DuckDB table that holds its rows, qualified."""
        return f"main.t{self.id}"

    @property
    def temporary(self) -> bool:
        return self.session != 0


def key_of(entry: Entry) -> Key:
    return domain_of(entry.kind), entry.database, entry.schema, entry.name, entry.parent


def entry_of(row: tuple[Any, ...]) -> Entry:
    id_, kind, database, schema, name, parent, session, owner, comment, created_on, properties = row
    return Entry(id_, kind, database, schema, name, parent, session, owner, comment, created_on, json.loads(properties))
