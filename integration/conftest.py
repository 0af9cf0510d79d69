"""Integration tests run in a clone of production, to which the change has been applied: `python -m mlops test`, in the pipeline.

They ask what an environment must answer whatever it holds; what is tried on samples of ours is in tests/.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from snowflake.snowpark import Session

from mlops.labels import is_clone_name
from mlops.rows import fetch
from mlops.session import named_connections, open_session
from mlops.settings import Settings, read_settings

Ask = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="session")
def settings() -> Settings:
    found = read_settings(os.environ, named_connections)
    if not is_clone_name(found.database):
        pytest.exit(f"{found.database} is no clone: integration tests are run by `python -m mlops test`.", returncode=2)
    return found


@pytest.fixture(scope="session")
def session(settings: Settings) -> Iterator[Session]:
    with open_session(settings) as found:
        yield found


@pytest.fixture(scope="session")
def ask(session: Session) -> Ask:
    """Rows of a statement; what takes something away is refused before it is sent."""
    return lambda statement: [row.as_dict() for row in fetch(session, statement)]
