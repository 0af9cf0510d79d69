"""Is the client who it says it is: key pairs and passwords.

https://docs.snowflake.com/en/user-guide/key-pair-auth
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import time
import uuid
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mlops_local.account.account import Account, User
from mlops_local.account.errors import AccountError
from mlops_local.account.statements.user import hash_password

_log = logging.getLogger(__name__)

_ALGORITHMS = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_LEEWAY_SECONDS = 30
_LONGEST_LIFE_SECONDS = 3600
_SMALLEST_RSA_BITS = 2048


class DoubtError(Exception):
    """Why a token was not believed: for the account's log, never for the client."""


def by_key_pair(account: Account, login_name: str, token: str) -> User:
    """The user whose registered key signed the token. All refusals look alike to the client."""
    try:
        return _believe(account, login_name, token)
    except (DoubtError, jwt.InvalidTokenError) as doubt:
        incident = uuid.uuid4()
        _log.info("Sign-in of %r refused, %s: %s", login_name, incident, doubt)
        raise AccountError(390144, "28000", f"JWT token is invalid. [{incident}]") from None


def by_password(account: Account, login_name: str, password: str) -> User:
    user = account.find_user(login_name)
    if not _matches(password, user.password_hash if user else None) or user is None:
        raise AccountError(390100, "28000", "Incorrect username or password was specified.")
    return user


def fingerprint(public_key: str) -> str:
    """As Snowflake shows it: of the base64 text of a public key in DER."""
    digest = hashlib.sha256(base64.b64decode(public_key)).digest()
    return "SHA256:" + base64.b64encode(digest).decode()


def _matches(password: str, stored: str | None) -> bool:
    """False for a user without a password, after the same work as for one who has it, so that time tells nothing."""
    salt, _, _ = (stored or f"{'00' * 16}$").partition("$")
    return hmac.compare_digest(hash_password(password, bytes.fromhex(salt)), stored or "")


def _believe(account: Account, login_name: str, token: str) -> User:
    claims = jwt.decode(token, options={"verify_signature": False})
    subject = f"{account.name}.{login_name}".upper()
    if claims.get("sub") != subject:
        raise DoubtError(f"the subject is not {subject}")
    user = account.find_user(login_name)
    if user is None:
        raise DoubtError("no such user")
    for stored in (user.rsa_public_key, user.rsa_public_key_2):
        if stored and claims.get("iss") == f"{subject}.{fingerprint(stored)}":
            _verify(token, stored)
            return user
    raise DoubtError("the issuer names no key of the user")


def _verify(token: str, stored: str) -> None:
    """Signature and times. The times are the client's, by the machine's clock, whatever clock the account goes by."""
    key, algorithm = _load(stored)
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[algorithm],
        leeway=_LEEWAY_SECONDS,
        options={"require": ["iss", "sub", "iat", "exp"], "verify_iat": False},
    )
    issued, expires = float(claims["iat"]), float(claims["exp"])
    if issued > time.time() + _LEEWAY_SECONDS:
        raise DoubtError("it was issued in the future")
    if expires - issued > _LONGEST_LIFE_SECONDS:
        raise DoubtError("it lives longer than an hour")


def _load(stored: str) -> tuple[RSAPublicKey | EllipticCurvePublicKey, str]:
    """The key and the one algorithm that it may be used with."""
    try:
        key = load_der_public_key(base64.b64decode(stored))
    except (ValueError, UnsupportedAlgorithm, binascii.Error) as error:
        raise DoubtError(f"the stored key cannot be read: {error}") from error
    if isinstance(key, RSAPublicKey) and key.key_size >= _SMALLEST_RSA_BITS:
        return key, "RS256"
    if isinstance(key, EllipticCurvePublicKey) and key.curve.name in _ALGORITHMS:
        return key, _ALGORITHMS[key.curve.name]
    raise DoubtError("the stored key is of a kind or size that is not accepted")
