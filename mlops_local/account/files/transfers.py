"""Files on their way in and out: short-lived addresses that a client without a session token may use.

A PUT or GET statement answers with addresses, one file each, as Snowflake does with presigned URLs; whoever holds one needs
nothing else, so it is random, names one path and ends soon. How the HTTP route uses a :class:`Transfer`:

- GET and HEAD read ``transfer.path`` (``Range`` as the client asks) and send ``transfer.digest()`` as ``x-goog-meta-sfc-digest``;
- PUT writes the body to ``transfer.incoming()``, a fresh file, and then calls ``transfer.receive(that_file)``.

https://docs.snowflake.com/en/sql-reference/functions/get_presigned_url
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote as quote_url

from mlops_local.account.files.stages import StagedFile
from mlops_local.account.session.session import Session

Mode = Literal["GET", "PUT"]
Finish = Callable[[Path], None]

LIFETIME = 3600.0
ROUTE = "/transfers/"


@dataclass(frozen=True)
class Transfer:
    """One file that a client may read, or one place that it may write to until ``expires`` (monotonic seconds).

    ``path`` is the file to read; for PUT it is the folder for bodies that still arrive. ``finish`` gets a complete body.
    """

    path: Path
    mode: Mode
    expires: float
    finish: Finish | None = None

    def incoming(self) -> Path:
        self.path.mkdir(parents=True, exist_ok=True)
        return self.path / secrets.token_hex(16)

    def receive(self, body: Path) -> None:
        """Puts a complete body where it belongs; the file given is gone afterwards."""
        try:
            if self.finish is not None:
                self.finish(body)
        finally:
            body.unlink(missing_ok=True)

    def digest(self) -> str:
        """Base64 of the SHA-256 of the file, as the connector writes it beside the file that it uploads."""
        with self.path.open("rb") as file:
            return base64.b64encode(_sha256(file.read)).decode()


def _sha256(read: Callable[[int], bytes]) -> bytes:
    digest = hashlib.sha256()
    while chunk := read(1 << 20):
        digest.update(chunk)
    return digest.digest()


class Transfers:
    """The addresses that are open now."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._open: dict[str, Transfer] = {}
        self._lock = threading.Lock()

    def grant(self, path: Path, mode: Mode, finish: Finish | None = None, *, seconds: float = LIFETIME) -> str:
        """A new token for that path; what has ended is forgotten."""
        token = secrets.token_urlsafe(32)
        now = self._now()
        with self._lock:
            self._open = {key: transfer for key, transfer in self._open.items() if transfer.expires > now}
            self._open[token] = Transfer(path, mode, now + seconds, finish)
        return token

    def resolve(self, token: str) -> Transfer | None:
        """What the token stands for; None when it never existed or has ended."""
        with self._lock:
            transfer = self._open.get(token)
        return transfer if transfer is not None and transfer.expires > self._now() else None


def download_address(session: Session, file: StagedFile, *, seconds: float = LIFETIME) -> str:
    """An address that reads one file."""
    return address(session, session.account.transfers.grant(file.path, "GET", seconds=seconds), file.path.name)


def address(session: Session, token: str, name: str) -> str:
    return f"{session.account.base_url}{ROUTE}{token}/{quote_url(name)}"
