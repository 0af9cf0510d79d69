"""Roles. https://docs.snowflake.com/en/sql-reference/sql/create-role"""

from __future__ import annotations

from mlops_local.account.access.privileges import OWNERSHIP, inherited, roles_of
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError
from mlops_local.account.session.result import Column, Result
from mlops_local.account.session.session import Session
from mlops_local.account.statements import account_object
from mlops_local.account.statements.kind import Creation, Kind, read_filter, show
from mlops_local.account.statements.options import read_options
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import INTEGER, TIMESTAMP_LTZ

SYSTEM_ROLES = ("ACCOUNTADMIN", "SECURITYADMIN", "USERADMIN", "SYSADMIN", "PUBLIC")


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    name = reader.path()[0]
    options = read_options(reader, {"COMMENT": str})
    reader.end()
    return account_object.create(session, "ROLE", name, creation, lambda: add(session, name, comment=options.get("COMMENT", "")))


def add(session: Session, name: str, *, comment: str = "") -> None:
    account_object.add(session, "ROLE", name, comment=comment)


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    return account_object.set_comment(session, "ROLE", reader, if_exists)


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    name = reader.path()[0]
    reader.end()
    if name in SYSTEM_ROLES:
        raise AccountError(3001, "42501", f"SQL access control error:\nCannot drop role '{name}': it is defined by the system.")
    return account_object.drop(session, "ROLE", name, if_exists=if_exists, remove=lambda entry: _remove(session, entry))


def _remove(session: Session, entry: Entry) -> None:
    """What the role owned is owned by the role that drops it. https://docs.snowflake.com/en/sql-reference/sql/drop-role"""
    session.access.demand(OWNERSHIP, entry)
    with session.access.as_account():
        for owned in session.catalogue.owned_by(entry.name):
            session.catalogue.update(owned, owner=session.role)
        session.catalogue.remove(entry)


_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("name"),
    Column("is_default"),
    Column("is_current"),
    Column("is_inherited"),
    Column("assigned_to_users", INTEGER),
    Column("granted_to_roles", INTEGER),
    Column("granted_roles", INTEGER),
    Column("owner"),
    Column("comment"),
)


def show_all(session: Session, reader: Reader) -> Result:
    shown = read_filter(session, reader)
    mine = roles_of(session.catalogue, session.user) | inherited(session.catalogue, session.role or "PUBLIC")
    grants = session.catalogue.grants.where(object_kind="ROLE", privilege="USAGE")

    def granted_to(kind: str, name: str) -> int:
        return sum(1 for grant in grants if grant.grantee_kind == kind and grant.object_name == name)

    return show(
        _COLUMNS,
        shown,
        session.catalogue.list("ROLE"),
        lambda entry: (
            entry.created_on,
            entry.name,
            "N",
            "Y" if entry.name == session.role else "N",
            "Y" if entry.name in mine else "N",
            granted_to("USER", entry.name),
            granted_to("ROLE", entry.name),
            len(session.catalogue.grants.roles_of("ROLE", entry.name)),
            entry.owner,
            entry.comment,
        ),
    )


KIND = Kind("ROLE", "ROLES", create=create, alter=alter, drop=drop, show=show_all)
