"""An account that clients of their own sign in to, as a user would set them up."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_local.pytest_plugin import SnowflakeAccount, snowflake_account, snowflake_connection

from .programs import installed

__all__ = ["snowflake_account", "snowflake_connection"]

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def home(snowflake_account: SnowflakeAccount, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SNOWFLAKE_HOME with connection ``local``: a real account's settings, and host, port and protocol."""
    folder = tmp_path_factory.mktemp("home")
    with snowflake_account.connect(role="ACCOUNTADMIN") as connection:
        connection.cursor().execute("CREATE WAREHOUSE CLIENTS_WH")
        connection.cursor().execute("CREATE DATABASE CLIENTS")
    settings = {
        **snowflake_account.settings,
        "role": "ACCOUNTADMIN", "warehouse": "CLIENTS_WH", "database": "CLIENTS", "schema": "PUBLIC",
    }  # fmt: skip
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    file = folder / "connections.toml"
    file.touch(0o600)
    file.write_text(f"[local]\n{lines}")
    return folder


@pytest.fixture
def run(home: Path, tmp_path: Path, snowflake_account: SnowflakeAccount) -> Run:
    """Runs a program in the test's folder, with these settings alone; refuses to fail unless it may.

    schemachange takes host, port and protocol from the environment only.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SNOWFLAKE_")}
    address = {name: snowflake_account.environ[name] for name in ("SNOWFLAKE_HOST", "SNOWFLAKE_PORT", "SNOWFLAKE_PROTOCOL")}
    programs = installed()

    def command(program: str, *arguments: str, may_fail: bool = False) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(programs / program), *arguments],
            cwd=tmp_path,
            env={**kept, **address, "SNOWFLAKE_HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert may_fail or done.returncode == 0, done.stdout + done.stderr
        return done

    return command
