"""What the account says of a Dataset: https://docs.snowflake.com/en/sql-reference/sql/show-versions-in-dataset"""

from __future__ import annotations

from snowflake.snowpark import Session

from mlops.names import Name, Schema, literal
from mlops.rows import fetch


def read_versions(session: Session, name: Name) -> dict[str, str]:
    """Its versions with their comments; none, where there is no such Dataset."""
    # `_` is a wildcard in SHOW .. LIKE, so the rows are compared again.
    shown = fetch(session, f"SHOW DATASETS LIKE {literal(name.name)} IN SCHEMA {Schema(name.database, name.schema).sql}")
    if not any(row["name"] == name.name for row in shown):
        return {}
    return {row["version"]: row["comment"] or "" for row in fetch(session, f"SHOW VERSIONS IN DATASET {name.sql}")}
