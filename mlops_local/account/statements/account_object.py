"""What the statements about objects of the account itself share: roles, users, warehouses, databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import already_exists
from mlops_local.account.session.result import SUCCEEDED, Result, status
from mlops_local.account.session.session import Session
from mlops_local.account.statements.kind import Creation
from mlops_local.account.statements.options import read_options
from mlops_local.account.syntax.reader import Reader

Remove = Callable[[Entry], Any]


def find(session: Session, kind: str, name: str, *, if_exists: bool = True) -> Entry | None:
    """The object; refused with 2003 when it is absent and must not be."""
    return session.catalogue.find(kind, "", "", name) if if_exists else session.catalogue.get(kind, "", "", name)


def add(session: Session, kind: str, name: str, *, comment: str = "", properties: dict[str, Any] | None = None) -> Entry:
    return session.catalogue.add(
        kind,
        "",
        "",
        name,
        owner=session.role,
        created_on=session.account.clock.now(),
        comment=comment,
        properties=properties,
    )


def create(
    session: Session, kind: str, name: str, creation: Creation, make: Callable[[], Any], *, remove: Remove | None = None
) -> Result:
    """IF NOT EXISTS keeps the one there is, OR REPLACE removes it first, else it is refused."""
    with session.ddl():
        session.access.create(kind, "", "")
        existing = find(session, kind, name)
        if existing and creation.if_not_exists:
            return status(f"{name} already exists, statement succeeded.")
        if existing and not creation.or_replace:
            raise already_exists("Object" if kind in {"DATABASE", "WAREHOUSE"} else kind, name)
        if existing:
            (remove or session.catalogue.remove)(existing)
        make()
    return status(f"{kind.capitalize()} {name} successfully created.")


def drop(session: Session, kind: str, name: str, *, if_exists: bool, remove: Remove | None = None) -> Result:
    with session.ddl():
        entry = find(session, kind, name, if_exists=if_exists)
        if entry is None:
            return status(f"Drop statement executed successfully ({name} already dropped).")
        (remove or session.catalogue.remove)(entry)
    return status(f"{name} successfully dropped.")


def set_comment(session: Session, kind: str, reader: Reader, if_exists: bool) -> Result:
    """``ALTER kind name SET COMMENT = '..'``, the only change that the kind takes here."""
    name = reader.path()[0]
    reader.expect("SET")
    options = read_options(reader, {"COMMENT": str})
    reader.end()
    with session.ddl():
        entry = find(session, kind, name, if_exists=if_exists)
        if entry is not None:
            session.catalogue.update(entry, comment=options.get("COMMENT"))
    return status(SUCCEEDED)
