"""An account in memory, served on a port, and real clients of it."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from snowflake.connector import SnowflakeConnection

from mlops_local.account.account import Account
from mlops_local.account.clock import TestClock
from mlops_local.account.wire.server import Server

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
Connect = Callable[..., SnowflakeConnection]


@dataclass(frozen=True)
class Key:
    """A key pair: the public half as Snowflake stores it."""

    private: rsa.RSAPrivateKey
    public: str

    @property
    def der(self) -> bytes:
        return self.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def new_key(bits: int = 2048) -> Key:
    private = rsa.generate_private_key(65537, bits)
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Key(private, base64.b64encode(public).decode())


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    tick = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        tick.wait(0.01)


@pytest.fixture(scope="session")
def key() -> Key:
    return new_key()


@pytest.fixture(scope="session")
def other_key() -> Key:
    return new_key()


@pytest.fixture
def clock() -> TestClock:
    return TestClock(NEW_YEAR)


@contextmanager
def account_of(clock: TestClock, key: Key) -> Iterator[Account]:
    """A new account in memory whose administrator has the key."""
    with Account.open(None, clock=clock) as opened:
        with opened.system_session() as session:
            session.run(f"ALTER USER ADMIN SET RSA_PUBLIC_KEY = '{key.public}'")
            session.run("CREATE WAREHOUSE W")
            session.run("CREATE DATABASE D")
        yield opened


@pytest.fixture
def account(clock: TestClock, key: Key) -> Iterator[Account]:
    with account_of(clock, key) as opened:
        yield opened


@pytest.fixture
def server(account: Account) -> Iterator[Server]:
    with Server(account) as running:
        yield running


@pytest.fixture
def connect(server: Server, key: Key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Opens connections of the real connector to the served account; they are closed at the end."""
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path))
    opened: list[SnowflakeConnection] = []

    def connection(**settings: Any) -> SnowflakeConnection:
        settings = {
            "account": "embedded", "user": "admin", "host": server.host, "port": server.port, "protocol": "http",
            "authenticator": "SNOWFLAKE_JWT", "private_key": key.der, "database": "D", "schema": "PUBLIC", "warehouse": "W",
            "login_timeout": 20, "network_timeout": 30, **settings,
        }  # fmt: skip
        opened.append(snowflake.connector.connect(**settings))
        return opened[-1]

    yield connection
    for each in opened:
        each.close()
