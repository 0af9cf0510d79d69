"""SHOW GRANTS. https://docs.snowflake.com/en/sql-reference/sql/show-grants"""

from __future__ import annotations

from collections.abc import Iterable

from mlops_local.account.access.privileges import OWNERSHIP
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.catalogue.grants import FUTURE, Grant
from mlops_local.account.session.result import BOOLEAN, Column, Result, rows
from mlops_local.account.session.session import Session
from mlops_local.account.statements.grant_targets import read_object, read_place
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import TIMESTAMP_LTZ

_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("privilege"),
    Column("granted_on"),
    Column("name"),
    Column("granted_to"),
    Column("grantee_name"),
    Column("grant_option", BOOLEAN),
    Column("granted_by"),
)
_ROLE_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("role"),
    Column("granted_to"),
    Column("grantee_name"),
    Column("granted_by"),
)
_FUTURE_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("privilege"),
    Column("grant_on"),
    Column("name"),
    Column("grant_to"),
    Column("grantee_name"),
    Column("grant_option", BOOLEAN),
)


def show_all(session: Session, reader: Reader) -> Result:
    """``SHOW [FUTURE] GRANTS [ON {ACCOUNT | kind name} | TO [ROLE] r | TO USER u | OF ROLE r | IN {DATABASE | SCHEMA} n]``."""
    if reader.accept("TO"):
        kind = reader.accept_any("ROLE", "USER") or "ROLE"
        grantee = reader.path()[0]
        reader.end()
        return _to_user(session, grantee) if kind == "USER" else _to_role(session, grantee)
    if reader.accept("OF", "ROLE"):
        role = reader.path()[0]
        reader.end()
        return _of_roles(session.catalogue.grants.where(object_kind="ROLE", object_name=role))
    if reader.accept("ON"):
        return _on(session, reader)
    reader.end()
    return _to_user(session, session.user)


def show_future(session: Session, reader: Reader) -> Result:
    """``SHOW FUTURE GRANTS {IN {DATABASE | SCHEMA} n | TO ROLE r}``."""
    if reader.accept("TO"):
        reader.accept("ROLE")
        found = session.catalogue.grants.where(grantee_kind="ROLE", grantee=reader.path()[0])
    else:
        reader.expect("IN")
        found = session.catalogue.grants.where(object=read_place(session, reader).id)
    reader.end()
    return rows(
        _FUTURE_COLUMNS,
        [
            (
                grant.created_on,
                grant.privilege,
                _spelled(grant.object_kind.removeprefix(FUTURE)),
                grant.object_name,
                grant.grantee_kind,
                grant.grantee,
                grant.grant_option,
            )
            for grant in found
            if grant.object_kind.startswith(FUTURE)
        ],
    )


def _spelled(kind: str) -> str:
    return kind.replace(" ", "_")


def _to_user(session: Session, user: str) -> Result:
    return _of_roles(session.catalogue.grants.where(grantee_kind="USER", grantee=user))


def _of_roles(grants: Iterable[Grant]) -> Result:
    listed = [(grant.created_on, grant.object_name, grant.grantee_kind, grant.grantee, grant.granted_by) for grant in grants]
    return rows(_ROLE_COLUMNS, listed)


def _to_role(session: Session, role: str) -> Result:
    found = session.catalogue.grants.where(grantee_kind="ROLE", grantee=role)
    owned = [_ownership(entry) for entry in session.catalogue.whole.owned_by(role)]
    return _listed(session, [*found, *owned])


def _on(session: Session, reader: Reader) -> Result:
    if reader.accept("ACCOUNT"):
        reader.end()
        return _listed(session, session.catalogue.grants.where(object_kind="ACCOUNT"))
    entry = read_object(session, reader)
    reader.end()
    found = (
        session.catalogue.grants.where(object_kind="ROLE", object_name=entry.name)
        if entry.kind == "ROLE"
        else session.catalogue.grants.where(object_kind=entry.kind, object=entry.id)
    )
    return _listed(session, [_ownership(entry), *found])


def _ownership(entry: Entry) -> Grant:
    """An object knows its owner; the row is made of that."""
    owner = entry.owner or ""
    return Grant(OWNERSHIP, entry.kind, entry.full_name, entry.id, "ROLE", owner, True, owner, entry.created_on)


def _listed(session: Session, grants: Iterable[Grant]) -> Result:
    shown = sorted((grant for grant in grants if not grant.object_kind.startswith(FUTURE)), key=_order)
    return rows(
        _COLUMNS,
        [
            (
                grant.created_on,
                grant.privilege,
                _spelled(grant.object_kind),
                _name(session, grant),
                grant.grantee_kind,
                grant.grantee,
                grant.grant_option,
                grant.granted_by,
            )
            for grant in shown
        ],
    )


def _order(grant: Grant) -> tuple[str, str, str, str]:
    return grant.object_kind, grant.object_name, grant.privilege, grant.grantee


def _name(session: Session, grant: Grant) -> str:
    """The name that the object has now."""
    entry = session.catalogue.by_id(grant.object) if grant.object is not None else None
    return entry.full_name if entry is not None else grant.object_name
