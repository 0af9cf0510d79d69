"""INFORMATION_SCHEMA.PACKAGES: what Python handlers may declare, which is what this environment has installed.

https://docs.snowflake.com/en/sql-reference/info-schema/packages
"""

from __future__ import annotations

from typing import Any

from mlops_local.account.sandbox import installed_packages
from mlops_local.account.session.session import Session
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import information_schema, system_function
from mlops_local.account.sql.relations import relation
from mlops_local.account.syntax.types import Column

_COLUMNS = (Column("PACKAGE_NAME"), Column("VERSION"), Column("LANGUAGE"), Column("RUNTIME_VERSION"))


@information_schema("PACKAGES")
def packages(context: Context, database: str) -> Relation:
    return relation(
        context,
        _COLUMNS,
        [(item.package_name, item.version, item.language, item.runtime_version) for item in installed_packages()],
    )


@system_function("SYSTEM$ARE_ANACONDA_TERMS_ACKNOWLEDGED")
def terms_acknowledged(session: Session, arguments: list[Any]) -> bool:
    """There are no terms here: packages come from this environment."""
    return True
