"""``WORKLOAD_IDENTITY = (TYPE = OIDC ..)`` of a user: whose tokens of which issuer are this user's.

https://docs.snowflake.com/en/user-guide/workload-identity-federation
"""

from __future__ import annotations

import json
from typing import Any

from mlops_local.account.catalogue.catalogue import Catalogue
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import compilation_error, unsupported
from mlops_local.account.session.result import Column, Result, rows
from mlops_local.account.session.session import Session
from mlops_local.account.statements.kind import Kind
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import OBJECT, TIMESTAMP_LTZ

OPTION = "WORKLOAD_IDENTITY"
AUDIENCE = "snowflakecomputing.com"
_SERVICES = {"SERVICE", "LEGACY_SERVICE"}


def read(reader: Reader) -> dict[str, Any]:
    """``= (TYPE = OIDC ISSUER = '..' SUBJECT = '..' [OIDC_AUDIENCE_LIST = ('..', ..)])``"""
    found: dict[str, Any] = {}
    reader.accept("=")
    reader.expect("(")
    while not reader.accept(")"):
        name = reader.accept_any("TYPE", "ISSUER", "SUBJECT", "OIDC_AUDIENCE_LIST")
        if name is None:
            raise reader.refuse()
        reader.accept("=")
        found[name] = _audiences(reader) if name == "OIDC_AUDIENCE_LIST" else _text(reader)
        reader.accept(",")
    return _checked(found)


def _text(reader: Reader) -> str:
    return reader.string() if reader.token.kind == "string" else reader.identifier()


def _audiences(reader: Reader) -> list[str]:
    reader.expect("(")
    listed = [reader.string()]
    while reader.accept(","):
        listed.append(reader.string())
    reader.expect(")")
    return listed


def _checked(found: dict[str, Any]) -> dict[str, Any]:
    type_ = str(found.get("TYPE", "")).upper()
    if type_ in {"AWS", "AZURE", "GCP"}:
        raise unsupported(f"WORKLOAD_IDENTITY of TYPE {type_}")
    for name in ("ISSUER", "SUBJECT"):
        if type_ != "OIDC" or not found.get(name):
            raise compilation_error(
                4616, "42601", f"Missing or invalid property in WORKLOAD_IDENTITY: {name if type_ else 'TYPE'}."
            )
    if not found["ISSUER"].startswith("https://"):
        raise compilation_error(
            4616, "42601", f"Invalid ISSUER property in WORKLOAD_IDENTITY of TYPE 'OIDC': '{found['ISSUER']}'."
        )
    return {**found, "TYPE": type_}


def check(catalogue: Catalogue, user: str, kept: dict[str, Any]) -> None:
    """Only service users have one, and no two users the same."""
    identity = kept.get(OPTION)
    if identity is None:
        return
    if kept.get("TYPE") not in _SERVICES:
        raise compilation_error(99209, "22023", "WORKLOAD_IDENTITY can be set on users of type SERVICE only.")
    other = find(catalogue, identity["ISSUER"], identity["SUBJECT"])
    if other is not None and other.name != user:
        raise compilation_error(4616, "42601", "Another user has the same WORKLOAD_IDENTITY.")


def find(catalogue: Catalogue, issuer: str, subject: str) -> Entry | None:
    """The user that this subject of this issuer is."""
    for user in catalogue.list("USER"):
        identity = user.properties.get(OPTION)
        if identity and (identity["ISSUER"], identity["SUBJECT"]) == (issuer, subject):
            return user
    return None


def audiences(user: Entry) -> list[str]:
    listed: list[str] = user.properties[OPTION].get("OIDC_AUDIENCE_LIST") or [AUDIENCE]
    return listed


_COLUMNS = (
    Column("name"),
    Column("type"),
    Column("comment"),
    Column("last_used", TIMESTAMP_LTZ),
    Column("created_on", TIMESTAMP_LTZ),
    Column("additional_info", OBJECT),
)


def _show(session: Session, reader: Reader) -> Result:
    """https://docs.snowflake.com/en/sql-reference/sql/show-user-workload-identity-authentication-methods"""
    user = session.catalogue.get("USER", "", "", reader.path()[0] if reader.accept("FOR", "USER") else session.user)
    reader.end()
    identity = user.properties.get(OPTION)
    if identity is None:
        return rows(_COLUMNS, [])
    told = {"issuer": identity["ISSUER"], "subject": identity["SUBJECT"], "audienceList": audiences(user)}
    return rows(_COLUMNS, [("DEFAULT", identity["TYPE"], None, None, user.created_on, json.dumps(told))])


KIND = Kind("", "USER WORKLOAD IDENTITY AUTHENTICATION METHODS", show=_show)
