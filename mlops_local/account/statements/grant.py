"""GRANT and REVOKE: who may give which privilege to whom, and what taking it back takes along.

https://docs.snowflake.com/en/sql-reference/sql/grant-privilege, https://docs.snowflake.com/en/sql-reference/sql/revoke-privilege
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mlops_local.account.access.grantable import granted
from mlops_local.account.access.privileges import OWNERSHIP, grant_role, inherited
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.catalogue.grants import Grant
from mlops_local.account.errors import AccountError, compilation_error, insufficient_privileges, unsupported
from mlops_local.account.session.result import SUCCEEDED, Result, status
from mlops_local.account.session.session import Request, Session
from mlops_local.account.statements.grant_show import show_all, show_future
from mlops_local.account.statements.grant_targets import (
    Target,
    read_grantee,
    read_privileges,
    read_role,
    read_role_or_user,
    read_targets,
)
from mlops_local.account.statements.kind import Kind
from mlops_local.account.syntax.reader import Reader

MANAGE_GRANTS = "MANAGE GRANTS"
_ALL = (["ALL"], ["ALL PRIVILEGES"])
# Of these ownership goes to nobody else.
_KEPT = ("DATASET", "MODEL")


def grant(session: Session, reader: Reader, request: Request) -> Result:
    reader.next()
    with session.ddl():
        if reader.accept("ROLE"):
            return _grant_role(session, reader)
        return _grant_privileges(session, reader)


def _grant_role(session: Session, reader: Reader) -> Result:
    role, grantee = _read_role_grant(session, reader, "TO")
    if grantee.kind == "ROLE" and grantee.name in inherited(session.catalogue, role.name):
        raise compilation_error(
            1003, "42601", f"role '{role.name}' cannot be granted to role '{grantee.name}': it would contain itself."
        )
    grant_role(session.catalogue, role.name, grantee.kind, grantee.name, by=session.role, at=session.account.clock.now())
    return status(SUCCEEDED)


def _read_role_grant(session: Session, reader: Reader, word: str) -> tuple[Entry, Entry]:
    """``r {TO | FROM} {ROLE | USER} n``, from somebody who may."""
    role = read_role(session, reader)
    reader.expect(word)
    grantee = read_role_or_user(session, reader)
    reader.end()
    _authorise_role(session, role)
    return role, grantee


def _authorise_role(session: Session, role: Entry) -> None:
    """The owner of the role, or who may manage grants; ACCOUNTADMIN can be had from ACCOUNTADMIN only."""
    held = session.access.holdings
    if held is None or held.owns(role):
        return
    if role.name == "ACCOUNTADMIN" or not session.access.holds_on_account(MANAGE_GRANTS):
        raise insufficient_privileges("ROLE", role.name)
    session.access.demand_on_account(MANAGE_GRANTS)


def _grant_privileges(session: Session, reader: Reader) -> Result:
    privileges = read_privileges(reader, "ON")
    targets = read_targets(session, reader)
    reader.expect("TO")
    role = read_grantee(session, reader)
    option = reader.accept("WITH", "GRANT", "OPTION")
    current = reader.accept_any("COPY", "REVOKE") if privileges == [OWNERSHIP] else None
    if current:
        reader.expect("CURRENT", "GRANTS")
    reader.end()
    for target in targets:
        known = granted(privileges, target.base)
        if privileges == [OWNERSHIP] and not target.future:
            _transfer(session, target, role, current)
            continue
        for privilege, by in _grantors(session, target, known, every=privileges not in _ALL):
            session.catalogue.grants.add(_grant(session, privilege, target, role, option=option, by=by))
    return status(SUCCEEDED)


def _grant(session: Session, privilege: str, target: Target, role: str, *, option: bool, by: str | None) -> Grant:
    object_ = target.entry.id if target.entry else None
    return Grant(privilege, target.kind, target.name, object_, "ROLE", role, option, by, session.account.clock.now())


# Who may


def _grantors(session: Session, target: Target, privileges: list[str], *, every: bool) -> list[tuple[str, str]]:
    """Each privilege with the role that is its grantor. With ALL, those are left out that nobody active may grant."""
    found = [(privilege, _grantor(session, target, privilege)) for privilege in privileges]
    allowed = [(privilege, by) for privilege, by in found if by is not None]
    if not allowed or (every and len(allowed) < len(found)):
        raise _refusal(session, target)
    return allowed


def _refusal(session: Session, target: Target) -> AccountError:
    if target.entry is None:
        return AccountError(3102, "42501", "Grant not executed: Insufficient privileges.")
    return insufficient_privileges(target.entry.kind, target.entry.name)


def _grantor(session: Session, target: Target, privilege: str) -> str | None:
    """The owner grants, in a managed schema the owner of the schema; else who may manage grants, or has the grant option."""
    held = session.access.holdings
    owner = _manager(session, target)
    if held is None or (owner is not None and owner in held.roles):
        return owner or session.role
    if session.access.holds_on_account(MANAGE_GRANTS):
        session.access.demand_on_account(MANAGE_GRANTS)
        return owner or session.role
    if target.future or _managed(session, target) is not None:
        return None
    options = session.catalogue.grants.where(**target.key, privilege=privilege, grant_option=True)
    return next((grant.grantee for grant in options if grant.grantee in held.roles), None)


def _manager(session: Session, target: Target) -> str | None:
    """The role whose business the grants on it are; None for the account, and for future objects of a schema that is not managed."""
    if target.entry is None:
        return None
    managed = _managed(session, target)
    if managed is not None:
        return managed.owner
    return None if target.future else target.entry.owner


def _managed(session: Session, target: Target) -> Entry | None:
    """The schema with managed access that the target lies in, or the schema itself for its future objects."""
    entry = target.entry
    if entry is None:
        return None
    schema = entry if target.future and entry.kind == "SCHEMA" else None
    if entry.schema:
        schema = session.catalogue.whole.find("SCHEMA", entry.database, "", entry.schema)
    return schema if schema is not None and schema.properties.get("MANAGED") else None


# Ownership


def _transfer(session: Session, target: Target, role: str, current: str | None) -> None:
    """https://docs.snowflake.com/en/sql-reference/sql/grant-ownership"""
    entry = target.entry
    assert entry is not None
    if entry.kind in _KEPT:
        raise unsupported(f"GRANT OWNERSHIP ON {entry.kind}")
    if _grantor(session, target, OWNERSHIP) is None:
        raise _refusal(session, target)
    _require_active(session, target, role)
    grants = session.catalogue.grants
    dependent = grants.where(**target.key)
    if current == "REVOKE":
        grants.remove(dependent)
    elif current == "COPY":
        for grant in dependent:
            if grant.granted_by == entry.owner:
                grants.add(replace(grant, granted_by=role))
    elif dependent and entry.owner != role:
        raise _dependent(dependent[0])
    with session.access.as_account():
        session.catalogue.update(entry, owner=role)


