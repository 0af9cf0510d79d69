"""Databases. https://docs.snowflake.com/en/sql-reference/sql/create-database"""

from __future__ import annotations

from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.history import dropped
from mlops_local.account.session.result import SUCCEEDED, Column, Result, StatementType, rows, status
from mlops_local.account.session.session import Session
from mlops_local.account.statements import account_object, container, event_table, schema
from mlops_local.account.statements.clone import read_container_options
from mlops_local.account.statements.kind import Creation, Kind, read_filter, show
from mlops_local.account.statements.tagging import set_tags
from mlops_local.account.statements.undrop import undrop
from mlops_local.account.syntax.names import Name
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import TIMESTAMP_LTZ


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    """A database and its PUBLIC schema, or a clone; the session moves there, but not into one that existed."""
    name = reader.path()[0]
    source_name = reader.path()[-1] if reader.accept("CLONE") else None
    stages = read_container_options(reader) if source_name else False
    options = container.read_parameters(reader)
    tags = container.read_tags(reader)
    reader.end()
    present = _present(session, name) if creation.or_alter and source_name is None else None
    if present is not None:
        with session.ddl():
            container.redefine(session, present, options)
        return status(f"Database {name} successfully altered.")
    made: list[Entry] = []
    source = _source(session, name, source_name, creation) if source_name else None

    def make() -> None:
        made.append(add(session, name, options, transient=creation.transient, empty=source is not None))
        if source is not None:
            container.clone_into(session, source, made[0], stages=stages)
        set_tags(session, made[0], tags)
        dropped.purge(session)

    answer = account_object.create(
        session, "DATABASE", name, creation, make, remove=lambda entry: dropped.set_aside(session, entry)
    )
    if made:
        public = session.catalogue.find("SCHEMA", name, "", "PUBLIC")
        session.database, session.schema = name, public.name if public else None
    return answer


def _present(session: Session, name: str) -> Entry | None:
    with session.transaction():
        return session.catalogue.find("DATABASE", "", "", name)


def _source(session: Session, name: str, source_name: str, creation: Creation) -> Entry:
    with session.transaction():
        source = session.catalogue.get("DATABASE", "", "", source_name)
    container.check_source(source, Name("", "", name), transient=creation.transient)
    return source


def add(
    session: Session, name: str, options: dict[str, Any] | None = None, *, transient: bool = False, empty: bool = False
) -> Entry:
    parameters = dict(options or {})
    comment = parameters.pop("COMMENT", "")
    properties = {"TRANSIENT": True, **parameters} if transient else parameters
    entry = account_object.add(session, "DATABASE", name, comment=comment, properties=properties)
    if not empty:
        schema.add(session, name, "PUBLIC", transient=transient)
    return entry


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    name = reader.path()[0]
    reader.accept_any("CASCADE", "RESTRICT")
    reader.end()
    answer = account_object.drop(
        session, "DATABASE", name, if_exists=if_exists, remove=lambda entry: dropped.drop(session, entry)
    )
    if session.database == name:
        session.database = session.schema = None
    return answer


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    name = reader.path()[0]
    with session.ddl():
        entry = account_object.find(session, "DATABASE", name, if_exists=if_exists)
        if entry is not None and not event_table.set_on(session, entry, reader):
            container.change(session, entry, reader, lambda path: Name("", "", path[-1]))
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
            str(dropped.retention_of(session, entry)),
            "STANDARD",
            None,
            "ROLE",
            None,
        ),
        past=lambda: dropped.listed(session, "DATABASE"),
    )


_CONTENTS = (Column("created_on", TIMESTAMP_LTZ), Column("name"), Column("kind"))


def describe(session: Session, reader: Reader) -> Result:
    """The schemas of the database. https://docs.snowflake.com/en/sql-reference/sql/desc-database"""
    entry = session.catalogue.get("DATABASE", "", "", reader.path()[-1])
    reader.end()
    listed = session.catalogue.list("SCHEMA", database=entry.name)
    return rows(_CONTENTS, [(one.created_on, one.name, one.kind) for one in listed], type_=StatementType.DESCRIBE)


KIND = Kind(
    "DATABASE",
    "DATABASES",
    create=create,
    alter=alter,
    drop=drop,
    undrop=undrop("DATABASE"),
    or_alter=True,
    show=show_all,
    describe=describe,
)
