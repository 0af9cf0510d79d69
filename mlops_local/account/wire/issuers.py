"""The issuers of workload identity tokens that this account knows, and their public keys.

A real account asks the issuer on the internet; here the keys (a JWKS) come from a file, or from an address of this machine.
https://docs.snowflake.com/en/user-guide/workload-identity-federation, https://www.rfc-editor.org/rfc/rfc7517
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import jwt

_ALGORITHMS = {"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"}
_SECONDS = 5.0


class UnknownIssuerError(Exception):
    """Why there is no key for a token: for the account's log, never for the client."""


class Issuers:
    """``sources`` gives each issuer's keys: the path of a file, or an http address. They are read at every sign-in.

    So an issuer may change its keys while the account runs.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        for source in sources.values():
            _check_source(source)
        self._sources = dict(sources)

    def key_of(self, issuer: str, token: str) -> jwt.PyJWK:
        """The key that the token names, or the only one there is."""
        if issuer not in self._sources:
            raise UnknownIssuerError(f"issuer {issuer} is not configured")
        try:
            keys = jwt.PyJWKSet.from_dict(json.loads(_read(self._sources[issuer]))).keys
        except (OSError, HTTPException, ValueError, jwt.PyJWTError) as error:
            raise UnknownIssuerError(f"the keys of issuer {issuer} cannot be read: {error}") from error
        named = jwt.get_unverified_header(token).get("kid")
        found = [key for key in keys if key.algorithm_name in _ALGORITHMS and (named is None or key.key_id == named)]
        if len(found) != 1:
            raise UnknownIssuerError(f"issuer {issuer} has {len(found)} keys for this token")
        return found[0]


def _read(source: str) -> bytes:
    if not source.startswith("http://"):
        return Path(source).read_bytes()
    parts = urlsplit(source)
    with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)) as connection:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().read()


def _check_source(source: str) -> None:
    """Nothing is asked for beyond this machine, not even by a redirect, which :func:`_read` does not follow."""
    if "://" not in source:
        return
    parts = urlsplit(source)
    try:
        local = parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        local = False
    if not local:
        raise ValueError(f"The keys of an issuer are a file or an http address on 127.0.0.1, not {source}.")
