"""An OpenID Connect issuer on this machine: what Azure DevOps is to a service connection with workload identity federation.

Its RSA key is made once a machine, so that an account may know the keys before a run. While a run lasts, the issuer is found over
loopback at `URL/.well-known/openid-configuration`. Its name is not that address: Snowflake takes https issuers only.
https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity, https://openid.net/specs/openid-connect-discovery-1_0.html
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
import uuid
from email.message import Message
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from mlops_local.agent.loopback import Loopback

NAME = "https://oidc.mlops-local.invalid"
AUDIENCE = "api://AzureADTokenExchange"
KEYS_FILE = "jwks.json"
_KEYS_PATH = "/.well-known/jwks"
_DISCOVERY_PATH = "/.well-known/openid-configuration"
# As long as those of Azure DevOps.
_SECONDS = 600
_BITS = 2048


class Issuer:
    """`folder` holds the machine's key (mode 0600) and, for whoever checks tokens, its public half as a JWKS."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loopback = Loopback(self._answer)

    def token(self, subject: str) -> str:
        """A signed token of this machine for that subject."""
        now = int(time.time())
        claims = {"iss": NAME, "sub": subject, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + _SECONDS}
        key = self.key()
        return jwt.encode(
            {**claims, "jti": str(uuid.uuid4())}, key, algorithm="RS256", headers={"kid": _name_of(key.public_key())}
        )

    def key(self) -> rsa.RSAPrivateKey:
        """The key of this machine; the first one to ask makes it, and the JWKS beside it."""
        file = self._folder / "issuer.pem"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists():
                _write_key(file)
            key = load_pem_private_key(file.read_bytes(), password=None)
            assert isinstance(key, rsa.RSAPrivateKey)
            (self._folder / KEYS_FILE).write_text(json.dumps(key_set(key.public_key())), encoding="utf-8")
        return key

    def address(self) -> str:
        """Where this issuer is discovered; it listens from the first question on, until it is closed."""
        return self._loopback.address()

    def close(self) -> None:
        self._loopback.close()

    def _answer(self, target: str, _: Message) -> tuple[int, dict[str, Any]]:
        path = urlsplit(target).path
        if path == _DISCOVERY_PATH:
            return 200, _discovery(self.address())
        return (200, self._keys) if path == _KEYS_PATH else (404, {"error": "not found"})

    @cached_property
    def _keys(self) -> dict[str, Any]:
        return key_set(self.key().public_key())


def key_set(key: rsa.RSAPublicKey) -> dict[str, Any]:
    """https://www.rfc-editor.org/rfc/rfc7517"""
    told: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(key, as_dict=True)
    return {"keys": [{"kty": "RSA", "n": told["n"], "e": told["e"], "kid": _name_of(key), "alg": "RS256", "use": "sig"}]}


def _name_of(key: rsa.RSAPublicKey) -> str:
    return hashlib.sha256(str(key.public_numbers().n).encode()).hexdigest()[:32]


def _write_key(file: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    unfinished = file.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as target:
        target.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    unfinished.rename(file)


def _discovery(address: str) -> dict[str, Any]:
    return {
        "issuer": NAME,
        "jwks_uri": f"{address}{_KEYS_PATH}",
        "subject_types_supported": ["public"],
        "response_types_supported": ["id_token"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["iss", "sub", "aud", "iat", "nbf", "exp", "jti"],
    }
