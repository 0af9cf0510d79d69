"""``ALTER USER .. {ADD | MODIFY | ROTATE | REMOVE} PROGRAMMATIC ACCESS TOKEN`` and what shows them.

A network policy is not asked for, because the account has none.
https://docs.snowflake.com/en/sql-reference/sql/alter-user-add-programmatic-access-token and the pages beside it
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from mlops_local.account.access.access_tokens import KIND as TOKEN
from mlops_local.account.access.access_tokens import AccessToken, hash_secret, new_secret, tokens_of, with_secret
from mlops_local.account.access.privileges import may_take_role
from mlops_local.account.catalogue.catalogue import Catalogue
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError, already_exists, compilation_error, does_not_exist
from mlops_local.account.session.result import SUCCEEDED, Column, Result, StatementType, rows, status
from mlops_local.account.session.session import Session
from mlops_local.account.sql.extensions import system_function
from mlops_local.account.statements.kind import Kind
from mlops_local.account.statements.options import read_options
from mlops_local.account.syntax.names import Name
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import INTEGER, TIMESTAMP_LTZ

VERBS = ("ADD", "MODIFY", "ROTATE", "REMOVE")
_MOST = 15
_DAYS = 15
_ROTATED_HOURS = 24
_MINUTES = "MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT"
_LIMITS = {"DAYS_TO_EXPIRY": (1, 365), _MINUTES: (1, 1440)}


def alter(session: Session, reader: Reader, user: Entry | None) -> Result:
    """The reader stands at the verb. Without the user (IF EXISTS), the statement is read and does nothing."""
    verb = reader.next().upper
    if not reader.accept("PAT"):
        reader.expect("PROGRAMMATIC", "ACCESS", "TOKEN")
    if_exists = verb in {"ROTATE", "REMOVE"} and reader.accept("IF", "EXISTS")
    name = reader.identifier()
    if session.by_access_token and user is not None and user.name == session.user:
        raise AccountError(
            99210, "42501", "A session signed in with a programmatic access token cannot change the user's tokens."
        )
    return _CHANGES[verb](session, reader, user, name, if_exists)


def _add(session: Session, reader: Reader, user: Entry | None, name: str, if_exists: bool) -> Result:
    options = _read(reader, {"ROLE_RESTRICTION": str, "DAYS_TO_EXPIRY": int, _MINUTES: int, "COMMENT": str})
    if user is None:
        return status(SUCCEEDED)
    now, catalogue = session.account.clock.now(), session.catalogue
    known = tokens_of(catalogue, user, now)
    if any(token.entry.name == name for token in known):
        raise already_exists(TOKEN, name)
    if sum(token.state(now) != "EXPIRED" for token in known) >= _MOST:
        raise compilation_error(
            99211, "22023", f"User {user.name} has {_MOST} programmatic access tokens, the most there may be."
        )
    role = _restriction(catalogue, user, options.get("ROLE_RESTRICTION"))
    secret = new_secret()
    _keep(session, user, name, secret, now, {"ROLE": role, "DAYS": options.get("DAYS_TO_EXPIRY", _DAYS)}, options)
    return _shown(name, secret)


def _read(reader: Reader, expected: dict[str, type]) -> dict[str, Any]:
    options = read_options(reader, expected)
    reader.end()
    for name, (low, high) in _LIMITS.items():
        if name in options and not low <= options[name] <= high:
            raise compilation_error(1008, "22023", f"invalid value [{options[name]}] for parameter '{name}'")
    return options


def _restriction(catalogue: Catalogue, user: Entry, role: str | None) -> str | None:
    if role is None and user.properties.get("TYPE") in {"SERVICE", "LEGACY_SERVICE"}:
        raise compilation_error(
            99212, "22023", "ROLE_RESTRICTION is required for the programmatic access token of a service user."
        )
    if role is None:
        return None
    if not may_take_role(catalogue, user.name, role.upper()):
        raise does_not_exist("Role", role)
    return role.upper()


def _keep(
    session: Session, user: Entry, name: str, secret: str, now: datetime, kept: dict[str, Any], options: dict[str, Any]
) -> None:
    expires = now + timedelta(days=kept["DAYS"])
    properties = {
        **kept,
        "SECRET": hash_secret(secret),
        "EXPIRES": expires.isoformat(),
        "CREATED_BY": session.user,
        _MINUTES: options.get(_MINUTES),
    }
    session.catalogue.add(
        TOKEN,
        "",
        "",
        name,
        owner=session.role,
        created_on=now,
        comment=options.get("COMMENT", ""),
        properties=properties,
        parent=user.id,
    )


def _shown(name: str, secret: str, rotated: str | None = None) -> Result:
    """The only time that the secret is told."""
    told = {"token_name": name, "token_secret": secret} | ({"rotated_token_name": rotated} if rotated else {})
    return rows([Column(column, nullable=False) for column in told], [list(told.values())], type_=StatementType.DDL)


def _find(session: Session, user: Entry | None, name: str, if_exists: bool) -> AccessToken | None:
    if user is None:
        return None
    entry = session.catalogue.find(TOKEN, "", "", name, parent=user.id)
    if entry is None and not if_exists:
        raise does_not_exist(TOKEN, name)
    return AccessToken(entry) if entry else None


def _rotate(session: Session, reader: Reader, user: Entry | None, name: str, if_exists: bool) -> Result:
    """A new secret under the name; the old one goes on under another, for a while."""
    options = _read(reader, {"EXPIRE_ROTATED_TOKEN_AFTER_HOURS": int})
    token = _find(session, user, name, if_exists)
    if token is None or user is None:
        return status(SUCCEEDED)
    now, old = session.account.clock.now(), token.entry
    end = min(token.expires, now + timedelta(hours=options.get("EXPIRE_ROTATED_TOKEN_AFTER_HOURS", _ROTATED_HOURS)))
    rotated = f"{name}_ROTATED_{int(now.timestamp() * 1000)}"
    session.catalogue.rename(old, Name("", "", rotated))
    session.catalogue.update(old, EXPIRES=end.isoformat(), ROTATED_TO=name)
    secret = new_secret()
    _keep(session, user, name, secret, now, {"ROLE": token.role, "DAYS": old.properties["DAYS"]}, {"COMMENT": old.comment})
    return _shown(name, secret, rotated)


def _remove(session: Session, reader: Reader, user: Entry | None, name: str, if_exists: bool) -> Result:
    reader.end()
    token = _find(session, user, name, if_exists)
    if token is not None:
        session.catalogue.remove(token.entry)
    return status(f"Programmatic access token {name} successfully removed." if token else SUCCEEDED)


def _modify(session: Session, reader: Reader, user: Entry | None, name: str, if_exists: bool) -> Result:
    if reader.accept("RENAME", "TO"):
        to = reader.identifier()
        reader.end()
        token = _find(session, user, name, False)
        if token is not None:
            session.catalogue.rename(token.entry, Name("", "", to))
        return status(SUCCEEDED)
    reader.expect("SET")
    options = _read(reader, {"DISABLED": bool, _MINUTES: int, "COMMENT": str})
    token = _find(session, user, name, False)
    if token is not None:
        session.catalogue.update(token.entry, comment=options.pop("COMMENT", None), **options)
    return status(SUCCEEDED)


_CHANGES = {"ADD": _add, "MODIFY": _modify, "REMOVE": _remove, "ROTATE": _rotate}
_COLUMNS = (
    Column("name"),
    Column("user_name"),
    Column("role_restriction"),
    Column("expires_at", TIMESTAMP_LTZ),
    Column("status"),
    Column("comment"),
    Column("created_on", TIMESTAMP_LTZ),
    Column("created_by"),
    Column("mins_to_bypass_network_policy_requirement", INTEGER),
    Column("rotated_to"),
)


def _show(session: Session, reader: Reader) -> Result:
    """``[FOR USER name]``. https://docs.snowflake.com/en/sql-reference/sql/show-user-programmatic-access-tokens"""
    user = session.catalogue.get("USER", "", "", reader.path()[0] if reader.accept("FOR", "USER") else session.user)
    reader.end()
    now = session.account.clock.now()
    return rows(_COLUMNS, [_row(user, token, now) for token in tokens_of(session.catalogue, user, now)])


def _row(user: Entry, token: AccessToken, now: datetime) -> tuple[Any, ...]:
    entry, get = token.entry, token.entry.properties.get
    return (
        entry.name, user.name, token.role, token.expires, token.state(now), entry.comment, entry.created_on,
        get("CREATED_BY"), get(_MINUTES), get("ROTATED_TO"),
    )  # fmt: skip


@system_function("SYSTEM$DECODE_PAT")
def decode(session: Session, arguments: list[Any]) -> str:
    """https://docs.snowflake.com/en/sql-reference/functions/system_decode_pat"""
    now = session.account.clock.now()
    for user in session.catalogue.list("USER"):
        token = with_secret(tokens_of(session.catalogue, user, now), str(arguments[0]) if arguments else "")
        if token is not None:
            return json.dumps({"STATE": token.state(now), "PAT_NAME": token.entry.name, "USER_NAME": user.name})
    raise AccountError(394400, "22023", "Programmatic access token is invalid.")


KIND = Kind("", "USER PROGRAMMATIC ACCESS TOKENS", show=_show)
SHORT_KIND = Kind("", "USER PATS", show=_show)
