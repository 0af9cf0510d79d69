"""Who and where am I, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    missing = tuple(_find_missing(session, settings, source_tables))
    return Facts(account, user, role, settings.warehouse, settings.database, settings.schema, version, missing)


def require_ready(session: Session, settings: Settings, source_tables: Iterable[str] = ()) -> None:
    """Whatever is missing is said before the first change, not in the middle of it."""
    if missing := list(_find_missing(session, settings, source_tables)):
        raise AccountError(" ".join(missing))


def _find_missing(session: Session, settings: Settings, source_tables: Iterable[str]) -> Iterator[str]:
    hint = f"does not exist, or {settings.role or 'the default role'} may not use it: see setup/account.sql."
    if not _shown(session, "WAREHOUSES", settings.warehouse):
        yield f"The warehouse {settings.warehouse} {hint}"
    if not _shown(session, "DATABASES", settings.database):
        yield f"The database {settings.database} {hint}"
        return
    for schema in (settings.home, settings.feature_store):
        if not _has_schema(session, schema):
            yield f"The schema {schema.database}.{schema.name} {hint}"
    yield from _missing_tables(session, settings, source_tables)


def _missing_tables(session: Session, settings: Settings, tables: Iterable[str]) -> Iterator[str]:
    wanted = [table.split(".", 1) for table in tables]
    there = {name: _tables_of(session, Schema(settings.database, name)) for name in sorted({schema for schema, _ in wanted})}
    for schema, table in wanted:
        if table not in there[schema]:
            yield f"The table {settings.database}.{schema}.{table} does not exist, or may not be read: load the source first."


def _tables_of(session: Session, schema: Schema) -> set[str]:
    if not _has_schema(session, schema):
        return set()
    shown = (*fetch(session, f"SHOW TABLES IN SCHEMA {schema.sql}"), *fetch(session, f"SHOW VIEWS IN SCHEMA {schema.sql}"))
    return {row["name"] for row in shown}


def _has_schema(session: Session, schema: Schema) -> bool:
    return _shown(session, "SCHEMAS", schema.name, f"IN DATABASE {quote(schema.database)}")


def _shown(session: Session, kind: str, name: str, place: str = "") -> bool:
    # `_` is a wildcard in SHOW .. LIKE, so the rows are compared again.
    rows = fetch(session, f"SHOW {kind} LIKE {literal(name)} {place}".rstrip())
    return any(row["name"] == name for row in rows)
