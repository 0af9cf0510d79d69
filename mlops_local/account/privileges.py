"""Who may act as which role: grants of roles to users and to roles, followed upwards.

https://docs.snowflake.com/en/user-guide/security-access-control-overview
"""

from __future__ import annotations

from datetime import datetime

from mlops_local.account.catalogue import Catalogue


def may_take_role(catalogue: Catalogue, user: str, role: str) -> bool:
    """PUBLIC is everybody's; the account itself (SYSTEM) may take any role that exists."""
    if catalogue.find("ROLE", "", "", role) is None:
        return False
    return role == "PUBLIC" or user == "SYSTEM" or role in roles_of(catalogue, user)


def roles_of(catalogue: Catalogue, user: str) -> set[str]:
    """Every role that the user has, directly or through another role."""
    return _close(catalogue, catalogue.granted_roles("USER", user))


def inherited(catalogue: Catalogue, role: str) -> set[str]:
    """The role and every role granted to it, directly or not."""
    return _close(catalogue, [role])


def _close(catalogue: Catalogue, roles: list[str]) -> set[str]:
    found: set[str] = set()
    pending = [*roles]
    while pending:
        role = pending.pop()
        if role not in found:
            found.add(role)
            pending += catalogue.granted_roles("ROLE", role)
    return found


def grant_role(catalogue: Catalogue, role: str, grantee_kind: str, grantee: str, *, by: str | None, at: datetime) -> None:
    if role not in catalogue.granted_roles(grantee_kind, grantee):
        catalogue.add_grant("USAGE", "ROLE", role, None, grantee_kind, grantee, by=by, at=at)
