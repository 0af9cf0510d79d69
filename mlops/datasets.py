"""What the account says of a Dataset: https://docs.snowflake.com/en/sql-reference/sql/show-versions-in-dataset"""

from __future__ import annotations

import json
from collections.abc import Iterator

from snowflake.snowpark import Row, Session

from mlops.names import Name, Schema, literal
from mlops.rows import fetch


def read_versions(session: Session, name: Name) -> dict[str, str]:
    """Its versions with their comments; none, where there is no such Dataset."""
    # `_` is a wildcard in SHOW .. LIKE, so the rows are compared again.
    shown = fetch(session, f"SHOW DATASETS LIKE {literal(name.name)} IN SCHEMA {Schema(name.database, name.schema).sql}")
    if not any(row["name"] == name.name for row in shown):
        return {}
    return {row["version"]: row["comment"] or "" for row in fetch(session, f"SHOW VERSIONS IN DATASET {name.sql}")}


def list_versions(session: Session, schema: Schema) -> Iterator[tuple[str, list[str]]]:
    """Each Dataset of the schema with the names of its versions."""
    for row in fetch(session, f"SHOW DATASETS IN SCHEMA {schema.sql}"):
        yield row["name"], told_versions(session, schema / row["name"], row)


def told_versions(session: Session, name: Name, row: Row) -> list[str]:
    """As SHOW DATASETS tells them, by whose columns Snowflake does not stand; otherwise each Dataset is asked for its own."""
    told = row.as_dict().get("versions")
    if told is None:
        return [str(one["version"]) for one in fetch(session, f"SHOW VERSIONS IN DATASET {name.sql}")]
    found: list[str] = json.loads(told)
    return found
