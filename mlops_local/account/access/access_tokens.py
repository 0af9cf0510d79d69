"""Programmatic access tokens: secrets of a user that end by themselves and may be bound to one role.

Only a hash of the secret is kept. https://docs.snowflake.com/en/user-guide/programmatic-access-tokens
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mlops_local.account.catalogue.catalogue import Catalogue
from mlops_local.account.catalogue.entry import Entry

KIND = "PROGRAMMATIC ACCESS TOKEN"
# Snowflake no longer lists a token that ended a week ago.
_REMEMBERED = timedelta(days=7)


@dataclass(frozen=True)
class AccessToken:
    """A token as the catalogue keeps it, a child of its user."""

    entry: Entry

    @property
    def role(self) -> str | None:
        """The only role that a session signed in with it may act as; None when it may take any of the user's."""
        role: str | None = self.entry.properties.get("ROLE")
        return role

    @property
    def expires(self) -> datetime:
        return datetime.fromisoformat(self.entry.properties["EXPIRES"])

    def state(self, now: datetime) -> str:
        if self.expires <= now:
            return "EXPIRED"
        return "DISABLED" if self.entry.properties.get("DISABLED") else "ACTIVE"

    def opens(self, secret: str) -> bool:
        return secrets.compare_digest(self.entry.properties["SECRET"], hash_secret(secret))


def new_secret() -> str:
    return secrets.token_urlsafe(96)


def hash_secret(secret: str) -> str:
    """The secret is random and long: nothing slower is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def tokens_of(catalogue: Catalogue, user: Entry, now: datetime) -> list[AccessToken]:
    found = [AccessToken(entry) for entry in catalogue.list(KIND, parent=user.id)]
    return [token for token in found if token.expires + _REMEMBERED > now]


def with_secret(tokens: Iterable[AccessToken], secret: str) -> AccessToken | None:
    return next((token for token in tokens if token.opens(secret)), None)
