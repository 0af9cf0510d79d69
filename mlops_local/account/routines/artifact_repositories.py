"""Where handlers get their packages from: the two shared repositories that every account has, both what is installed here.

https://docs.snowflake.com/en/developer-guide/udf/python/udf-python-packages
"""

from __future__ import annotations

from typing import Any

from mlops_local.account.errors import compilation_error, does_not_exist, syntax_error
from mlops_local.account.session.session import Session
from mlops_local.account.sql.extensions import system_function
from mlops_local.account.syntax.reader import Reader

_SHARED = (("SNOWFLAKE", "SNOWPARK", "ANACONDA_SHARED_REPOSITORY"), ("SNOWFLAKE", "SNOWPARK", "PYPI_SHARED_REPOSITORY"))
DEFAULT = ".".join(_SHARED[0]).lower()


def read_repository(reader: Reader) -> str:
    """The name of a repository that exists."""
    path = reader.path()
    if path not in _SHARED:
        raise does_not_exist("Artifact Repository", ".".join(path))
    return ".".join(path).lower()


@system_function("SYSTEM$GET_DEFAULT_PYTHON_ARTIFACT_REPOSITORY")
def default_repository(session: Session, arguments: list[Any]) -> str | None:
    """Of a Python version, a kind of entity and its name: what ALTER SCHEMA has set; None where nothing was."""
    if len(arguments) != 3:
        raise compilation_error(938, "22023", "SYSTEM$GET_DEFAULT_PYTHON_ARTIFACT_REPOSITORY takes a version, a kind and a name.")
    kind, path = str(arguments[1]).upper(), Reader(str(arguments[2])).path()
    if kind in {"ACCOUNT", "DATABASE"}:
        return None
    if kind != "SCHEMA":
        raise syntax_error(f"'{arguments[1]}' is not account, database or schema.")
    name = session.complete((*path, ""))
    found = session.catalogue.get("SCHEMA", name.database, "", name.schema).properties.get("DEFAULT_PYTHON_ARTIFACT_REPOSITORY")
    return None if found is None else str(found)
