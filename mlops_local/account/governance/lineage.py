"""What was made of what: edges that writing statements leave behind, and those that the texts of views and dynamic tables tell.

An edge leads from an object to one that its rows went into, without what stands behind a view. Temporary objects are never
shown: what was made of one was made of what it was made of.
https://docs.snowflake.com/en/user-guide/ui-snowsight-lineage
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import duckdb

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.engine.engine import Connection
from mlops_local.account.errors import AccountError
from mlops_local.account.session.session import Session
from mlops_local.account.sql import query
from mlops_local.account.sql.context import Context

DATA, DEPENDENCY = "DATA_LINEAGE", "OBJECT_DEPENDENCY"
_DEFINED = ("VIEW", "DYNAMIC TABLE")
_NODES = {"TABLE", *_DEFINED, "DATASET VERSION", "MODEL VERSION"}


def create_tables(connection: Connection) -> None:
    connection.execute("CREATE TABLE IF NOT EXISTS account.lineage (source BIGINT NOT NULL, target BIGINT NOT NULL)")


def record(session: Session, sources: Iterable[Entry], target: Entry) -> None:
    """Rows of the sources went into the target. Call within a writing transaction."""
    if target.kind not in _NODES:
        return
    for source in {source.id for source in _lasting(session, sources)} - {target.id}:
        session.connection.execute(
            "INSERT INTO account.lineage SELECT $1, $2 "
            "WHERE NOT EXISTS (SELECT 1 FROM account.lineage WHERE source = $1 AND target = $2)",
            [source, target.id],
        )


def _lasting(session: Session, entries: Iterable[Entry]) -> Iterator[Entry]:
    """The temporary ones replaced by what they were made of, which lasts."""
    for entry in entries:
        if entry.temporary:
            yield from _recorded(session, "source", "target", entry)
        elif entry.kind in _NODES:
            yield entry


def sources(session: Session, entry: Entry, edges: Collection[str]) -> list[Entry]:
    """The objects that it was made of, by these kinds of edges."""
    found = list(_recorded(session, "source", "target", entry)) if DATA in edges else []
    if DEPENDENCY in edges and entry.kind in _DEFINED:
        found += _read_by(session, entry)
    return _distinct(found)


def targets(session: Session, entry: Entry, edges: Collection[str]) -> list[Entry]:
    """The objects that were made of it."""
    found = list(_recorded(session, "target", "source", entry)) if DATA in edges else []
    if DEPENDENCY in edges:
        found += _readers(session, entry)
    return _distinct(found)


def _recorded(session: Session, wanted: str, given: str, entry: Entry) -> Iterator[Entry]:
    """Objects that were dropped since, and temporary ones, are left out."""
    for (id_,) in session.connection.fetch(f"SELECT {wanted} FROM account.lineage WHERE {given} = ?", [entry.id]):
        if (other := session.catalogue.by_id(id_)) is not None and not other.temporary:
            yield other


def _readers(session: Session, entry: Entry) -> Iterator[Entry]:
    for kind in _DEFINED:
        for other in session.catalogue.list(kind):
            if entry.name.upper() in other.properties["QUERY"].upper():
                yield from (other for read in _read_by(session, other) if read.id == entry.id)


def _read_by(session: Session, entry: Entry) -> list[Entry]:
    """Nothing of an object whose query does not compile any more."""
    try:
        return list(_lasting(session, read_directly(session, entry.properties["QUERY"], entry.database, entry.schema)))
    except (AccountError, duckdb.Error):
        return []


def read_directly(session: Session, text: str, database: str | None, schema: str | None) -> list[Entry]:
    """The objects that a query names, compiled in that schema; an error when it does not compile."""
    translation = query.translate(session, text, Context(session, database, schema))
    translation.context.release()
    return translation.context.direct


def _distinct(entries: Iterable[Entry]) -> list[Entry]:
    return list({entry.id: entry for entry in entries}.values())