def _require_active(session: Session, target: Target, role: str) -> None:
    """https://docs.snowflake.com/en/release-notes/bcr-bundles/2026_07/bcr-2395"""
    held = session.access.holdings
    if held is not None and role not in held.roles and not session.access.holds_on_account(MANAGE_GRANTS):
        raise compilation_error(
            3001,
            "42501",
            f"{target.kind} ownership can only be transferred to a role that is activated in the current session or by a role with "
            "account-level MANAGE GRANTS.",
        )


def _dependent(grant: Grant) -> AccountError:
    return AccountError(
        3036,
        "23001",
        f"SQL execution error: Dependent grant of privilege '{grant.privilege}' on securable '{grant.object_name}' to role "
        f"'{grant.grantee}' exists. It must be revoked first. More than one dependent grant may exist: use 'SHOW GRANTS' command to "
        "view them. To revoke all dependent grants while transferring object ownership, use convenience command 'GRANT OWNERSHIP ON "
        "<target_objects> TO <target_role> REVOKE CURRENT GRANTS'.",
    )


# Revoking


def revoke(session: Session, reader: Reader, request: Request) -> Result:
    reader.next()
    option_only = reader.accept("GRANT", "OPTION", "FOR")
    with session.ddl():
        if not option_only and reader.accept("ROLE"):
            return _revoke_role(session, reader)
        return _revoke_privileges(session, reader, option_only=option_only)


def _revoke_role(session: Session, reader: Reader) -> Result:
    role, grantee = _read_role_grant(session, reader, "FROM")
    grants = session.catalogue.grants
    grants.remove(grants.where(object_kind="ROLE", object_name=role.name, grantee_kind=grantee.kind, grantee=grantee.name))
    return status(SUCCEEDED)


def _revoke_privileges(session: Session, reader: Reader, *, option_only: bool) -> Result:
    privileges = read_privileges(reader, "ON")
    targets = read_targets(session, reader)
    reader.expect("FROM")
    role = read_grantee(session, reader)
    cascade = reader.accept_any("CASCADE", "RESTRICT") == "CASCADE"
    reader.end()
    take = _without_option if option_only else None
    kept = 0
    for target in targets:
        if privileges == [OWNERSHIP] and not target.future:
            raise unsupported("REVOKE OWNERSHIP; grant it to another role")
        known = granted(privileges, target.base)
        for privilege, _ in _grantors(session, target, known, every=privileges not in _ALL):
            for grant in session.catalogue.grants.where(**target.key, privilege=privilege, grantee_kind="ROLE", grantee=role):
                kept += _revoke(session, target, grant, cascade=cascade, instead=take)
    if kept:
        raise AccountError(
            3935,
            "23001",
            f"Revoke not executed: {kept} grant(s) skipped due to dependent grants and no CASCADE is specified.",
        )
    return status(SUCCEEDED)


def _without_option(grant: Grant) -> Grant:
    return replace(grant, grant_option=False)


def _revoke(session: Session, target: Target, grant: Grant, *, cascade: bool, instead: Callable[[Grant], Grant] | None) -> int:
    """Takes the grant back, with CASCADE those that its grantee has given on; how many were kept because of such."""
    grants = session.catalogue.grants
    given_on = [
        other
        for other in grants.where(**target.key, privilege=grant.privilege, granted_by=grant.grantee)
        if grant.grant_option and other.grantee != grant.grantee
    ]
    if given_on and not cascade:
        return 1
    grants.remove([grant])
    if instead is not None:
        grants.add(instead(grant))
    for other in given_on:
        _revoke(session, target, other, cascade=True, instead=None)
    return 0


KIND = Kind("GRANT", "GRANTS", show=show_all)
FUTURE_KIND = Kind("", "FUTURE GRANTS", show=show_future)
