"""What the statements about objects of a schema share: finding them by kind, dropping, renaming, commenting, describing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any

from mlops_local.account.catalogue.entry import Entry, domain_of
from mlops_local.account.errors import AccountError, compilation_error, does_not_exist
from mlops_local.account.session.result import Result, StatementType, rows, status
from mlops_local.account.session.session import Session
from mlops_local.account.syntax.names import Name
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import Column

KEEP = "{name} already exists, statement succeeded."


def wrong_kind(entry: Entry, kind: str) -> AccountError:
    """Snowflake's 2203; kinds that share a namespace are not interchangeable."""
    return compilation_error(
        2203,
        "42601",
        f"Object found is of type '{entry.kind.replace(' ', '_')}', specified type '{kind.replace(' ', '_')}' is not "
        f"appropriate. Please use the corresponding statement for {entry.kind}.",
    )


def find(session: Session, kind: str, path: tuple[str, ...], *, if_exists: bool) -> Entry | None:
    """The object of exactly that kind; None when it may be missing and is."""
    entry = session.find(kind, path)
    if entry is None and not if_exists:
        raise does_not_exist(kind, str(session.complete(path)))
    if entry is not None and entry.kind != kind:
        raise wrong_kind(entry, kind)
    return entry


def place(session: Session, path: tuple[str, ...]) -> Name:
    """The name of a new object, in a schema that exists."""
    name = session.complete(path)
    session.catalogue.get("DATABASE", "", "", name.database)
    session.catalogue.get("SCHEMA", name.database, "", name.schema)
    return name


def add(session: Session, kind: str, path: tuple[str, ...], properties: dict[str, Any], *, comment: str = "") -> Entry:
    """A new object of the session's role, in a schema that exists."""
    name = place(session, path)
    return session.catalogue.add(
        kind,
        name.database,
        name.schema,
        name.name,
        owner=session.role,
        created_on=session.account.clock.now(),
        comment=comment,
        properties=properties,
    )


def drop(session: Session, kind: str, reader: Reader, *, if_exists: bool, remove: Callable[[Entry], Any]) -> Result:
    path = reader.path()
    reader.end()
    with session.ddl():
        entry = find(session, kind, path, if_exists=if_exists)
        if entry is None:
            return status(f"Drop statement executed successfully ({path[-1]} already dropped).")
        remove(entry)
    return status(f"{entry.name} successfully dropped.")


def rename(session: Session, entry: Entry, reader: Reader) -> Entry:
    """The rest of ``ALTER .. RENAME TO name``; a bare name stays in the object's own schema."""
    path = reader.path()
    reader.end()
    name = place(session, (entry.database, entry.schema, path[-1]) if len(path) == 1 else path)
    return session.catalogue.rename(entry, name)


def swap(session: Session, entry: Entry, reader: Reader) -> None:
    """The rest of ``ALTER .. SWAP WITH name``: two names change places; rows, tags and grants stay with their object."""
    other = find(session, entry.kind, reader.path(), if_exists=False)
    assert other is not None
    aside = session.catalogue.rename(entry, replace(entry.path, name=f"{entry.name}~{entry.id}"))
    session.catalogue.rename(other, entry.path)
    session.catalogue.rename(aside, other.path)


def read_comment(reader: Reader) -> str | None:
    """``COMMENT = 'text'``, or None when it does not come next."""
    if not reader.accept("COMMENT"):
        return None
    reader.accept("=")
    return reader.string()


_DESCRIBED = tuple(
    Column(name)
    for name in (
        "name",
        "type",
        "kind",
        "null?",
        "default",
        "primary key",
        "unique key",
        "check",
        "expression",
        "comment",
        "policy name",
        "privacy domain",
        "name_mapping",
    )
)


def describe_columns(session: Session, entry: Entry) -> Result:
    """DESCRIBE of whatever has columns. https://docs.snowflake.com/en/sql-reference/sql/desc-table"""
    return describe_listed(
        session.catalogue.columns(entry),
        primary=entry.properties.get("PRIMARY_KEY", []),
        unique=[name for key in entry.properties.get("UNIQUE", []) for name in key],
    )


def describe_listed(columns: Iterable[Column], *, primary: Collection[str] = (), unique: Collection[str] = ()) -> Result:
    listed = [
        [
            column.name,
            column.type.sql,
            "COLUMN",
            "Y" if column.nullable else "N",
            column.default,
            "Y" if column.name in primary else "N",
            "Y" if column.name in unique else "N",
            None,
            None,
            column.comment,
            None,
            None,
            None,
        ]
        for column in columns
    ]
    return rows(_DESCRIBED, listed, type_=StatementType.DESCRIBE)


def same_namespace(entry: Entry, kind: str) -> bool:
    return domain_of(entry.kind) == domain_of(kind)
