"""Who and where am I, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from snowflake.snowpark import Session

from mlops.errors import AccountError
from mlops.names import Schema, literal, quote
from mlops.rows import fetch
from mlops.settings import Settings

_WHO = "SELECT CURRENT_ACCOUNT(), CURRENT_USER(), CURRENT_ROLE(), CURRENT_VERSION()"


@dataclass(frozen=True)
class Facts:
    account: str
    user: str
    role: str
    warehouse: str
    database: str
    schema: str
    version: str
    missing: tuple[str, ...]


def read_facts(session: Session, settings: Settings, source_tables: Iterable[str]) -> Facts:
    account, user, role, version = fetch(session, _WHO)[0]
    missing = (*_missing_places(session, settings), *_missing_tables(session, settings, source_tables))
    return Facts(account, user, role, settings.warehouse, settings.database, settings.schema, version, tuple(missing))


def require_ready(session: Session, settings: Settings, source_tables: Iterable[str] = ()) -> None:
    """Whatever is missing is said before the first change, not in the middle of it."""
    missing = (*_missing_places(session, settings), *_missing_tables(session, settings, source_tables))
    if missing:
        raise AccountError(" ".join(missing))


def _missing_places(session: Session, settings: Settings) -> tuple[str, ...]:
    role = settings.role or "the user's default role"
    if not _shown(session, "WAREHOUSES", settings.warehouse):
        return (f"The warehouse {settings.warehouse} does not exist, or {role} may not use it: see setup/account.sql.",)
    if not _shown(session, "DATABASES", settings.database):
        return (f"The database {settings.database} does not exist, or {role} may not use it: see setup/account.sql.",)
    return tuple(
        f"The schema {schema.database}.{schema.name} does not exist, or {role} may not use it: see setup/account.sql."
        for schema in (settings.home, settings.feature_store)
        if not _shown(session, "SCHEMAS", schema.name, f"IN DATABASE {quote(schema.database)}")
    )


def _missing_tables(session: Session, settings: Settings, tables: Iterable[str]) -> tuple[str, ...]:
    wanted = [table.split(".", 1) for table in tables]
    there = {name: _tables_of(session, Schema(settings.database, name)) for name in sorted({schema for schema, _ in wanted})}
    return tuple(
        f"The table {settings.database}.{schema}.{table} does not exist, or may not be read: load the source first."
        for schema, table in wanted
        if table not in there[schema]
    )


def _tables_of(session: Session, schema: Schema) -> set[str]:
    if not _shown(session, "SCHEMAS", schema.name, f"IN DATABASE {quote(schema.database)}"):
        return set()
    shown = (*fetch(session, f"SHOW TABLES IN SCHEMA {schema.sql}"), *fetch(session, f"SHOW VIEWS IN SCHEMA {schema.sql}"))
    return {row["name"] for row in shown}


def _shown(session: Session, kind: str, name: str, place: str = "") -> bool:
    # `_` is a wildcard in SHOW .. LIKE, so the rows are compared again.
    rows = fetch(session, f"SHOW {kind} LIKE {literal(name)} {place}".rstrip())
    return any(row["name"] == name for row in rows)
