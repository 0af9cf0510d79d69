"""Session and master tokens: who may speak for which session, and until when.

A session token is used with every request and lives an hour; the master token renews it and lives four hours, from
the last renewal or heartbeat. https://docs.snowflake.com/en/user-guide/session-policies
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mlops_local.account.clock import Clock
from mlops_local.account.errors import AccountError

if TYPE_CHECKING:
    from mlops_local.account.session.session import Bind, Session

SESSION_SECONDS = 3600
MASTER_SECONDS = 4 * 3600


def expired() -> AccountError:
    """390112: the client renews by its master token and sends the request again."""
    return AccountError(390112, "08001", "Authentication token has expired.  The user must authenticate again.")


def session_gone() -> AccountError:
    return AccountError(390111, "08001", "Session no longer exists.  New login required to access the service.")


def master_gone() -> AccountError:
    return AccountError(390114, "08001", "Authentication token has expired.  The user must authenticate again.")


@dataclass
class Grant:
    """The right to act in a session, from sign-in to sign-out. A child's sign-out leaves the session alone.

    ``put_binds`` is what the last bound PUT of this client was bound to: the client sends the statement a second time
    without its bindings.
    """

    session: Session
    child: bool
    master_expires: datetime
    master: str = field(repr=False)
    tokens: dict[str, datetime] = field(default_factory=dict, repr=False)
    put_binds: tuple[Bind, ...] = ()


class Tokens:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_session_token: dict[str, Grant] = {}
        self._by_master: dict[str, Grant] = {}
        self._lock = threading.Lock()

    def issue(self, session: Session, *, child: bool = True) -> tuple[str, str]:
        """A session token and a master token. Those of a procedure's own client are a child's."""
        master = secrets.token_urlsafe(48)
        with self._lock:
            grant = Grant(session, child, self._after(MASTER_SECONDS), master)
            self._by_master[master] = grant
            return self._new_token(grant), master

    def grant_of(self, token: str) -> Grant:
        """Whose session token it is; refused when it is unknown or too old."""
        with self._lock:
            grant = self._by_session_token.get(token)
            if grant is None:
                raise session_gone()
            if grant.tokens[token] <= self._clock.now():
                raise expired()
            return grant

    def renew(self, master: str) -> tuple[str, str]:
        """A new session token for the master token, and the master token again."""
        with self._lock:
            grant = self._by_master.get(master)
            if grant is None or grant.master_expires <= self._clock.now():
                raise master_gone()
            grant.master_expires = self._after(MASTER_SECONDS)
            return self._new_token(grant), master

    def keep_alive(self, grant: Grant) -> None:
        grant.master_expires = self._after(MASTER_SECONDS)

    def withdraw(self, grant: Grant) -> bool:
        """Signs out; True when the session itself is to be closed, which takes its children's tokens with it."""
        with self._lock:
            if grant.child:
                self._drop(grant)
                return False
            self._drop_all(grant.session)
            return True

    def end(self, session: Session) -> None:
        """Takes back every token of a session, a crashed procedure's included."""
        with self._lock:
            self._drop_all(session)

    def sweep(self, close: Callable[[Session], object]) -> None:
        """Closes the sessions whose clients have gone without signing out."""
        now = self._clock.now()
        with self._lock:
            stale = [grant for grant in self._by_master.values() if grant.master_expires <= now]
        for grant in stale:
            if self.withdraw(grant):
                close(grant.session)

    def _new_token(self, grant: Grant) -> str:
        token = secrets.token_urlsafe(48)
        grant.tokens[token] = self._after(SESSION_SECONDS)
        self._by_session_token[token] = grant
        return token

    def _drop_all(self, session: Session) -> None:
        for grant in list(self._by_master.values()):
            if grant.session is session:
                self._drop(grant)

    def _drop(self, grant: Grant) -> None:
        self._by_master.pop(grant.master, None)
        for token in grant.tokens:
            self._by_session_token.pop(token, None)

    def _after(self, seconds: int) -> datetime:
        return self._clock.now() + timedelta(seconds=seconds)
