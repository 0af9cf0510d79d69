"""Who, where and when. https://docs.snowflake.com/en/sql-reference/functions-context"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from sqlglot import exp

from mlops_local.account.access.privileges import ALL
from mlops_local.account.errors import AccountError
from mlops_local.account.session.session import Session
from mlops_local.account.sql.conventions import conventions
from mlops_local.account.sql.extensions import system_function
from mlops_local.account.sql.functions.registry import Arguments, function
from mlops_local.account.sql.typed import string, template
from mlops_local.account.syntax.types import DATE, TEXT, TIME, TIMESTAMP_LTZ, TIMESTAMP_NTZ

VERSION = "9.32.0"
REGION = "LOCAL"


def _account_name(session: Session) -> str:
    return session.account.name


def _transaction(session: Session) -> str | None:
    return str(session.id) if session.explicit_transaction else None


def _secondary_roles(session: Session) -> str:
    """https://docs.snowflake.com/en/sql-reference/functions/current_secondary_roles"""
    chosen = session.secondary_roles
    everything = chosen == (ALL,)
    roles = session.catalogue.grants.roles_of("USER", session.user) if everything else list(chosen)
    return json.dumps({"roles": ",".join(roles), "value": ALL if everything else ",".join(roles)}, separators=(",", ":"))


_TEXTS: dict[str, Callable[[Session], str | None]] = {
    "CURRENT_USER": lambda session: session.user,
    "CURRENT_ROLE": lambda session: session.role,
    "CURRENT_WAREHOUSE": lambda session: session.warehouse,
    "CURRENT_DATABASE": lambda session: session.database,
    "CURRENT_SCHEMA": lambda session: session.schema,
    "CURRENT_ACCOUNT": _account_name,
    "CURRENT_ACCOUNT_NAME": _account_name,
    "CURRENT_ORGANIZATION_NAME": _account_name,
    "CURRENT_REGION": lambda session: REGION,
    "CURRENT_SESSION": lambda session: str(session.id),
    "CURRENT_VERSION": lambda session: VERSION,
    "CURRENT_IP_ADDRESS": lambda session: "127.0.0.1",
    "CURRENT_SECONDARY_ROLES": _secondary_roles,
    "CURRENT_TRANSACTION": _transaction,
}


def _add_text(name: str, value: Callable[[Session], str | None]) -> None:
    def build(arguments: Arguments) -> exp.Expr:
        found = value(arguments.scope.context.session)
        return template("CAST(NULL AS VARCHAR)", type_=TEXT) if found is None else string(found)

    function(name, least=0)(build)


for _name, _value in _TEXTS.items():
    _add_text(_name, _value)


def _now(arguments: Arguments, zone: str | None = None) -> str:
    moment = arguments.scope.context.session.account.clock.now()
    return (moment.astimezone(ZoneInfo(zone)) if zone else moment).isoformat(sep=" ")


@function("CURRENT_TIMESTAMP", "GETDATE", "LOCALTIMESTAMP", "SYSTIMESTAMP", least=0, most=1)
def current_timestamp(arguments: Arguments) -> exp.Expr:
    """The account's clock, the same throughout a statement."""
    return template(f"CAST('{_now(arguments)}' AS TIMESTAMPTZ)", type_=TIMESTAMP_LTZ)


@function("SYSDATE", least=0)
def sysdate(arguments: Arguments) -> exp.Expr:
    """UTC without a zone. https://docs.snowflake.com/en/sql-reference/functions/sysdate"""
    return template(f"CAST('{_now(arguments)[:26]}' AS TIMESTAMP_NS)", type_=TIMESTAMP_NTZ)


@function("CURRENT_DATE", least=0)
def current_date(arguments: Arguments) -> exp.Expr:
    return template(f"CAST('{_now(arguments, conventions().zone)[:10]}' AS DATE)", type_=DATE)


@function("CURRENT_TIME", "LOCALTIME", least=0, most=1)
def current_time(arguments: Arguments) -> exp.Expr:
    return template(f"CAST('{_now(arguments, conventions().zone)[11:26]}' AS TIME)", type_=TIME)


@system_function("LAST_QUERY_ID")
def last_query_id(session: Session, arguments: list[Any]) -> str | None:
    """``-1`` (or nothing) is the last statement, ``1`` the first. https://docs.snowflake.com/en/sql-reference/functions/last_query_id"""
    number = int(arguments[0]) if arguments else -1
    known = session.last_query_ids
    if number == 0 or abs(number) > len(known):
        if arguments and known:
            raise AccountError(711, "02000", f"SQL compilation error:\nThe session has no statement number {number}.")
        return None
    return known[number] if number < 0 else known[number - 1]


@system_function("IS_ROLE_IN_SESSION")
def is_role_in_session(session: Session, arguments: list[Any]) -> bool:
    """https://docs.snowflake.com/en/sql-reference/functions/is_role_in_session"""
    held = session.access.holdings
    return held is None or str(arguments[0] if arguments else "") in held.roles


@system_function("CURRENT_AVAILABLE_ROLES")
def available_roles(session: Session, arguments: list[Any]) -> str:
    roles = session.catalogue.grants.roles_of("USER", session.user)
    return "[" + ", ".join(f'"{role}"' for role in sorted({*roles, "PUBLIC"})) + "]"
