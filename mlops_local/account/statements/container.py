"""What databases and schemas share: parameters, renaming, swapping, cloning, all of it rows of the catalogue.

https://docs.snowflake.com/en/sql-reference/sql/alter-database, https://docs.snowflake.com/en/sql-reference/sql/alter-schema
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import compilation_error
from mlops_local.account.history import dropped
from mlops_local.account.history.dropped import RETENTION
from mlops_local.account.history.events import checked_level
from mlops_local.account.session.session import Session
from mlops_local.account.statements.clone import Clone, find_cloned
from mlops_local.account.statements.options import read_options
from mlops_local.account.statements.tagging import TagValues, read_tag_clause
from mlops_local.account.syntax.names import Name
from mlops_local.account.syntax.reader import Reader

_PARAMETERS: dict[str, type] = {"COMMENT": str, RETENTION: int, "MAX_DATA_EXTENSION_TIME_IN_DAYS": int, "LOG_LEVEL": str}


def read_parameters(reader: Reader) -> dict[str, Any]:
    """``COMMENT = '..' DATA_RETENTION_TIME_IN_DAYS = n ..``."""
    found = read_options(reader, _PARAMETERS)
    if RETENTION in found:
        dropped.check_retention(found[RETENTION])
    if "LOG_LEVEL" in found:
        found["LOG_LEVEL"] = checked_level(found["LOG_LEVEL"])
    return found


def read_tags(reader: Reader) -> TagValues:
    """``[WITH] TAG (..)``, the last of what CREATE takes."""
    return read_tag_clause(reader) if reader.token.upper in {"TAG", "WITH"} else ()


def clone_into(session: Session, source: Entry, copy: Entry, *, stages: bool) -> Entry:
    """Fills a new, empty container with clones of what the source contains; parameters that were set on the source hold."""
    kept = {
        name: value for name, value in source.properties.items() if name in {*_PARAMETERS, "DEFAULT_PYTHON_ARTIFACT_REPOSITORY"}
    }
    clone = Clone(session, find_cloned(session, source), stages=stages)
    with session.access.as_account():
        return _fill(session, clone, source, copy, kept)


def _fill(session: Session, clone: Clone, source: Entry, copy: Entry, kept: dict[str, Any]) -> Entry:
    copy = session.catalogue.update(copy, comment=copy.comment or source.comment, **{**kept, **copy.properties})
    (clone.database if source.kind == "DATABASE" else clone.schema)(source, copy)
    return copy


def check_source(source: Entry, name: Name, *, transient: bool) -> None:
    """OR REPLACE of a container by its own clone, and a permanent clone of a transient one, are refused."""
    if source.path == name:
        raise compilation_error(1003, "42601", f"{source.kind.capitalize()} '{name.name}' cannot be replaced by its own clone.")
    if source.properties.get("TRANSIENT") and not transient:
        raise compilation_error(1003, "42601", "Transient object cannot be cloned to a permanent object.")


def redefine(session: Session, entry: Entry, options: dict[str, Any]) -> None:
    """CREATE OR ALTER over a container that is there: a parameter that is not said goes back to its default."""
    parameters = {**dict.fromkeys(name for name in _PARAMETERS if name != "COMMENT"), **options}
    session.catalogue.update(entry, comment=parameters.pop("COMMENT", ""), **parameters)


def set_parameters(session: Session, entry: Entry, reader: Reader) -> None:
    """``SET ..`` and ``UNSET a, b``."""
    if reader.accept("SET"):
        options = read_parameters(reader)
        if not options:
            raise reader.refuse()
    else:
        reader.expect("UNSET")
        options = dict.fromkeys(_read_names(reader))
        if "COMMENT" in options:
            options["COMMENT"] = ""
    session.catalogue.update(entry, comment=options.pop("COMMENT", None), **options)


def _read_names(reader: Reader) -> list[str]:
    names: list[str] = []
    while not names or reader.accept(","):
        name = reader.accept_any(*_PARAMETERS)
        if name is None:
            raise reader.refuse()
        names.append(name)
    return names


def rename(session: Session, entry: Entry, to: Name) -> None:
    """What the container holds, also what was dropped from it, follows; so does a session that stands in it."""
    here = (session.database, session.schema)
    session.catalogue.rename(entry, to)
    if entry.kind == "DATABASE":
        session.catalogue.move(entry.name, None, to.name, None)
        dropped.rename_container(session, database=entry.name, schema=None, to_database=to.name, to_schema=None)
        if session.database == entry.name:
            session.database = to.name
        return
    session.catalogue.move(entry.database, entry.name, to.database, to.name)
    dropped.rename_container(session, database=entry.database, schema=entry.name, to_database=to.database, to_schema=to.name)
    if here == (entry.database, entry.name):
        session.database, session.schema = to.database, to.name


def swap(session: Session, entry: Entry, other: Entry) -> None:
    """Two containers of one kind change names."""
    aside = replace(entry.path, name=f"{entry.name}~{entry.id}")
    here = (session.database, session.schema)
    rename(session, entry, aside)
    rename(session, other, entry.path)
    rename(session, replace(entry, name=aside.name), other.path)
    session.database, session.schema = here


Place = Callable[[tuple[str, ...]], Name]


def change(session: Session, entry: Entry, reader: Reader, place: Place) -> None:
    """What ALTER does to either; ``place`` is where a path names one of the kind."""
    if reader.accept("RENAME", "TO"):
        to = place(reader.path())
        reader.end()
        rename(session, entry, to)
    elif reader.accept("SWAP", "WITH"):
        to = place(reader.path())
        reader.end()
        swap(session, entry, session.catalogue.get(entry.kind, to.database, to.schema, to.name))
    else:
        set_parameters(session, entry, reader)
        reader.end()
