"""INFORMATION_SCHEMA, read from the catalogue. https://docs.snowflake.com/en/sql-reference/info-schema"""

from __future__ import annotations

from typing import Any

from mlops_local.account.access.privileges import inherited
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import does_not_exist, no_current
from mlops_local.account.history import dropped
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import ACCOUNT_USAGE, INFORMATION_SCHEMA, information_schema
from mlops_local.account.sql.relations import relation
from mlops_local.account.syntax.types import INTEGER, TEXT, TIMESTAMP_LTZ, Column, SqlType

NAME = "INFORMATION_SCHEMA"
ACCOUNT = ("SNOWFLAKE", "ACCOUNT_USAGE")


def account_view(context: Context, path: tuple[str, ...]) -> Relation:
    """``SNOWFLAKE.ACCOUNT_USAGE.name``, for roles that have ACCOUNTADMIN."""
    session = context.session
    if path[-1] not in ACCOUNT_USAGE or "ACCOUNTADMIN" not in inherited(session.catalogue, session.role or "PUBLIC"):
        raise does_not_exist("Object", ".".join(path))
    return ACCOUNT_USAGE[path[-1]](context)


def view(context: Context, path: tuple[str, ...]) -> Relation:
    """``[D.]INFORMATION_SCHEMA.name``; without a database, the one of the session."""
    database = path[0] if len(path) == 3 else context.session.database
    name = path[-1]
    if database is None:
        raise no_current("database")
    if name not in INFORMATION_SCHEMA:
        raise does_not_exist("Object", f"{database}.{NAME}.{name}")
    if database != "SNOWFLAKE" and context.session.catalogue.find("DATABASE", "", "", database) is None:
        raise does_not_exist("Database", database)
    return INFORMATION_SCHEMA[name](context, database)


def typed_columns(text: str) -> tuple[Column, ...]:
    """``NAME`` is text, ``NAME:n`` a number, ``NAME:t`` a timestamp."""
    types: dict[str, SqlType] = {"": TEXT, "n": INTEGER, "t": TIMESTAMP_LTZ}
    return tuple(Column(name, types[kind]) for name, _, kind in (item.partition(":") for item in text.split()))


TABLES = typed_columns(
    "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME TABLE_OWNER TABLE_TYPE IS_TRANSIENT CLUSTERING_KEY ROW_COUNT:n BYTES:n RETENTION_TIME:n "
    "CREATED:t LAST_ALTERED:t LAST_DDL:t AUTO_CLUSTERING_ON COMMENT IS_TEMPORARY IS_DYNAMIC"
)
_KINDS = {"TABLE": "BASE TABLE", "VIEW": "VIEW", "DYNAMIC TABLE": "BASE TABLE", "EXTERNAL TABLE": "EXTERNAL TABLE"}


@information_schema("TABLES")
def tables(context: Context, database: str) -> Relation:
    return relation(context, TABLES, [table_row(context, entry) for entry in _tables_and_views(context, database)])


def _tables_and_views(context: Context, database: str) -> list[Entry]:
    found = [entry for kind in _KINDS for entry in context.session.catalogue.list(kind, database=database)]
    return sorted(found, key=lambda entry: (entry.schema, entry.name))


def table_row(context: Context, entry: Entry) -> list[Any]:
    stored = entry.kind in {"TABLE", "DYNAMIC TABLE"}
    kind = "LOCAL TEMPORARY" if entry.temporary else _KINDS[entry.kind]
    return [
        entry.database,
        entry.schema,
        entry.name,
        entry.owner,
        kind,
        "YES" if entry.properties.get("TRANSIENT") else "NO",
        entry.properties.get("CLUSTER_BY"),
        context.session.catalogue.count_rows(entry) if stored else None,
        None,
        dropped.retention_of(context.session, entry) if stored else None,
        entry.created_on,
        entry.created_on,
        entry.created_on,
        "NO",
        entry.comment or None,
        "YES" if entry.temporary else "NO",
        "YES" if entry.kind == "DYNAMIC TABLE" else "NO",
    ]


