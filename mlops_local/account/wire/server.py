"""The account on a port of the loopback address."""

from __future__ import annotations

import ipaddress
import socket
import threading
from pathlib import Path
from types import TracebackType

import uvicorn

from mlops_local.account.account import Account
from mlops_local.account.wire.app import ANSWER_SECONDS, Wire
from mlops_local.account.wire.issuers import Issuers

_START_SECONDS = 30.0


class _Uvicorn(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class Server:
    """Serves while the ``with`` block lasts. ``unix`` is a second way in, for what has no network.

    ``issuers`` are those of workload identity tokens. ``answer_seconds`` is how long a statement may take before its client is told to ask again.
    """

    def __init__(
        self,
        account: Account,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        unix: Path | None = None,
        beyond_this_machine: bool = False,
        issuers: Issuers | None = None,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        _check_host(host, beyond_this_machine=beyond_this_machine)
        self.account = account
        self.wire = Wire(account, issuers=issuers, answer_seconds=answer_seconds)
        self._sockets = [_tcp_socket(host, port)]
        self.host, self.port = self._sockets[0].getsockname()[:2]
        if unix is not None:
            self._sockets.append(_unix_socket(unix))
        account.base_url = self.base_url
        account.tokens = self.wire.tokens
        # Idle connections stay open: a client whose pooled connection is closed under it repeats its request.
        config = uvicorn.Config(
            self.wire.app(),
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_keep_alive=24 * 3600,
            timeout_graceful_shutdown=2,
            server_header=False,
        )
        self._uvicorn = _Uvicorn(config)
        self._thread = threading.Thread(target=self._uvicorn.run, args=(self._sockets,), name="account", daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        self._thread.start()
        if not self._uvicorn.listening.wait(_START_SECONDS):
            raise RuntimeError(f"The embedded account did not start on port {self.port}; see the log for the reason.")

    def stop(self) -> None:
        """Stops what runs and the server; the account itself stays open."""
        self.account.tokens = None
        self.wire.close()
        self._uvicorn.should_exit = True
        self._thread.join()
        for listening in self._sockets:
            listening.close()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def _check_host(host: str, *, beyond_this_machine: bool) -> None:
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        raise ValueError(f"Clients are sent to the address that the account listens on, and {host} is none; name one address.")
    if not address.is_loopback and not beyond_this_machine:
        raise ValueError(f"The embedded account listens on the loopback address only, not on {host}, unless it is told to.")


def _tcp_socket(host: str, port: int) -> socket.socket:
    """Accepted connections inherit the option; without it every answer waits 40 ms for the client's acknowledgement."""
    listening = socket.create_server((host, port))
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _unix_socket(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    path.chmod(0o600)
    listening.listen()
    return listening
