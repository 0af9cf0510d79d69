"""More sessions of the shared account, all in the same schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import snowflake.connector
from snowflake.connector import SnowflakeConnection

from ..conftest import Ask


@pytest.fixture
def sign_in(ask: Ask, shared_settings: dict[str, Any]) -> Callable[[], SnowflakeConnection]:
    [(database, schema)] = ask("select current_database(), current_schema()")
    place = {"database": database, "schema": schema}
    return lambda: snowflake.connector.connect(**shared_settings, **place)
