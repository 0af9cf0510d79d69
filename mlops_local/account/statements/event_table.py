"""EVENT TABLE, and the account's own settings that name one.

https://docs.snowflake.com/en/sql-reference/sql/create-event-table
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError, unsupported
from mlops_local.account.history import dropped, events
from mlops_local.account.history.events import COLUMNS
from mlops_local.account.history.events import KIND as WORDS
from mlops_local.account.session.result import SUCCEEDED, Column, Result, status
from mlops_local.account.session.session import Session
from mlops_local.account.statements import schema_object
from mlops_local.account.statements.kind import Creation, Kind, read_filter, replace_or_keep, show
from mlops_local.account.statements.options import read_options
from mlops_local.account.statements.tagging import read_tag_clause, set_tags
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import INTEGER, TIMESTAMP_LTZ
from mlops_local.account.tables import physical


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    """A table with the columns of events, empty until it is set on the account or a database."""
    path = reader.path()
    options = read_options(reader, {"COMMENT": str})
    tag_values = read_tag_clause(reader) if reader.token.upper in {"TAG", "WITH"} else ()
    reader.end()
    with session.ddl():
        name = schema_object.place(session, path)
        if replace_or_keep(session, WORDS, path, creation, lambda old: dropped.drop(session, old)):
            return status(f"{name.name} already exists, statement succeeded.")
        entry = schema_object.add(session, WORDS, path, {}, comment=options.get("COMMENT", ""))
        physical.build(session, entry, COLUMNS)
        set_tags(session, entry, tag_values)
    return status(f"Event table {name.name} successfully created.")


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    return schema_object.drop(session, WORDS, reader, if_exists=if_exists, remove=lambda entry: dropped.drop(session, entry))


_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    *(Column(name) for name in ("name", "database_name", "schema_name", "owner", "comment", "owner_role_type")),
    Column("rows", INTEGER),
)


def show_all(session: Session, reader: Reader) -> Result:
    shown = read_filter(session, reader)
    found = session.catalogue.list(WORDS, database=shown.database, schema=shown.schema)
    return show(_COLUMNS, shown, found, lambda entry: _row(session, entry))


def _row(session: Session, entry: Entry) -> Sequence[Any]:
    rows = session.connection.fetch(f"SELECT count(*) FROM {entry.physical}")[0][0]
    return entry.created_on, entry.name, entry.database, entry.schema, entry.owner, entry.comment, "ROLE", rows


def describe(session: Session, reader: Reader) -> Result:
    path = reader.path()
    reader.end()
    return schema_object.describe_columns(session, session.get(WORDS, path))


KIND = Kind(WORDS, "EVENT TABLES", create=create, drop=drop, show=show_all, describe=describe)


# What is set on the account or a database


def set_on(session: Session, entry: Entry, reader: Reader) -> bool:
    """``SET EVENT_TABLE = t`` or ``UNSET EVENT_TABLE``; False when something else comes next."""
    if reader.accept("SET", "EVENT_TABLE"):
        reader.expect("=")
        path = reader.path()
        if path == events.DEFAULT:
            session.catalogue.update(entry, EVENT_TABLE=None)
        else:
            found = session.get(WORDS, path)
            if found.kind != WORDS:
                raise AccountError(2003, "42S02", f"SQL compilation error:\nEvent table '{found.full_name}' does not exist.")
            session.catalogue.update(entry, EVENT_TABLE=found.id)
    elif reader.accept("UNSET", "EVENT_TABLE"):
        session.catalogue.update(entry, EVENT_TABLE=None)
    else:
        return False
    reader.end()
    return True


def alter_account(session: Session, reader: Reader, if_exists: bool) -> Result:
    """``ALTER ACCOUNT SET {EVENT_TABLE | LOG_LEVEL} = ..``; every other parameter is refused.

    https://docs.snowflake.com/en/sql-reference/sql/alter-account
    """
    with session.ddl():
        if session.role != "ACCOUNTADMIN":
            raise AccountError(
                3001,
                "42501",
                f"SQL access control error:\nInsufficient privileges to operate on account '{session.account.name}'.",
            )
        entry = _account_entry(session)
        if not set_on(session, entry, reader):
            _set_level(session, entry, reader)
    return status(SUCCEEDED)


def _account_entry(session: Session) -> Entry:
    """What is set on the account stands in the catalogue like what is set on a database."""
    name, whole = session.account.name, session.catalogue.whole
    found = whole.find(events.ACCOUNT, "", "", name)
    return found or whole.add(events.ACCOUNT, "", "", name, owner="ACCOUNTADMIN", created_on=session.account.clock.now())


def _set_level(session: Session, entry: Entry, reader: Reader) -> None:
    setting = reader.accept("SET")
    if not setting:
        reader.expect("UNSET")
    if not reader.accept("LOG_LEVEL"):
        raise unsupported(f"ALTER ACCOUNT {'SET' if setting else 'UNSET'} {reader.token.upper}")
    level = None
    if setting:
        reader.expect("=")
        level = events.checked_level(reader.path()[-1])
    reader.end()
    session.catalogue.update(entry, LOG_LEVEL=level)


ACCOUNT_KIND = Kind("ACCOUNT", "", alter=alter_account)
