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

from mlops_local.account.access.access_tokens import tokens_of
from mlops_local.account.access.privileges import ALL
from mlops_local.account.errors import AccountError, syntax_error, unsupported
from mlops_local.account.session.result import SUCCEEDED, Column, Result, rows, status
from mlops_local.account.session.session import Session
from mlops_local.account.statements import access_token, account_object, workload_identity
from mlops_local.account.statements.kind import Creation, Kind, read_filter, show
from mlops_local.account.statements.options import read_options
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import TIMESTAMP_LTZ

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
    "DEFAULT_SECONDARY_ROLES": tuple,
}
_TYPES = ("PERSON", "SERVICE", "LEGACY_SERVICE")
_ROUNDS = 200_000


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    name = reader.path()[0]
    options = _read(reader)
    reader.end()
    _check_login_name(name, options)
    comment, kept = options.pop("COMMENT", ""), properties(options)

    def add() -> None:
        _check(session, name, kept)
        account_object.add(session, "USER", name, comment=comment, properties=kept)

    return account_object.create(session, "USER", name, creation, add)


def _read(reader: Reader) -> dict[str, Any]:
    """Options in any order; the workload identity among them is in parentheses."""
    options = read_options(reader, _OPTIONS)
    while reader.accept(workload_identity.OPTION):
        options[workload_identity.OPTION] = workload_identity.read(reader)
        reader.accept(",")
        options |= read_options(reader, _OPTIONS)
    return options


def _check(session: Session, name: str, kept: dict[str, Any]) -> None:
    """What may not be set on a user of this type, whenever the one or the other was said."""
    if kept.get("TYPE", "PERSON") not in _TYPES:
        raise unsupported(f"user of TYPE {kept['TYPE']}")
    if kept.get("TYPE") == "SERVICE" and kept.get("PASSWORD_HASH"):
        raise AccountError(99209, "22023", "Cannot set PASSWORD on a user of type SERVICE.")
    workload_identity.check(session.catalogue, name, kept)


def _check_login_name(name: str, options: dict[str, Any]) -> None:
    if options.get("LOGIN_NAME", name).upper() != name:
        raise unsupported("LOGIN_NAME other than the name of the user")


def properties(options: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a user's options: keys without PEM lines, a password as a salted hash, names folded."""
    kept = {key: value for key, value in options.items() if key not in {*_KEYS, "PASSWORD"}}
    for key in ("DEFAULT_ROLE", "DEFAULT_WAREHOUSE", "DEFAULT_NAMESPACE", "TYPE"):
        if isinstance(kept.get(key), str):
            kept[key] = kept[key].upper()
    if kept.get("DEFAULT_SECONDARY_ROLES") not in (None, (), (ALL,)):
        raise syntax_error("DEFAULT_SECONDARY_ROLES is ('ALL') or ().")
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
    verbs = {"SET", "UNSET", *access_token.VERBS}
    name = reader.path()[0] if reader.token.upper not in verbs else session.user
    with session.ddl():
        entry = account_object.find(session, "USER", name, if_exists=if_exists)
        if reader.token.upper in access_token.VERBS:
            return access_token.alter(session, reader, entry)
        if reader.accept("UNSET"):
            comment, changes = _read_unset(reader)
        else:
            reader.expect("SET")
            options = _read(reader)
            _check_login_name(name, options)
            comment, changes = options.pop("COMMENT", None), properties(options)
        reader.end()
        if entry is not None:
            _check(session, name, {**entry.properties, **changes})
            session.catalogue.update(entry, comment=comment, **changes)
    return status(SUCCEEDED)


def _read_unset(reader: Reader) -> tuple[str | None, dict[str, Any]]:
    words = []
    while (word := reader.accept_any(*_OPTIONS, workload_identity.OPTION)) is not None:
        words.append(word)
        reader.accept(",")
    if not words:
        raise reader.refuse()
    return "" if "COMMENT" in words else None, {"PASSWORD_HASH" if word == "PASSWORD" else word: None for word in words}


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
    Column("has_pat"),
    Column("has_workload_identity"),
)


def show_all(session: Session, reader: Reader) -> Result:
    shown = read_filter(session, reader)
    now = session.account.clock.now()
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
            str(bool(tokens_of(session.catalogue, entry, now))).lower(),
            str(workload_identity.OPTION in entry.properties).lower(),
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
