"""Grants on objects that are still to come, and what a new object gets of them.

https://docs.snowflake.com/en/sql-reference/sql/grant-privilege#future-grants-on-database-or-schema-objects
"""

from __future__ import annotations

from dataclasses import replace

from mlops_local.account.access.privileges import OWNERSHIP
from mlops_local.account.catalogue.catalogue import Catalogue
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.catalogue.grants import FUTURE, Grant
from mlops_local.account.engine.engine import Connection


def apply_future_grants(connection: Connection, catalogue: Catalogue, entry: Entry) -> Entry:
    """Where a schema has grants on future objects of the kind, those of the database do not count."""
    if entry.temporary or entry.parent or not entry.database:
        return entry
    rows = connection.fetch(
        "SELECT g.object, o.kind FROM account.grants g JOIN account.objects o ON o.id = g.object WHERE g.object_kind = ? AND "
        "(o.kind = 'DATABASE' AND o.name = ? OR o.kind = 'SCHEMA' AND o.database = ? AND o.name = ?)",
        [FUTURE + entry.kind, entry.database, entry.database, entry.schema],
    )
    places = {kind: id_ for id_, kind in rows}
    if not places:
        return entry
    place = places["SCHEMA"] if "SCHEMA" in places else places["DATABASE"]
    for grant in catalogue.grants.where(object_kind=FUTURE + entry.kind, object=place):
        entry = _apply(catalogue, entry, grant, place)
    return entry


def _apply(catalogue: Catalogue, entry: Entry, grant: Grant, place: int) -> Entry:
    if grant.privilege == OWNERSHIP:
        return catalogue.update(entry, owner=grant.grantee)
    catalogue.grants.add(
        replace(
            grant,
            object_kind=entry.kind,
            object_name=entry.full_name,
            object=entry.id,
            created_on=entry.created_on,
            future_in=place,
        )
    )
    return entry
