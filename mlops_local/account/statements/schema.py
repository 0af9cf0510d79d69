"""Schemas. https://docs.snowflake.com/en/sql-reference/sql/create-schema"""

from __future__ import annotations

from mlops_local.account.artifact_repositories import read_repository
from mlops_local.account.catalogue import Entry
from mlops_local.account.errors import already_exists, does_not_exist
from mlops_local.account.names import Name
from mlops_local.account.reader import Reader
from mlops_local.account.result import SUCCEEDED, Column, Result, status
from mlops_local.account.session import Session
from mlops_local.account.statements.kind import Creation, Kind, read_filter, show
from mlops_local.account.statements.options import read_options
from mlops_local.account.types import TIMESTAMP_LTZ


def _name(session: Session, reader: Reader) -> Name:
    return session.complete((*reader.path(), ""))


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    """The session moves into the new schema; into an existing one (IF NOT EXISTS) it does not."""
    name = _name(session, reader)
    managed = reader.accept("WITH", "MANAGED", "ACCESS")
    options = read_options(reader, {"COMMENT": str, "DATA_RETENTION_TIME_IN_DAYS": int})
    reader.end()
    with session.ddl():
        session.catalogue.get("DATABASE", "", "", name.database)
        existing = session.catalogue.find("SCHEMA", name.database, "", name.schema)
        if existing and creation.if_not_exists:
            return status(f"{name.schema} already exists, statement succeeded.")
        if existing and not creation.or_replace:
            raise already_exists("Object", existing.full_name)
        if existing:
            remove(session, existing)
        add(session, name.database, name.schema, comment=options.get("COMMENT", ""), managed=managed)
    session.database, session.schema = name.database, name.schema
    return status(f"Schema {name.schema} successfully created.")


def add(session: Session, database: str, name: str, *, comment: str = "", managed: bool = False) -> Entry:
    return session.catalogue.add(
        "SCHEMA",
        database,
        "",
        name,
        owner=session.role,
        created_on=session.account.clock.now(),
        comment=comment,
        properties={"MANAGED": True} if managed else {},
    )


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    name = _name(session, reader)
    reader.accept_any("CASCADE", "RESTRICT")
    reader.end()
    with session.ddl():
        entry = session.catalogue.find("SCHEMA", name.database, "", name.schema)
        if entry is None:
            if if_exists:
                return status(f"Drop statement executed successfully ({name.schema} already dropped).")
            raise does_not_exist("Schema", f"{name.database}.{name.schema}")
        remove(session, entry)
    if (session.database, session.schema) == (name.database, name.schema):
        session.schema = None
    return status(f"{name.schema} successfully dropped.")


def remove(session: Session, entry: Entry) -> None:
    for inner in session.catalogue.inside(entry.database, entry.name):
        session.connection.execute(f"DROP TABLE IF EXISTS {inner.physical}")
        session.connection.execute(f"DROP TABLE IF EXISTS main.c{inner.id}")
        session.catalogue.remove(inner)
    session.catalogue.remove(entry)


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    """The current schema when none is named: ``ALTER SCHEMA SET ..``."""
    current = reader.token.upper in {"SET", "UNSET"}
    name = session.complete(("",)) if current else _name(session, reader)
    with session.ddl():
        entry = session.catalogue.find("SCHEMA", name.database, "", name.schema)
        if entry is None and not if_exists:
            raise does_not_exist("Schema", f"{name.database}.{name.schema}")
        comment, properties = _read_change(reader)
        reader.end()
        if entry is not None:
            session.catalogue.update(entry, comment=comment, **properties)
    return status(SUCCEEDED)


def _read_change(reader: Reader) -> tuple[str | None, dict[str, str | None]]:
    """The comment and the properties that SET or UNSET changes."""
    if reader.accept("UNSET", "DEFAULT_PYTHON_ARTIFACT_REPOSITORY"):
        return None, {"DEFAULT_PYTHON_ARTIFACT_REPOSITORY": None}
    reader.expect("SET")
    if reader.accept("DEFAULT_PYTHON_ARTIFACT_REPOSITORY", "="):
        return None, {"DEFAULT_PYTHON_ARTIFACT_REPOSITORY": read_repository(reader)}
    return read_options(reader, {"COMMENT": str}).get("COMMENT"), {}


_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("name"),
    Column("is_default"),
    Column("is_current"),
    Column("database_name"),
    Column("owner"),
    Column("comment"),
    Column("options"),
    Column("retention_time"),
    Column("owner_role_type"),
    Column("budget"),
)


def show_all(session: Session, reader: Reader) -> Result:
    """Schemas of one database; ``IN d`` names a database here, unlike in SHOW TABLES."""
    shown = read_filter(session, reader)
    return show(
        _COLUMNS,
        shown,
        session.catalogue.list("SCHEMA", database=shown.database),
        lambda entry: (
            entry.created_on,
            entry.name,
            "N",
            "Y" if (entry.database, entry.name) == (session.database, session.schema) else "N",
            entry.database,
            entry.owner,
            entry.comment,
            "MANAGED ACCESS" if entry.properties.get("MANAGED") else "",
            "1",
            "ROLE",
            None,
        ),
    )


KIND = Kind("SCHEMA", "SCHEMAS", create=create, alter=alter, drop=drop, show=show_all)
