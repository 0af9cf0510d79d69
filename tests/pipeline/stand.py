"""An account of a folder, served in this process with nothing going on by itself, and those who speak to it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import snowflake.connector
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from snowflake.connector import DictCursor, SnowflakeConnection

from mlops_local.account.account import Account
from mlops_local.account.clock import Clock
from mlops_local.account.wire.server import Server
from mlops_local.environments import DEVELOPMENT
from mlops_local.serve import connection_settings, keys_folder, sign_in_key

ROOT = Path(__file__).parents[2]
PIPELINE_USER = "MLOPS_DEV_PIPELINE"


@dataclass(frozen=True)
class Client:
    """A user with the settings that the command prints."""

    settings: dict[str, str]

    def connect(self) -> SnowflakeConnection:
        names = {name.removeprefix("SNOWFLAKE_").lower(): value for name, value in self.settings.items()}
        return snowflake.connector.connect(**{**names, "port": int(names["port"])})

    def query(self, statement: str) -> list[dict[str, Any]]:
        with self.connect() as connection, connection.cursor(DictCursor) as cursor:
            return [dict(row) for row in cursor.execute(statement).fetchall()]

    def value(self, statement: str) -> Any:
        return next(iter(self.query(statement)[0].values()))

    def machine(self, *arguments: str, **changed: str | None) -> subprocess.CompletedProcess[str]:
        """`python -m mlops` with these settings; None takes one away."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("SNOWFLAKE_", "BUILD_"))}
        given = {name: value for name, value in {**self.settings, **changed}.items() if value is not None}
        command = [sys.executable, "-m", "mlops", *arguments]
        return subprocess.run(command, cwd=ROOT, env={**own, **given}, capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Stand:
    account: Account
    admin: Client
    pipeline: Client
    sign_in: Callable[[str], Client]


def some_public_key() -> str:
    """Nobody's: the setup asks for one, and the user's own is registered later."""
    key = rsa.generate_private_key(65537, 2048).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return "".join(key.decode().splitlines()[1:-1])


def set_up(account: Account, script: str, **given: str) -> None:
    """A script of setup/, as an administrator runs it for development."""
    text = (ROOT / "setup" / script).read_text()
    for name, value in {**DEVELOPMENT.names, **given}.items():
        text = text.replace(f"<% {name} %>", value)
    with account.system_session() as session:
        for statement in session.split(text):
            session.run(statement)


@contextmanager
def stand(data: Path, *, clock: Clock | None = None) -> Iterator[Stand]:
    with Account.open(data, clock=clock) as account, Server(account) as server:

        def client(user: str) -> Client:
            return Client(connection_settings(server, user, sign_in_key(account, user, keys_folder(data))))

        yield Stand(account, client("ADMIN"), client(PIPELINE_USER), client)
