"""Is the client who it says it is: key pairs, passwords, programmatic access tokens, workload identities.

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
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mlops_local.account.access.access_tokens import AccessToken
from mlops_local.account.account import Account, User
from mlops_local.account.errors import AccountError
from mlops_local.account.statements.user import hash_password
from mlops_local.account.wire.issuers import Issuers, UnknownIssuerError

_log = logging.getLogger(__name__)

_ALGORITHMS = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_LEEWAY_SECONDS = 30
_LONGEST_LIFE_SECONDS = 3600
_SMALLEST_RSA_BITS = 2048


class DoubtError(Exception):
    """Why a token was not believed: for the account's log, never for the client."""


def by_key_pair(account: Account, login_name: str, token: str) -> User:
    """The user whose registered key signed the token."""
    with _doubting(repr(login_name)):
        return _believe(account, login_name, token)


def by_password(account: Account, login_name: str, password: str) -> tuple[User, AccessToken | None]:
    """A programmatic access token is taken in place of the password, for clients that know no other field."""
    user = account.find_user(login_name)
    if _matches(password, user.password_hash if user and user.type != "SERVICE" else None) and user is not None:
        return user, None
    found = account.find_access_token(password, login_name) if user else None
    if found is None:
        raise AccountError(390100, "28000", "Incorrect username or password was specified.")
    return found


def by_access_token(account: Account, login_name: str, secret: str) -> tuple[User, AccessToken]:
    found = account.find_access_token(secret, login_name)
    if found is None:
        raise AccountError(394400, "08001", "Programmatic access token is invalid.")
    return found


def by_workload_identity(account: Account, issuers: Issuers, token: str) -> User:
    """The user that the issuer's subject is registered as; the client names none.

    https://docs.snowflake.com/en/user-guide/workload-identity-federation
    """
    with _doubting("a workload identity"):
        told = jwt.decode(token, options={"verify_signature": False})
        found = account.find_workload(str(told.get("iss")), str(told.get("sub")))
        if found is None:
            raise DoubtError("no user has this issuer and subject")
        user, audiences = found
        key = issuers.key_of(str(told["iss"]), token)
        required: Any = {"require": ["iss", "sub", "aud", "iat", "exp"]}
        jwt.decode(token, key.key, algorithms=[key.algorithm_name], audience=audiences, leeway=_LEEWAY_SECONDS, options=required)
        return user


@contextmanager
def _doubting(who: str) -> Iterator[None]:
    """All refusals look alike to the client; the log has the reason."""
    try:
        yield
    except (DoubtError, UnknownIssuerError, jwt.InvalidTokenError) as doubt:
        incident = uuid.uuid4()
        _log.info("Sign-in of %s refused, %s: %s", who, incident, doubt)
        raise AccountError(390144, "28000", f"JWT token is invalid. [{incident}]") from None


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
    if min(expires, issued + _LONGEST_LIFE_SECONDS) <= time.time() - _LEEWAY_SECONDS:
        raise DoubtError("it was issued more than an hour ago, whatever it says of its end")


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
