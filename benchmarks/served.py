"""The servers that are measured: each in a process of its own, with one connection to it."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import snowflake.connector
from snowflake.connector import SnowflakeConnection


@contextmanager
def account(folder: Path) -> Iterator[tuple[SnowflakeConnection, float]]:
    """A connection to a fresh account, and the seconds until its login had succeeded."""
    begun = time.perf_counter()
    with process("mlops_local", "serve", "--data", str(folder / "account"), stdout=subprocess.PIPE) as server:
        settings = exported(server, "SNOWFLAKE_PROTOCOL")
        connection = snowflake.connector.connect(
            account=settings["SNOWFLAKE_ACCOUNT"],
            user=settings["SNOWFLAKE_USER"],
            private_key_file=settings["SNOWFLAKE_PRIVATE_KEY_FILE"],
            authenticator=settings["SNOWFLAKE_AUTHENTICATOR"],
            host=settings["SNOWFLAKE_HOST"],
            port=int(settings["SNOWFLAKE_PORT"]),
            protocol="http",
            role="ACCOUNTADMIN",
        )
        seconds = time.perf_counter() - begun
        with connection:
            yield placed(connection), seconds


def exported(server: subprocess.Popen[str], last: str) -> dict[str, str]:
    """The settings of a client, which the server prints as `export` lines when it listens, up to the one that is named."""
    assert server.stdout is not None
    settings: dict[str, str] = {}
    while last not in settings:
        name, _, value = server.stdout.readline().removeprefix("export ").partition("=")
        settings[name] = shlex.split(value)[0]
    return settings


def placed(connection: SnowflakeConnection) -> SnowflakeConnection:
    """The connection, in a schema of its own."""
    for statement in ("CREATE DATABASE BENCHMARK", "CREATE SCHEMA BENCHMARK.S", "USE SCHEMA BENCHMARK.S"):
        connection.cursor().execute(statement)
    return connection


@contextmanager
def process(module: str, *arguments: str, stdout: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[str]]:
    command: Sequence[str] = (sys.executable, "-m", module, *arguments)
    with subprocess.Popen(command, stdout=stdout, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()
