"""Malformed HTTP requests, made from a seed: as bytes, so that no client library mends them."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from typing import Any

ODD_VALUES: tuple[Any, ...] = (
    None, True, -1, 1e308, 10**40, "", "\x00", "\ud800", "é" * 300, "'; drop table X; --", [], {}, [[]], {"a": {"b": []}},
    ["1"], {"1": None}, {"1": {"type": "FIXED"}}, {"x": {"type": "FIXED", "value": "1"}}, {"1": {"type": None, "value": {}}},
    {"1": {"type": "REAL", "value": "no number"}}, {"1": {"type": "DATE", "value": ["x", None]}},
)  # fmt: skip
LOGIN = {
    "data": {
        "LOGIN_NAME": "ADMIN",
        "PASSWORD": "x",
        "AUTHENTICATOR": "SNOWFLAKE",
        "TOKEN": "a.b.c",
        "SESSION_PARAMETERS": {"AUTOCOMMIT": "true"},
    }
}
QUERY = {
    "sqlText": "select ?",
    "bindings": {"1": {"type": "FIXED", "value": "1"}},
    "parameters": {"MULTI_STATEMENT_COUNT": "1", "QUERY_TAG": "x"},
    "describeOnly": False,
    "asyncExec": False,
    "bindStage": None,
    "sequenceId": 1,
}
PATHS = (
    "/session/v1/login-request", "/session/token-request", "/session/heartbeat", "/session",
    "/queries/v1/query-request", "/queries/v1/abort-request", "/telemetry/send", "/api/v2/statements",
    "/api/v2/databases/{odd}/schemas/{odd}/tasks",
    "/api/v2/databases/D/schemas/S/tasks?like={odd}",
    "/queries/{odd}/result", "/queries/{odd}/abort-request", "/monitoring/queries/{odd}", "/chunks/{odd}/{odd}", "/transfers/{odd}",
    "/transfers/{odd}/{odd}", "/{odd}",
)  # fmt: skip
ODD_PATHS = (
    "..", "../../../etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%5c..%5cwin.ini", "%00", "%ff%fe", "a" * 3000, "-1", "1e9",
    "999999999999999999999", "%", "%zz", "//", "{x}", "select 1",
)  # fmt: skip
METHODS = ("GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "get", "")


class Maker:
    def __init__(self, seed: int, token: str) -> None:
        self._random = random.Random(seed)
        self._token = token
        self._bodies: tuple[Callable[[], bytes], ...] = (self._login, self._query, self._broken, self._deep, self._packed)

    def request(self) -> tuple[bytes, bool]:
        """The bytes of one request, wrong in one way or several, and whether they end where their head says."""
        pick = self._random.choice
        path = pick(PATHS).replace("{odd}", pick(ODD_PATHS), 1).replace("{odd}", pick(ODD_PATHS))
        method = pick(METHODS) if self._random.random() < 0.2 else "GET" if "{odd}" in path or "queries/%" in path else "POST"
        body = pick(self._bodies)()
        if self._random.random() < 0.5:
            method = "POST"
            path, make = pick([("/session/v1/login-request", self._login), *[("/queries/v1/query-request", self._query)] * 3])
            body = make()
        head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *self._headers(body)]
        whole = f"Content-Length: {len(body)}" in head and "Transfer-Encoding: chunked" not in head
        return "\r\n".join(head).encode("latin-1", "replace") + b"\r\n\r\n" + body, whole

    def _headers(self, body: bytes) -> list[str]:
        pick = self._random.choice
        length = pick([str(len(body))] * 20 + ["-1", "x", str(len(body) // 2), "", str(1 << 40)])
        packed = ["Content-Encoding: gzip"] if body[:2] == b"\x1f\x8b" or self._random.random() < 0.1 else []
        token = pick([self._token] * 20 + ["", "x" * 5000, "\x7f", '"'])
        odd = pick([*[""] * 20, "X: " + "y" * 70_000, "No colon here", "Transfer-Encoding: chunked", "Range: bytes=9-1"])
        return [f"Content-Length: {length}", *packed, f'Authorization: Snowflake Token="{token}"', *([odd] if odd else [])]

    def _login(self) -> bytes:
        return self._odd_json(LOGIN)

    def _query(self) -> bytes:
        return self._odd_json(QUERY)

    def _odd_json(self, whole: dict[str, Any]) -> bytes:
        """The body with one value, somewhere in it, of another kind."""
        copied: dict[str, Any] = json.loads(json.dumps(whole))
        place = copied
        while True:
            name = self._random.choice(list(place))
            if not isinstance(place[name], dict) or not place[name] or self._random.random() < 0.4:
                break
            place = place[name]
        place[name] = self._random.choice(ODD_VALUES)
        return json.dumps(copied).encode()

    def _broken(self) -> bytes:
        whole = json.dumps(QUERY).encode()
        return self._random.choice(
            [whole[: self._random.randrange(len(whole))], b"", b"null", b"[]", b"\xff\xfe\x00", b'"x"', b"NaN"]
        )

    def _deep(self) -> bytes:
        return b'{"a":' * self._random.choice([1, 5_000, 100_000])

    def _packed(self) -> bytes:
        whole = gzip.compress(json.dumps(QUERY).encode())
        return self._random.choice(
            [whole[: self._random.randrange(2, len(whole))], whole[:-4] + b"xxxx", whole + b"more", whole[:10]]
        )
