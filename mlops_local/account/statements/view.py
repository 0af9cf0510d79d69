"""VIEW. The statement is kept verbatim, because clients parse it; queries read the body through the SQL translation.

https://docs.snowflake.com/en/sql-reference/sql/create-view
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import invalid_identifier, syntax_error
from mlops_local.account.session.result import SUCCEEDED, Column, Result, status
from mlops_local.account.session.session import Session
from mlops_local.account.sql import query
from mlops_local.account.sql.context import Context
from mlops_local.account.statements import schema_object
from mlops_local.account.statements.kind import Creation, Kind, read_filter, replace_or_keep, show
from mlops_local.account.statements.projection import Heading, head, read_headings, tag_columns
from mlops_local.account.statements.tagging import TagValues, change_column_tags, read_tag_clause, set_tags
from mlops_local.account.syntax.names import quote
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import TIMESTAMP_LTZ


@dataclass
class _Clauses:
    comment: str = ""
    tags: TagValues = ()
    change_tracking: bool = False


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    path = reader.path()
    headings = read_headings(reader)
    clauses = _read_clauses(reader)
    reader.expect("AS")
    body = reader.rest()
    with session.ddl():
        name = schema_object.place(session, path)
        query_text = _recursive(name.name, headings, body) if "RECURSIVE" in creation.modifiers else body
        columns = _describe(session, query_text, name.database, name.schema, headings)
        properties: dict[str, Any] = {
            "QUERY": query_text,
            "TEXT": reader.text,
            "SECURE": creation.secure,
            "CHANGE_TRACKING": clauses.change_tracking,
            "HEADED": bool(headings),
        }
        present = schema_object.find(session, "VIEW", path, if_exists=True) if creation.or_alter else None
        if present is not None:
            session.catalogue.set_columns(session.catalogue.update(present, comment=clauses.comment, **properties), columns)
            return status(f"View {name.name} successfully altered.")
        if replace_or_keep(session, "VIEW", path, creation, session.catalogue.remove):
            return status(f"{name.name} already exists, statement succeeded.")
        entry = session.catalogue.add(
            "VIEW",
            name.database,
            name.schema,
            name.name,
            owner=session.role,
            created_on=session.account.clock.now(),
            comment=clauses.comment,
            properties=properties,
            temporary=creation.temporary,
        )
        session.catalogue.set_columns(entry, columns)
        set_tags(session, entry, clauses.tags)
        tag_columns(session, entry, headings)
    return status(f"View {name.name} successfully created.")


def _recursive(name: str, headings: list[Heading], body: str) -> str:
    """CREATE RECURSIVE VIEW is short for a view over a recursive common table expression of its own name."""
    if not headings:
        raise syntax_error("a recursive view needs a list of its columns.")
    listed = ", ".join(quote(heading.name) for heading in headings)
    return f"WITH RECURSIVE {quote(name)} ({listed}) AS ({body}) SELECT * FROM {quote(name)}"


def _read_clauses(reader: Reader) -> _Clauses:
    clauses = _Clauses()
    while reader.token.upper in {"COMMENT", "TAG", "WITH", "COPY", "CHANGE_TRACKING"}:
        comment = schema_object.read_comment(reader)
        if comment is not None:
            clauses.comment = comment
        elif reader.token.upper in {"TAG", "WITH"}:
            clauses.tags += read_tag_clause(reader)
        elif reader.accept("CHANGE_TRACKING", "="):
            clauses.change_tracking = reader.boolean()
        elif not reader.accept_copy_grants():
            raise reader.refuse()
    return clauses


def _describe(session: Session, body: str, database: str, schema: str, headings: list[Heading]) -> list[Column]:
    """The body is compiled where it will be: bare names in it belong to the view's own schema."""
    translation = query.translate(session, body, Context(session, database, schema))
    translation.context.release()
    return head(translation.columns, headings)


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    path = reader.path()
    with session.ddl():
        entry = schema_object.find(session, "VIEW", path, if_exists=if_exists)
        if entry is not None:
            _change(session, entry, reader)
    return status(SUCCEEDED)


def _change(session: Session, entry: Entry, reader: Reader) -> None:
    if reader.accept("RENAME", "TO"):
        schema_object.rename(session, entry, reader)
    elif reader.accept_any("MODIFY", "ALTER"):
        _change_columns(session, entry, reader)
    else:
        _set(session, entry, reader)
    reader.end()


def _set(session: Session, entry: Entry, reader: Reader) -> None:
    if reader.accept("UNSET"):
        word = reader.accept_any("COMMENT", "SECURE")
        if word is None:
            raise reader.refuse()
        session.catalogue.update(entry, **({"comment": ""} if word == "COMMENT" else {"SECURE": False}))
        return
    reader.expect("SET")
    if reader.accept("SECURE"):
        session.catalogue.update(entry, SECURE=True)
    elif reader.accept("CHANGE_TRACKING", "="):
        session.catalogue.update(entry, CHANGE_TRACKING=reader.boolean())
    else:
        comment = schema_object.read_comment(reader)
        if comment is None:
            raise reader.refuse()
        session.catalogue.update(entry, comment=comment)


def _change_columns(session: Session, entry: Entry, reader: Reader) -> None:
    """``MODIFY COLUMN a COMMENT 'x' [, COLUMN b COMMENT 'y']``, ``MODIFY COLUMN a SET TAG t = 'x'``."""
    columns = session.catalogue.columns(entry)
    while True:
        reader.accept("COLUMN")
        name = reader.identifier()
        if name not in {column.name for column in columns}:
            raise invalid_identifier(name)
        if not change_column_tags(session, entry, name, reader):
            reader.expect("COMMENT")
            text = reader.string()
            columns = [replace(column, comment=text) if column.name == name else column for column in columns]
        if not reader.accept(","):
            break
    session.catalogue.set_columns(entry, columns)


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    return schema_object.drop(session, "VIEW", reader, if_exists=if_exists, remove=session.catalogue.remove)


def describe(session: Session, reader: Reader) -> Result:
    path = reader.path()
    reader.end()
    entry = schema_object.find(session, "VIEW", path, if_exists=False)
    assert entry is not None
    return schema_object.describe_columns(session, entry)


_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("name"),
    Column("reserved"),
    Column("database_name"),
    Column("schema_name"),
    Column("owner"),
    Column("comment"),
    Column("text"),
    Column("is_secure"),
    Column("is_materialized"),
    Column("owner_role_type"),
    Column("change_tracking"),
)


def show_all(session: Session, reader: Reader) -> Result:
    shown = read_filter(session, reader)
    views = session.catalogue.list("VIEW", database=shown.database, schema=shown.schema)
    return show(
        _COLUMNS,
        shown,
        views,
        lambda entry: (
            entry.created_on,
            entry.name,
            "",
            entry.database,
            entry.schema,
            entry.owner,
            entry.comment,
            entry.properties["TEXT"],
            "true" if entry.properties.get("SECURE") else "false",
            "false",
            "ROLE",
            "ON" if entry.properties.get("CHANGE_TRACKING") else "OFF",
        ),
    )


KIND = Kind("VIEW", "VIEWS", create=create, alter=alter, drop=drop, show=show_all, describe=describe, or_alter=True)
