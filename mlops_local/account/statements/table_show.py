"""SHOW TABLES and DESCRIBE TABLE. https://docs.snowflake.com/en/sql-reference/sql/show-tables"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import does_not_exist
from mlops_local.account.history import dropped
from mlops_local.account.session.result import Result
from mlops_local.account.session.session import Session
from mlops_local.account.statements.kind import ShowFilter, read_filter, show
from mlops_local.account.statements.object_show import kind_of
from mlops_local.account.statements.schema_object import describe_columns
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import INTEGER, TIMESTAMP_LTZ, Column

_SHOWN = (
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
    Column("automatic_clustering"),
    Column("change_tracking"),
    Column("search_optimization"),
    Column("search_optimization_progress"),
    Column("search_optimization_bytes"),
    Column("is_external"),
    Column("enable_schema_evolution"),
    Column("owner_role_type"),
    Column("is_event"),
    Column("budget"),
    Column("is_hybrid"),
    Column("is_iceberg"),
    Column("is_dynamic"),
    Column("is_immutable"),
)


def show_all(session: Session, reader: Reader) -> Result:
    """Tables and dynamic tables."""
    shown = read_filter(session, reader)
    entries = [
        entry
        for kind in ("TABLE", "DYNAMIC TABLE")
        for entry in session.catalogue.list(kind, database=shown.database, schema=shown.schema)
    ]
    entries.sort(key=lambda entry: (entry.database, entry.schema, entry.name))
    return show(_SHOWN, shown, entries, lambda entry: _row(session, entry), past=lambda: _past(session, shown))


def _past(session: Session, shown: ShowFilter) -> list[tuple[Entry, datetime]]:
    kinds = ("TABLE", "DYNAMIC TABLE")
    return [one for kind in kinds for one in dropped.listed(session, kind, database=shown.database, schema=shown.schema)]


def _row(session: Session, entry: Entry) -> list[Any]:
    properties = entry.properties
    clustered = properties.get("CLUSTER_BY") or ""
    return [
        entry.created_on,
        entry.name,
        entry.database,
        entry.schema,
        kind_of(entry),
        entry.comment,
        clustered,
        session.catalogue.count_rows(entry),
        None,
        entry.owner,
        str(dropped.retention_of(session, entry)),
        "ON" if clustered else "OFF",
        "ON" if properties.get("CHANGE_TRACKING") else "OFF",
        "OFF",
        None,
        None,
        "N",
        "N",
        "ROLE",
        "N",
        None,
        "N",
        "N",
        "Y" if entry.kind == "DYNAMIC TABLE" else "N",
        "N",
    ]


def describe(session: Session, reader: Reader) -> Result:
    """Of a table, view or dynamic table. https://docs.snowflake.com/en/sql-reference/sql/desc-table"""
    path = reader.path()
    if reader.accept("TYPE", "="):
        reader.expect("COLUMNS")
    reader.end()
    entry = session.find("TABLE", path)
    if entry is None:
        raise does_not_exist("Table", str(session.complete(path)))
    return describe_columns(session, entry)
