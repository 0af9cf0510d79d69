"""What every new account has: the system roles and the first administrator.

https://docs.snowflake.com/en/user-guide/security-access-control-overview#system-defined-roles
"""

from __future__ import annotations

from mlops_local.account.privileges import grant_role
from mlops_local.account.session import Session
from mlops_local.account.statements import role

ADMINISTRATOR = "ADMIN"
_HIERARCHY = (("SECURITYADMIN", "ACCOUNTADMIN"), ("USERADMIN", "SECURITYADMIN"), ("SYSADMIN", "ACCOUNTADMIN"))


def create_defaults(session: Session) -> None:
    """Creates them in a new account; an account that has them is left alone."""
    if session.catalogue.find("ROLE", "", "", "ACCOUNTADMIN"):
        return
    now = session.account.clock.now()
    for name in role.SYSTEM_ROLES:
        role.add(session, name)
    for inner, outer in _HIERARCHY:
        grant_role(session.catalogue, inner, "ROLE", outer, by=None, at=now)
    session.catalogue.add(
        "USER", "", "", ADMINISTRATOR, owner="ACCOUNTADMIN", created_on=now, properties={"DEFAULT_ROLE": "ACCOUNTADMIN"}
    )
    grant_role(session.catalogue, "ACCOUNTADMIN", "USER", ADMINISTRATOR, by=None, at=now)
