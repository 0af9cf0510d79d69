"""One account for all tests that speak to it as users do: served on a port, with a database of its own for each module."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import snowflake.connector
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from snowflake.connector import SnowflakeConnection
from snowflake.snowpark import Session as Snowpark

from mlops_local.account.account import Account
from mlops_local.account.wire.server import Server

_numbers = itertools.count(1)
Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def shared_key() -> tuple[bytes, str]:
    """A private key (DER) and its public half as Snowflake stores it."""
    private = rsa.generate_private_key(65537, 2048)
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), base64.b64encode(public).decode()


@pytest.fixture(scope="session")
def shared_server(shared_key: tuple[bytes, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Account.open(tmp_path_factory.mktemp("shared") / "account") as account:
        with account.system_session() as session:
            session.run(f"ALTER USER ADMIN SET RSA_PUBLIC_KEY = '{shared_key[1]}'")
            session.run("CREATE WAREHOUSE SHARED_WH")
        with Server(account) as server:
            yield server


@pytest.fixture(scope="session")
def shared_settings(shared_server: Server, shared_key: tuple[bytes, str]) -> dict[str, Any]:
    """What the real connector signs in to the shared account with."""
    return {
        "account": shared_server.account.name,
        "user": "ADMIN",
        "private_key": shared_key[0],
        "host": "127.0.0.1",
        "port": shared_server.port,
        "protocol": "http",
        "role": "ACCOUNTADMIN",
        "warehouse": "SHARED_WH",
    }


@pytest.fixture(scope="module")
def client(shared_settings: dict[str, Any]) -> Iterator[SnowflakeConnection]:
    """The real connector, in schema S of a new database."""
    connection = snowflake.connector.connect(**shared_settings)
    connection.cursor().execute(f"CREATE DATABASE MODULE_{next(_numbers)}")
    connection.cursor().execute("CREATE SCHEMA S")
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def ask(client: SnowflakeConnection) -> Ask:
    """Runs a statement and returns its rows."""

    def statement(text: str, values: Any = None) -> list[tuple[Any, ...]]:
        return list(client.cursor().execute(text, values).fetchall())

    return statement


@pytest.fixture(scope="module")
def snowpark(client: SnowflakeConnection) -> Snowpark:
    return Snowpark.builder.configs({"connection": client}).create()
