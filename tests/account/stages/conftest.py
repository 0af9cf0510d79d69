"""An account in memory with a database and a schema; sessions of it, and real clients over HTTP."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from snowflake.connector import SnowflakeConnection
from snowflake.snowpark import Session as Snowpark

from mlops_local.account.account import Account
from mlops_local.account.files.transfers import ROUTE, Transfer
from mlops_local.account.session.session import Session
from mlops_local.account.wire.server import Server

Rows = list[tuple[Any, ...]]
Run = Callable[[str], Rows]


def prepare(account: Account) -> Session:
    session = account.open_session("ADMIN", role="ACCOUNTADMIN")
    session.run("CREATE DATABASE D")
    session.run("CREATE SCHEMA S")
    return session


@pytest.fixture
def account() -> Iterator[Account]:
    with Account.open(None) as opened:
        yield opened


@pytest.fixture
def session(account: Account) -> Session:
    return prepare(account)


@pytest.fixture
def run(session: Session) -> Run:
    """Runs a statement; its rows as tuples."""

    def statement(text: str) -> Rows:
        table = session.run(text).table
        return [tuple(row.values()) for row in table.to_pylist()] if table.num_columns else []

    return statement


def transfer_of(account: Account, address: str) -> Transfer:
    found = account.transfers.resolve(address.split(ROUTE)[1].split("/", maxsplit=1)[0])
    assert found is not None
    return found


@pytest.fixture
def put(account: Account, session: Session) -> Callable[..., None]:
    """Puts bytes at a location the way the connector does, without HTTP."""

    def upload(name: str, target: str, body: bytes, options: str = "AUTO_COMPRESS = FALSE") -> None:
        answer = session.run(f"PUT 'file:///anywhere/{name}' '{target}' {options}").transfer
        assert answer is not None
        transfer = transfer_of(account, answer["stageInfo"]["presignedUrl"])
        arriving = transfer.incoming()
        arriving.write_bytes(body)
        transfer.receive(arriving)

    return upload


@pytest.fixture(scope="module")
def settings() -> Iterator[dict[str, Any]]:
    """What a client needs to reach an account that is served for one module of tests."""
    key = rsa.generate_private_key(65537, 2048)
    public = base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    with Account.open(None) as opened:
        prepare(opened).close()
        with opened.system_session() as system:
            system.run(f"ALTER USER ADMIN SET RSA_PUBLIC_KEY = '{public}'")
        with Server(opened) as server:
            yield {
                "account": "embedded", "user": "admin", "host": server.host, "port": server.port, "protocol": "http",
                "private_key": key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), "role": "ACCOUNTADMIN",
                "authenticator": "SNOWFLAKE_JWT", "database": "D", "schema": "S", "network_timeout": 60,
            }  # fmt: skip


@pytest.fixture
def connection(settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SnowflakeConnection]:
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path))
    with snowflake.connector.connect(**settings) as opened:
        yield opened


@pytest.fixture
def snowpark(connection: SnowflakeConnection) -> Iterator[Snowpark]:
    opened = Snowpark.builder.configs({"connection": connection}).create()
    yield opened
    opened.close()
