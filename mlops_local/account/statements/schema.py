"""Schemas. https://docs.snowflake.com/en/sql-reference/sql/create-schema"""

from __future__ import annotations

from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import already_exists, does_not_exist
from mlops_local.account.history import dropped
from mlops_local.account.routines.artifact_repositories import read_repository
from mlops_local.account.session.result import SUCCEEDED, Column, Result, StatementType, rows, status
from mlops_local.account.session.session import Session
from mlops_local.account.statements import container
from mlops_local.account.statements.clone import read_container_options
from mlops_local.account.statements.kind import Creation, Kind, read_filter, show
from mlops_local.account.statements.tagging import set_tags
from mlops_local.account.statements.undrop import undrop
from mlops_local.account.syntax.names import Name, quote_if_needed
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import TIMESTAMP_LTZ


def _place(session: Session, path: tuple[str, ...]) -> Name:
    """Where a schema of that path is, or would be."""
    name = session.complete((*path, ""))
    return Name(session.catalogue.get("DATABASE", "", "", name.database).name, "", name.schema)


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    """The session moves into the new schema; into an existing one (IF NOT EXISTS) it does not."""
    path = reader.path()
    source_path = reader.path() if reader.accept("CLONE") else None
    stages = read_container_options(reader) if source_path else False
    managed = reader.accept("WITH", "MANAGED", "ACCESS")
    options = container.read_parameters(reader)
    tags = container.read_tags(reader)
    reader.end()
    with session.ddl():
        name = _place(session, path)
        session.access.create("SCHEMA", name.database, "")
        existing = session.catalogue.find("SCHEMA", name.database, "", name.name)
        if existing and creation.or_alter and source_path is None:
            container.redefine(session, existing, {"MANAGED": managed or None, **options})
            return status(f"Schema {name.name} successfully altered.")
        if existing and creation.if_not_exists:
            return status(f"{name.name} already exists, statement succeeded.")
        if existing and not creation.or_replace:
            raise already_exists("Object", existing.full_name)
        source = get(session, source_path) if source_path else None
        if source is not None:
            container.check_source(source, name, transient=creation.transient)
        if existing:
            dropped.set_aside(session, existing)
        entry = add(session, name.database, name.name, options, managed=managed, transient=creation.transient)
        if source is not None:
            container.clone_into(session, source, entry, stages=stages)
        set_tags(session, entry, tags)
        dropped.purge(session)
    session.database, session.schema = name.database, name.name
    return status(f"Schema {name.name} successfully created.")


def get(session: Session, path: tuple[str, ...]) -> Entry:
    name = _place(session, path)
    return session.catalogue.get("SCHEMA", name.database, "", name.name)


def add(
    session: Session,
    database: str,
    name: str,
    options: dict[str, Any] | None = None,
    *,
    managed: bool = False,
    transient: bool = False,
) -> Entry:
    parameters = dict(options or {})
    comment = parameters.pop("COMMENT", "")
    flags = {key: True for key, value in (("MANAGED", managed), ("TRANSIENT", transient)) if value}
    return session.catalogue.add(
        "SCHEMA",
        database,
        "",
        name,
        owner=session.role,
        created_on=session.account.clock.now(),
        comment=comment,
        properties={**flags, **parameters},
    )


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    path = reader.path()
    reader.accept_any("CASCADE", "RESTRICT")
    reader.end()
    with session.ddl():
        entry = _find(session, path, if_exists=if_exists)
        if entry is None:
            return status(f"Drop statement executed successfully ({path[-1]} already dropped).")
        dropped.drop(session, entry)
    if (session.database, session.schema) == (entry.database, entry.name):
        session.schema = None
    return status(f"{entry.name} successfully dropped.")


def _find(session: Session, path: tuple[str, ...], *, if_exists: bool) -> Entry | None:
    """None when it may be missing, or its database, and is."""
    name = session.complete((*path, ""))
    entry = session.catalogue.find("SCHEMA", name.database, "", name.schema)
    if entry is None and not if_exists:
        raise does_not_exist("Schema", f"{quote_if_needed(name.database)}.{quote_if_needed(name.schema)}")
    return entry


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    """The current schema when none is named: ``ALTER SCHEMA SET ..``."""
    current = reader.token.upper in {"SET", "UNSET"}
    path = ("",) if current else reader.path()
    with session.ddl():
        entry = _find(session, path, if_exists=if_exists)
        if entry is not None:
            _change(session, entry, reader)
    return status(SUCCEEDED)


def _change(session: Session, entry: Entry, reader: Reader) -> None:
    managed = reader.accept_any("ENABLE", "DISABLE")
    if managed:
        reader.expect("MANAGED", "ACCESS")
        reader.end()
        session.catalogue.update(entry, MANAGED=managed == "ENABLE" or None)
    elif reader.accept("UNSET", "DEFAULT_PYTHON_ARTIFACT_REPOSITORY"):
        reader.end()
        session.catalogue.update(entry, DEFAULT_PYTHON_ARTIFACT_REPOSITORY=None)
    elif reader.accept("SET", "DEFAULT_PYTHON_ARTIFACT_REPOSITORY", "="):
        repository = read_repository(reader)
        reader.end()
        session.catalogue.update(entry, DEFAULT_PYTHON_ARTIFACT_REPOSITORY=repository)
    else:
        container.change(session, entry, reader, lambda path: _place(session, path))


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
            _options(entry),
            str(dropped.retention_of(session, entry)),
            "ROLE",
            None,
        ),
        past=lambda: dropped.listed(session, "SCHEMA", database=shown.database),
    )


def _options(entry: Entry) -> str:
    words = (("TRANSIENT", "TRANSIENT"), ("MANAGED", "MANAGED ACCESS"))
    return ", ".join(word for key, word in words if entry.properties.get(key))


_CONTENTS = (Column("created_on", TIMESTAMP_LTZ), Column("name"), Column("kind"))


def describe(session: Session, reader: Reader) -> Result:
    """What the schema contains. https://docs.snowflake.com/en/sql-reference/sql/desc-schema"""
    path = reader.path()
    reader.end()
    entry = get(session, path)
    inside = [
        one
        for one in session.catalogue.inside(entry.database, entry.name)
        if not one.parent and one.session in {0, session.id} and session.access.sees(one)
    ]
    listed = sorted((one.name, one.kind, one.created_on) for one in inside)
    return rows(_CONTENTS, [(made, name, kind) for name, kind, made in listed], type_=StatementType.DESCRIBE)


KIND = Kind(
    "SCHEMA",
    "SCHEMAS",
    create=create,
    alter=alter,
    drop=drop,
    undrop=undrop("SCHEMA"),
    or_alter=True,
    show=show_all,
    describe=describe,
)
