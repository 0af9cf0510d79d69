"""From a kind and a name to the object, whatever the kind: of the account, of a database, of a schema, with a signature."""

from __future__ import annotations

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.session.session import Session
from mlops_local.account.statements import schema_object
from mlops_local.account.statements.routine import get_routine, read_signature
from mlops_local.account.syntax.reader import Reader

ACCOUNT_KINDS = frozenset({"DATABASE", "WAREHOUSE", "ROLE", "USER", "INTEGRATION", "RESOURCE MONITOR"})
ROUTINES = frozenset({"FUNCTION", "PROCEDURE"})
# ALTER TABLE and COMMENT ON TABLE take a dynamic table too.
_STAND_FOR = {"TABLE": {"DYNAMIC TABLE"}}


def read_named(session: Session, kind: str, reader: Reader, *, if_exists: bool = False) -> Entry | None:
    """Reads the name and finds its object; None when it may be missing and is, refused with 2003 when it must not be."""
    if kind in ROUTINES:
        return _routine(session, kind, reader, if_exists=if_exists)
    path = reader.path()
    if kind in ACCOUNT_KINDS:
        return _at(session, kind, ("", "", path[-1]), if_exists=if_exists)
    if kind == "SCHEMA":
        name = session.complete((*path, ""))
        return _at(session, kind, (name.database, "", name.schema), if_exists=if_exists)
    found = session.find(kind, path)
    if found is not None and found.kind in _STAND_FOR.get(kind, ()):
        return found
    return schema_object.find(session, kind, path, if_exists=if_exists)


def _routine(session: Session, kind: str, reader: Reader, *, if_exists: bool) -> Entry | None:
    where, shown = read_signature(session, reader)
    if if_exists:
        return session.catalogue.find(kind, where.database, where.schema, shown)
    return get_routine(session.catalogue, kind, where, shown)


def _at(session: Session, kind: str, place: tuple[str, str, str], *, if_exists: bool) -> Entry | None:
    return session.catalogue.find(kind, *place) if if_exists else session.catalogue.get(kind, *place)