COLUMNS = typed_columns(
    "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME COLUMN_NAME ORDINAL_POSITION:n COLUMN_DEFAULT IS_NULLABLE DATA_TYPE "
    "CHARACTER_MAXIMUM_LENGTH:n CHARACTER_OCTET_LENGTH:n NUMERIC_PRECISION:n NUMERIC_PRECISION_RADIX:n NUMERIC_SCALE:n "
    "DATETIME_PRECISION:n IS_IDENTITY COMMENT"
)
_DATA_TYPES = {"FIXED": "NUMBER", "REAL": "FLOAT"}


@information_schema("COLUMNS")
def columns(context: Context, database: str) -> Relation:
    listed = [row for entry in _tables_and_views(context, database) for row in column_rows(context, entry)]
    return relation(context, COLUMNS, listed)


def column_rows(context: Context, entry: Entry) -> list[list[Any]]:
    return [_column(entry, column, place + 1) for place, column in enumerate(context.session.catalogue.columns(entry))]


def _column(entry: Entry, column: Column, place: int) -> list[Any]:
    type_ = column.type
    fixed = type_.name == "FIXED"
    timed = type_.name == "TIME" or type_.name.startswith("TIMESTAMP")
    identity = (column.default or "").startswith("IDENTITY")
    return [
        entry.database,
        entry.schema,
        entry.name,
        column.name,
        place,
        None if identity else column.default,
        "YES" if column.nullable else "NO",
        _DATA_TYPES.get(type_.name, type_.name),
        type_.length,
        min(type_.length * 4, 16_777_216) if type_.name == "TEXT" and type_.length else None,
        type_.precision if fixed else None,
        10 if fixed else None,
        type_.scale if fixed else None,
        type_.scale if timed else None,
        "YES" if identity else "NO",
        column.comment,
    ]


VIEWS = typed_columns(
    "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME TABLE_OWNER VIEW_DEFINITION CHECK_OPTION IS_UPDATABLE INSERTABLE_INTO IS_SECURE CREATED:t "
    "LAST_ALTERED:t COMMENT"
)


@information_schema("VIEWS")
def views(context: Context, database: str) -> Relation:
    return relation(context, VIEWS, [view_row(entry) for entry in context.session.catalogue.list("VIEW", database=database)])


def view_row(entry: Entry) -> list[Any]:
    secure = "YES" if entry.properties.get("SECURE") else "NO"
    dates = (entry.created_on, entry.created_on)
    text = entry.properties.get("TEXT")
    return [
        entry.database,
        entry.schema,
        entry.name,
        entry.owner,
        text,
        "NONE",
        "NO",
        "NO",
        secure,
        *dates,
        entry.comment or None,
    ]


SCHEMATA = typed_columns(
    "CATALOG_NAME SCHEMA_NAME SCHEMA_OWNER IS_TRANSIENT IS_MANAGED_ACCESS RETENTION_TIME:n CREATED:t LAST_ALTERED:t COMMENT"
)


@information_schema("SCHEMATA")
def schemata(context: Context, database: str) -> Relation:
    found = context.session.catalogue.list("SCHEMA", database=database)
    return relation(context, SCHEMATA, [schema_row(context, entry) for entry in found])


def schema_row(context: Context, entry: Entry) -> list[Any]:
    return [
        entry.database,
        entry.name,
        entry.owner,
        "YES" if entry.properties.get("TRANSIENT") else "NO",
        "YES" if entry.properties.get("MANAGED") else "NO",
        dropped.retention_of(context.session, entry),
        entry.created_on,
        entry.created_on,
        entry.comment or None,
    ]


DATABASES = typed_columns("DATABASE_NAME DATABASE_OWNER IS_TRANSIENT COMMENT CREATED:t LAST_ALTERED:t RETENTION_TIME:n TYPE")


@information_schema("DATABASES")
def databases(context: Context, database: str) -> Relation:
    return relation(context, DATABASES, [database_row(context, entry) for entry in context.session.catalogue.list("DATABASE")])


def database_row(context: Context, entry: Entry) -> list[Any]:
    transient = "YES" if entry.properties.get("TRANSIENT") else "NO"
    dates = (entry.created_on, entry.created_on)
    days = dropped.retention_of(context.session, entry)
    return [entry.name, entry.owner, transient, entry.comment or None, *dates, days, "STANDARD"]
