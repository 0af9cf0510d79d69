"""A small server that answers GET with JSON, to this machine alone."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# Of the target of a request and its headers: the status and the document.
Answer = Callable[[str, Message], tuple[int, dict[str, Any]]]


class Loopback:
    """Listens from the first question for its address on, until it is closed."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None

    def address(self) -> str:
        """Without a slash at the end."""
        with self._lock:
            if self._server is None:
                self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._answer))
                threading.Thread(target=_serve, args=(self._server,), daemon=True).start()
            return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        with self._lock:
            if self._server is not None:
                with suppress(OSError):
                    self._server.socket.shutdown(socket.SHUT_RDWR)
                self._server.server_close()
                self._server = None


def _serve(server: ThreadingHTTPServer) -> None:
    """Without the library's loop, which looks twice a second whether it should end, and would make every run wait for that."""
    while server.socket.fileno() != -1:
        with suppress(OSError):
            server.process_request(*server.get_request())


def _handler(answer: Answer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, document = answer(self.path, self.headers)
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads along."""

    return Handler
