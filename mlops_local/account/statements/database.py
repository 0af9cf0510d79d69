"""Databases. https://docs.snowflake.com/en/sql-reference/sql/create-database"""

from __future__ import annotations

from mlops_local.account.catalogue import Entry
from mlops_local.account.reader import Reader
from mlops_local.account.result import Column, Result
from mlops_local.account.session import Session
from mlops_local.account.statements import account_object, schema
from mlops_local.account.statements.kind import Creation, Kind, read_filter, show
from mlops_local.account.statements.options import read_options
from mlops_local.account.types import TIMESTAMP_LTZ


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    """A database and its PUBLIC schema; the session moves there, but not into one that existed."""
    name = reader.path()[0]
    options = read_options(reader, {"COMMENT": str, "DATA_RETENTION_TIME_IN_DAYS": int})
    reader.end()
    made: list[Entry] = []
    answer = account_object.create(
        session,
        "DATABASE",
        name,
        creation,
        lambda: made.append(add(session, name, comment=options.get("COMMENT", ""), transient=creation.transient)),
        remove=lambda entry: remove(session, entry),
    )
    if made:
        session.database, session.schema = name, "PUBLIC"
    return answer


def add(session: Session, name: str, *, comment: str = "", transient: bool = False) -> Entry:
    properties = {"TRANSIENT": True} if transient else {}
    entry = account_object.add(session, "DATABASE", name, comment=comment, properties=properties)
    schema.add(session, name, "PUBLIC")
    return entry


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    name = reader.path()[0]
    reader.accept_any("CASCADE", "RESTRICT")
    reader.end()
    answer = account_object.drop(session, "DATABASE", name, if_exists=if_exists, remove=lambda entry: remove(session, entry))
    if session.database == name:
        session.database = session.schema = None
    return answer


def remove(session: Session, entry: Entry) -> None:
    for inner in session.catalogue.list("SCHEMA", database=entry.name):
        schema.remove(session, inner)
    session.catalogue.remove(entry)


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    return account_object.set_comment(session, "DATABASE", reader, if_exists)


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
