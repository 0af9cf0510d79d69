"""SHOW OBJECTS: tables, views and dynamic tables in one list. https://docs.snowflake.com/en/sql-reference/sql/show-objects"""

from __future__ import annotations

from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.history import dropped
from mlops_local.account.session.result import Result
from mlops_local.account.session.session import Session
from mlops_local.account.statements.kind import Kind, read_filter, show
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import INTEGER, TIMESTAMP_LTZ, Column

_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("name"),
    Column("database_name"),
    Column("schema_name"),
    Column("kind"),
    Column("comment"),
    Column("cluster_by"),
    Column("rows", INTEGER),
    Column("bytes", INTEGER),
    Column("owner"),
    Column("retention_time"),
    Column("owner_role_type"),
    Column("is_hybrid"),
    Column("is_dynamic"),
)
KINDS = ("TABLE", "VIEW", "DYNAMIC TABLE")


def kind_of(entry: Entry) -> str:
    """The kind as lists of tables name it: a dynamic table is a TABLE there."""
    if entry.kind == "VIEW":
        return "VIEW"
    return "TEMPORARY" if entry.temporary else "TRANSIENT" if entry.properties.get("TRANSIENT") else "TABLE"


def show_all(session: Session, reader: Reader) -> Result:
    shown = read_filter(session, reader)
    found = [entry for kind in KINDS for entry in session.catalogue.list(kind, database=shown.database, schema=shown.schema)]
    found.sort(key=lambda entry: (entry.database, entry.schema, entry.name))
    return show(_COLUMNS, shown, found, lambda entry: _row(session, entry))


def _row(session: Session, entry: Entry) -> list[Any]:
    stored = entry.kind != "VIEW"
    return [
        entry.created_on,
        entry.name,
        entry.database,
        entry.schema,
        kind_of(entry),
        entry.comment,
        entry.properties.get("CLUSTER_BY") or "",
        session.catalogue.count_rows(entry) if stored else 0,
        None,
        entry.owner,
        str(dropped.retention_of(session, entry)) if stored else "",
        "ROLE",
        "N",
        "Y" if entry.kind == "DYNAMIC TABLE" else "N",
    ]


KIND = Kind("", "OBJECTS", show=show_all)
