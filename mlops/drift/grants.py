"""What the pipeline's role must be allowed, as `setup/account.sql` grants it, and what of it is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from snowflake.snowpark import Row

from mlops.apply.target import Target
from mlops.drift.finding import Finding
from mlops.names import Schema, quote, resolve

IN_FEATURE_STORE = ("USAGE", "CREATE TAG", "CREATE VIEW", "CREATE TABLE", "CREATE FUNCTION")
AT_HOME = (
    *("USAGE", "CREATE TABLE", "CREATE STAGE", "CREATE FILE FORMAT", "CREATE PROCEDURE"),
    *("CREATE DATASET", "CREATE MODEL", "CREATE STREAM", "CREATE TASK"),
)
ON_ACCOUNT = ("EXECUTE TASK",)


@dataclass(frozen=True)
class Grant:
    privilege: str
    kind: str
    name: str


def find_missing_grants(target: Target, tables: Iterable[str]) -> Iterator[Finding]:
    role = str(target.run("SELECT CURRENT_ROLE()")[0][0])
    held = set(_held(target, role, set()))
    for wanted in _wanted(target, tuple(tables)):
        if not {wanted, Grant("OWNERSHIP", wanted.kind, wanted.name)} & held:
            place = wanted.kind.lower() if wanted.kind == "ACCOUNT" else f"{wanted.kind.lower()} {wanted.name}"
            yield Finding("grant", role, f"{wanted.privilege} on {place}", "granted", "missing")


def _wanted(target: Target, tables: tuple[str, ...]) -> Iterator[Grant]:
    settings = target.settings
    yield Grant("USAGE", "WAREHOUSE", settings.warehouse)
    yield Grant("USAGE", "DATABASE", settings.database)
    for schema, privileges in ((settings.feature_store, IN_FEATURE_STORE), (settings.home, AT_HOME)):
        yield from (Grant(privilege, "SCHEMA", _told(schema)) for privilege in privileges)
    for schema_name in sorted({table.partition(".")[0] for table in tables}):
        yield Grant("USAGE", "SCHEMA", _told(Schema(settings.database, schema_name)))
    yield from (Grant("SELECT", "TABLE", f"{settings.database}.{table}") for table in tables)
    yield from (Grant(privilege, "ACCOUNT", "") for privilege in ON_ACCOUNT)


def _held(target: Target, role: str, seen: set[str]) -> Iterator[Grant]:
    """Of the role, and of those that it was granted."""
    seen.add(role)
    for row in target.run(f"SHOW GRANTS TO ROLE {quote(role)}"):
        yield _grant(row)
        if row["granted_on"] == "ROLE" and row["privilege"] == "USAGE" and resolve(row["name"]) not in seen:
            yield from _held(target, resolve(row["name"]), seen)


def _grant(row: Row) -> Grant:
    kind = "TABLE" if row["granted_on"] == "VIEW" else row["granted_on"]
    return Grant(row["privilege"], kind, "" if kind == "ACCOUNT" else ".".join(map(resolve, row["name"].split("."))))


def _told(schema: Schema) -> str:
    return f"{schema.database}.{schema.name}"
