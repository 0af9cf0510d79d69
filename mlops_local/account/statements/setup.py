"""What every new account has: the system roles and the first administrator.

https://docs.snowflake.com/en/user-guide/security-access-control-overview#system-defined-roles
"""

from __future__ import annotations

from datetime import datetime

from mlops_local.account.access.grantable import GRANTABLE
from mlops_local.account.access.privileges import grant_role
from mlops_local.account.catalogue.grants import Grant
from mlops_local.account.session.session import Session
from mlops_local.account.statements import role

ADMINISTRATOR = "ADMIN"
_ON_ACCOUNT = {
    "USERADMIN": ("CREATE ROLE", "CREATE USER"),
    "SECURITYADMIN": ("CREATE NETWORK POLICY", "MANAGE GRANTS"),
    "SYSADMIN": ("CREATE COMPUTE POOL", "CREATE DATABASE", "CREATE WAREHOUSE", "MANAGE WAREHOUSES"),
}
_HIERARCHY = (("SECURITYADMIN", "ACCOUNTADMIN"), ("USERADMIN", "SECURITYADMIN"), ("SYSADMIN", "ACCOUNTADMIN"))


def create_defaults(session: Session) -> None:
    """Creates them in a new account; an account that has them is left alone."""
    now = session.account.clock.now()
    if not session.catalogue.grants.where(grantee="ACCOUNTADMIN", object_kind="ACCOUNT"):
        _grant_on_account(session, now)
    if session.catalogue.find("ROLE", "", "", "ACCOUNTADMIN"):
        return
    for name in role.SYSTEM_ROLES:
        role.add(session, name)
    for inner, outer in _HIERARCHY:
        grant_role(session.catalogue, inner, "ROLE", outer, by=None, at=now)
    session.catalogue.add(
        "USER", "", "", ADMINISTRATOR, owner="ACCOUNTADMIN", created_on=now, properties={"DEFAULT_ROLE": "ACCOUNTADMIN"}
    )
    grant_role(session.catalogue, "ACCOUNTADMIN", "USER", ADMINISTRATOR, by=None, at=now)


def _grant_on_account(session: Session, now: datetime) -> None:
    """What the lower system roles do not have is ACCOUNTADMIN's own."""
    lower = {privilege for privileges in _ON_ACCOUNT.values() for privilege in privileges}
    own = tuple(privilege for privilege in GRANTABLE["ACCOUNT"] if privilege not in lower)
    for role_name, privileges in {**_ON_ACCOUNT, "ACCOUNTADMIN": own}.items():
        for privilege in privileges:
            session.catalogue.grants.add(
                Grant(privilege, "ACCOUNT", session.account.name, None, "ROLE", role_name, True, None, now)
            )
