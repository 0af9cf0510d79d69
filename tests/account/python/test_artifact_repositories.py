"""Where packages come from: the shared repositories, and the default of a schema."""

from __future__ import annotations

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.account.conftest import Ask

DEFAULT = "SELECT SYSTEM$GET_DEFAULT_PYTHON_ARTIFACT_REPOSITORY('3.11', 'schema', 'S')"


def test_a_schema_has_a_default_repository_until_it_is_unset(ask: Ask) -> None:
    assert ask(DEFAULT) == [(None,)]
    ask("ALTER SCHEMA SET DEFAULT_PYTHON_ARTIFACT_REPOSITORY = snowflake.snowpark.pypi_shared_repository")
    assert ask(DEFAULT) == [("snowflake.snowpark.pypi_shared_repository",)]
    ask("ALTER SCHEMA S UNSET DEFAULT_PYTHON_ARTIFACT_REPOSITORY")
    assert ask(DEFAULT) == [(None,)]


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER SCHEMA S SET DEFAULT_PYTHON_ARTIFACT_REPOSITORY = my_repository",
        "CREATE FUNCTION F() RETURNS INT LANGUAGE PYTHON RUNTIME_VERSION = '3.11' "
        "ARTIFACT_REPOSITORY = my_repository HANDLER = 'f' AS 'f = len'",
    ],
)
def test_only_the_shared_repositories_exist(ask: Ask, statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"002003.*\n.*Artifact repository 'MY_REPOSITORY' does not exist"):
        ask(statement)
