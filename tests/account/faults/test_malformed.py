"""Malformed requests get an error: never a stack trace, never a defect of the account, never its end.

A few as a test; `python -m tests.account.faults.fuzz` sends 2,000, others each time.
"""

from __future__ import annotations

import json
import logging
import re
import socket

import pytest
from snowflake.connector import SnowflakeConnection

from mlops_local.account.wire.server import Server

from ..conftest import Ask
from .again import number
from .requests_made import Maker

REQUESTS = number("FUZZ_REQUESTS", 200)
SEED = number("FUZZ_SEED", 0)
ANSWER_SECONDS = 20


def exchange(port: int, request: bytes, whole: bool) -> bytes:
    """What the server answers to the bytes; when they are not a whole request, nothing more comes, and it is told so."""
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as connection:
        try:
            connection.sendall(request)
            if not whole:
                connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(1 << 16), b""))
        except TimeoutError:
            raise
        except OSError:
            # Closed on a request that is too long to be read to its end.
            return b""


def faults(answer: bytes) -> list[str]:
    """What is wrong about an answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    found = [word for word in ("Traceback", "internal error", "Internal Server Error", "root:x:0") if word.encode() in answer]
    if answer and not re.match(rb"HTTP/1\.1 (200|204|307|400|401|403|404|405|413|416|422|431|501) ", head):
        found.append(head.split(b"\r\n")[0].decode(errors="replace"))
    if b"content-type: application/json" in head and body and not _is_object(head, body):
        found.append("no JSON object")
    return found


def _is_object(head: bytes, body: bytes) -> bool:
    """Whether the first answer is one; behind it may stand another, to what was left of the request."""
    length = re.search(rb"content-length: (\d+)", head)
    return length is not None and isinstance(json.loads(body[: int(length[1])]), dict)


def test_malformed_requests_get_an_error(
    client: SnowflakeConnection, ask: Ask, shared_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    maker = Maker(SEED, client.rest.token)
    found: list[tuple[str, bytes]] = []
    for _ in range(REQUESTS):
        request, whole = maker.request()
        found += [(fault, request[:1000]) for fault in faults(exchange(shared_server.port, request, whole))]
        found += [(record.getMessage(), request[:1000]) for record in caplog.records if record.exc_info]
        caplog.clear()
    assert found == []
    assert ask("select 'still here'") == [("still here",)]
