"""TAG. https://docs.snowflake.com/en/sql-reference/sql/create-tag"""

from __future__ import annotations

import json

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.history import dropped
from mlops_local.account.session.result import SUCCEEDED, Column, Result, status
from mlops_local.account.session.session import Session
from mlops_local.account.statements.kind import Creation, Kind, read_filter, replace_or_keep, show
from mlops_local.account.statements.undrop import undrop
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import TIMESTAMP_LTZ


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    path = reader.path()
    allowed = _read_values(reader) if reader.accept("ALLOWED_VALUES") else []
    comment = _read_comment(reader)
    reader.end()
    name = session.complete(path)
    with session.ddl():
        session.catalogue.get("SCHEMA", name.database, "", name.schema)
        if replace_or_keep(session, "TAG", path, creation, lambda old: dropped.drop(session, old)):
            return status(f"{name.name} already exists, statement succeeded.")
        session.catalogue.add(
            "TAG",
            name.database,
            name.schema,
            name.name,
            owner=session.role,
            created_on=session.account.clock.now(),
            comment=comment,
            properties={"allowed_values": allowed},
        )
    return status(f"Tag {name.name} successfully created.")


def _read_values(reader: Reader) -> list[str]:
    values = [reader.string()]
    while reader.accept(","):
        values.append(reader.string())
    return values


def _read_comment(reader: Reader) -> str:
    if not reader.accept("COMMENT"):
        return ""
    reader.accept("=")
    return reader.string()


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    path = reader.path()
    with session.ddl():
        entry = session.find("TAG", path) if if_exists else session.get("TAG", path)
        if entry is not None:
            _change(session, entry, reader)
    return status(SUCCEEDED)


def _change(session: Session, entry: Entry, reader: Reader) -> None:
    allowed = entry.properties.get("allowed_values", [])
    if reader.accept("RENAME", "TO"):
        path = reader.path()
        reader.end()
        session.catalogue.rename(entry, session.complete(path))
        return
    if reader.accept("SET"):
        session.catalogue.update(entry, comment=_read_required_comment(reader))
    elif reader.accept("UNSET", "COMMENT"):
        session.catalogue.update(entry, comment="")
    elif reader.accept("UNSET", "ALLOWED_VALUES"):
        session.catalogue.update(entry, allowed_values=[])
    elif reader.accept("ADD", "ALLOWED_VALUES"):
        session.catalogue.update(entry, allowed_values=list(dict.fromkeys([*allowed, *_read_values(reader)])))
    else:
        reader.expect("DROP", "ALLOWED_VALUES")
        dropped = _read_values(reader)
        session.catalogue.update(entry, allowed_values=[value for value in allowed if value not in dropped])
    reader.end()


def _read_required_comment(reader: Reader) -> str:
    reader.expect("COMMENT")
    reader.accept("=")
    return reader.string()


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    path = reader.path()
    reader.end()
    with session.ddl():
        entry = session.find("TAG", path) if if_exists else session.get("TAG", path)
        if entry is None:
            return status(f"Drop statement executed successfully ({path[-1]} already dropped).")
        dropped.drop(session, entry)
    return status(f"{entry.name} successfully dropped.")


_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("name"),
    Column("database_name"),
    Column("schema_name"),
    Column("owner"),
    Column("comment"),
    Column("allowed_values"),
    Column("owner_role_type"),
    Column("propagate"),
    Column("on_conflict"),
)


def show_all(session: Session, reader: Reader) -> Result:
    shown = read_filter(session, reader)
    tags = session.catalogue.list("TAG", database=shown.database, schema=shown.schema)
    return show(
        _COLUMNS,
        shown,
        tags,
        lambda entry: (
            entry.created_on,
            entry.name,
            entry.database,
            entry.schema,
            entry.owner,
            entry.comment,
            _allowed_text(entry),
            "ROLE",
            None,
            None,
        ),
    )


def _allowed_text(entry: Entry) -> str | None:
    """JSON without blanks: the Feature Store replaces the commas inside a value by SQL."""
    values = entry.properties.get("allowed_values")
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False) if values else None


KIND = Kind("TAG", "TAGS", create=create, alter=alter, drop=drop, undrop=undrop("TAG"), show=show_all)
