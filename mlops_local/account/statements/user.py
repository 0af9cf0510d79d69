"""Users, and the public keys that sign-in checks a key pair against.

https://docs.snowflake.com/en/sql-reference/sql/create-user, https://docs.snowflake.com/en/user-guide/key-pair-auth
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mlops_local.account.errors import AccountError, unsupported
from mlops_local.account.reader import Reader
from mlops_local.account.result import SUCCEEDED, Column, Result, rows, status
from mlops_local.account.session import Session
from mlops_local.account.statements import account_object
from mlops_local.account.statements.kind import Creation, Kind, read_filter, show
from mlops_local.account.statements.options import read_options
from mlops_local.account.types import TIMESTAMP_LTZ

_KEYS = ("RSA_PUBLIC_KEY", "RSA_PUBLIC_KEY_2")
_OPTIONS: dict[str, type] = {
    "PASSWORD": str,
    "RSA_PUBLIC_KEY": str,
    "RSA_PUBLIC_KEY_2": str,
    "DEFAULT_ROLE": str,
    "DEFAULT_WAREHOUSE": str,
    "DEFAULT_NAMESPACE": str,
    "DISABLED": bool,
    "TYPE": str,
    "COMMENT": str,
    "LOGIN_NAME": str,
    "DISPLAY_NAME": str,
    "EMAIL": str,
    "MUST_CHANGE_PASSWORD": bool,
}
_ROUNDS = 200_000


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    name = reader.path()[0]
    options = read_options(reader, _OPTIONS)
    reader.end()
    _check_login_name(name, options)
    comment, kept = options.pop("COMMENT", ""), properties(options)
    return account_object.create(
        session, "USER", name, creation, lambda: account_object.add(session, "USER", name, comment=comment, properties=kept)
    )


def _check_login_name(name: str, options: dict[str, Any]) -> None:
    if options.get("LOGIN_NAME", name).upper() != name:
        raise unsupported("LOGIN_NAME other than the name of the user")


def properties(options: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a user's options: keys without PEM lines, a password as a salted hash, names folded."""
    kept = {key: value for key, value in options.items() if key not in {*_KEYS, "PASSWORD"}}
    for key in ("DEFAULT_ROLE", "DEFAULT_WAREHOUSE", "DEFAULT_NAMESPACE", "TYPE"):
        if isinstance(kept.get(key), str):
            kept[key] = kept[key].upper()
    if kept.get("TYPE") == "SERVICE" and "PASSWORD" in options:
        raise AccountError(99209, "22023", "Cannot set PASSWORD on a user of type SERVICE.")
    for key in _KEYS:
        if options.get(key):
            kept[key] = public_key(options[key])
    if options.get("PASSWORD"):
        kept["PASSWORD_HASH"] = hash_password(options["PASSWORD"], os.urandom(16))
    return kept


def public_key(text: str) -> str:
    """The key as base64 DER without PEM lines; refused when it is not a public key."""
    lines = [line for line in text.strip().splitlines() if not line.startswith("-----")]
    plain = "".join("".join(lines).split())
    try:
        load_der_public_key(base64.b64decode(plain, validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm) as error:
        raise AccountError(2, "22023", "New public key rejected by current policy. Reason: 'Invalid public key'") from error
    return plain


def hash_password(password: str, salt: bytes) -> str:
    return f"{salt.hex()}${hashlib.pbkdf2_hmac('sha256', password.encode(), salt, _ROUNDS).hex()}"


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    name = reader.path()[0] if reader.token.upper not in {"SET", "UNSET"} else session.user
    with session.ddl():
        entry = account_object.find(session, "USER", name, if_exists=if_exists)
        if reader.accept("UNSET"):
            word = reader.accept_any(*_OPTIONS)
            if word is None:
                raise reader.refuse()
            changes: dict[str, Any] = {"PASSWORD_HASH" if word == "PASSWORD" else word: None}
            comment = "" if word == "COMMENT" else None
        else:
            reader.expect("SET")
            options = read_options(reader, _OPTIONS)
            _check_login_name(name, options)
            comment = options.pop("COMMENT", None)
            changes = properties(options)
        reader.end()
        if entry is not None:
            session.catalogue.update(entry, comment=comment, **changes)
    return status(SUCCEEDED)


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    name = reader.path()[0]
    reader.end()
    return account_object.drop(session, "USER", name, if_exists=if_exists)


_COLUMNS = (
    Column("name"),
    Column("created_on", TIMESTAMP_LTZ),
    Column("login_name"),
    Column("disabled"),
    Column("comment"),
    Column("default_warehouse"),
    Column("default_namespace"),
    Column("default_role"),
    Column("owner"),
    Column("has_password"),
    Column("has_rsa_public_key"),
    Column("type"),
)


def show_all(session: Session, reader: Reader) -> Result:
    shown = read_filter(session, reader)
    return show(
        _COLUMNS,
        shown,
        session.catalogue.list("USER"),
        lambda entry: (
            entry.name,
            entry.created_on,
            entry.name,
            str(bool(entry.properties.get("DISABLED"))).lower(),
            entry.comment,
            entry.properties.get("DEFAULT_WAREHOUSE"),
            entry.properties.get("DEFAULT_NAMESPACE"),
            entry.properties.get("DEFAULT_ROLE"),
            entry.owner,
            str("PASSWORD_HASH" in entry.properties).lower(),
            str("RSA_PUBLIC_KEY" in entry.properties).lower(),
            entry.properties.get("TYPE", "PERSON"),
        ),
    )


def describe(session: Session, reader: Reader) -> Result:
    entry = session.catalogue.get("USER", "", "", reader.path()[0])
    reader.end()
    shown = {"NAME": entry.name, "COMMENT": entry.comment}
    shown |= {key: value for key, value in entry.properties.items() if key != "PASSWORD_HASH"}
    for key in _KEYS:
        if key in entry.properties:
            shown[f"{key}_FP"] = fingerprint(entry.properties[key])
    columns = (Column("property"), Column("value"), Column("default"), Column("description"))
    return rows(columns, [(key, str(value), "null", "") for key, value in shown.items()])


def fingerprint(key: str) -> str:
    """``SHA256:..`` of a public key, as a JWT's issuer carries it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(base64.b64decode(key)).digest()).decode()


KIND = Kind("USER", "USERS", create=create, alter=alter, drop=drop, show=show_all, describe=describe)
