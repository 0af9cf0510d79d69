"""Databases. https://docs.snowflake.com/en/sql-reference/sql/create-database"""

from __future__ import annotations

from mlops_local.account.catalogue import Entry
from mlops_local.account.errors import already_exists
from mlops_local.account.reader import Reader
from mlops_local.account.result import SUCCEEDED, Column, Result, status
from mlops_local.account.session import Session
from mlops_local.account.statements import schema
from mlops_local.account.statements.kind import Creation, Kind, read_filter, show
from mlops_local.account.statements.options import read_options
from mlops_local.account.types import TIMESTAMP_LTZ


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    """A database and its PUBLIC schema; the session moves there, as in Snowflake."""
    name = reader.path()[0]
    options = read_options(reader, {"COMMENT": str, "DATA_RETENTION_TIME_IN_DAYS": int})
    reader.end()
    with session.ddl():
        existing = session.catalogue.find("DATABASE", "", "", name)
        if existing and creation.if_not_exists:
            return status(f"{name} already exists, statement succeeded.")
        if existing and not creation.or_replace:
            raise already_exists("Object", name)
        if existing:
            remove(session, existing)
        add(session, name, comment=options.get("COMMENT", ""), transient=creation.transient)
    session.database, session.schema = name, "PUBLIC"
    return status(f"Database {name} successfully created.")


def add(session: Session, name: str, *, comment: str = "", transient: bool = False) -> Entry:
    entry = session.catalogue.add(
        "DATABASE",
        "",
        "",
        name,
        owner=session.role,
        created_on=session.account.clock.now(),
        comment=comment,
        properties={"TRANSIENT": True} if transient else {},
    )
    schema.add(session, name, "PUBLIC")
    return entry


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    name = reader.path()[0]
    reader.accept_any("CASCADE", "RESTRICT")
    reader.end()
    with session.ddl():
        entry = session.catalogue.find("DATABASE", "", "", name)
        if entry is None and if_exists:
            return status(f"Drop statement executed successfully ({name} already dropped).")
        remove(session, session.catalogue.get("DATABASE", "", "", name))
    if session.database == name:
        session.database = session.schema = None
    return status(f"{name} successfully dropped.")


def remove(session: Session, entry: Entry) -> None:
    for inner in session.catalogue.list("SCHEMA", database=entry.name):
        schema.remove(session, inner)
    session.catalogue.remove(entry)


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    name = reader.path()[0]
    with session.ddl():
        entry = session.catalogue.find("DATABASE", "", "", name) if if_exists else session.catalogue.get("DATABASE", "", "", name)
        reader.expect("SET")
        options = read_options(reader, {"COMMENT": str})
        reader.end()
        if entry is not None:
            session.catalogue.update(entry, comment=options.get("COMMENT"))
    return status(SUCCEEDED)


_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("name"),
    Column("is_default"),
    Column("is_current"),
    Column("origin"),
    Column("owner"),
    Column("comment"),
    Column("options"),
    Column("retention_time"),
    Column("kind"),
    Column("budget"),
    Column("owner_role_type"),
    Column("object_visibility"),
)


def show_all(session: Session, reader: Reader) -> Result:
    shown = read_filter(session, reader)
    return show(
        _COLUMNS,
        shown,
        session.catalogue.list("DATABASE"),
        lambda entry: (
            entry.created_on,
            entry.name,
            "N",
            "Y" if entry.name == session.database else "N",
            "",
            entry.owner,
            entry.comment,
            "TRANSIENT" if entry.properties.get("TRANSIENT") else "",
            "1",
            "STANDARD",
            None,
            "ROLE",
            None,
        ),
    )


KIND = Kind("DATABASE", "DATABASES", create=create, alter=alter, drop=drop, show=show_all)
