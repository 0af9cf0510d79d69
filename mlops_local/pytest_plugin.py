"""Fixtures for the tests of any project: ``pytest_plugins = "mlops_local.pytest_plugin"`` in its ``conftest.py``.

The plugin is named by those who want it rather than found by pytest: every other test run in the same environment stays as quick
as it is. https://docs.pytest.org/en/stable/how-to/plugins.html
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import snowflake.connector
from snowflake.connector import SnowflakeConnection

from mlops_local.serve import serving

_numbers = itertools.count(1)


@dataclass(frozen=True)
class SnowflakeAccount:
    """An account that is served. ``environ`` is what ``serve`` prints, for clients that read the environment."""

    environ: Mapping[str, str]

    @property
    def settings(self) -> dict[str, Any]:
        """What ``snowflake.connector.connect`` and ``Session.builder.configs`` take."""
        given = {name.removeprefix("SNOWFLAKE_").lower(): value for name, value in self.environ.items()}
        return {**given, "port": int(given["port"])}

    def connect(self, **settings: Any) -> SnowflakeConnection:
        """A connection of its own; the settings go before the account's."""
        return snowflake.connector.connect(**{**self.settings, **settings})


@pytest.fixture(scope="session")
def snowflake_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SnowflakeAccount]:
    """One embedded account for all tests, in a temporary folder; its tasks run when they are due."""
    with serving(tmp_path_factory.mktemp("snowflake") / "account") as environ:
        yield SnowflakeAccount(environ)


@pytest.fixture
def snowflake_connection(snowflake_account: SnowflakeAccount) -> Iterator[SnowflakeConnection]:
    """A connection as ACCOUNTADMIN in schema PUBLIC of a new database, which is dropped after the test."""
    database = f"TEST_{next(_numbers)}"
    with snowflake_account.connect(role="ACCOUNTADMIN") as connection:
        connection.cursor().execute("CREATE WAREHOUSE IF NOT EXISTS TEST_WH")
        connection.cursor().execute(f"CREATE DATABASE {database}")
        yield connection
        connection.cursor().execute(f"DROP DATABASE {database}")
