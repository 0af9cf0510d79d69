"""``CREATE kind name CLONE source``, the same for the kinds that can be cloned by themselves.

https://docs.snowflake.com/en/sql-reference/sql/create-clone
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError, compilation_error
from mlops_local.account.history import dropped
from mlops_local.account.session.result import Result, status
from mlops_local.account.session.session import Session
from mlops_local.account.statements import schema_object
from mlops_local.account.statements.clone import Clone, refuse_time_travel
from mlops_local.account.statements.dynamic_table import read_clone_options
from mlops_local.account.statements.kind import Creation, replace_or_keep
from mlops_local.account.statements.tagging import TagValues, read_tag_clause, set_tags
from mlops_local.account.syntax.reader import Reader

# A task looks for the rest of its graph first (statements/task.py). Internal stages, views, functions, procedures, tags, models and
# datasets are cloned with their schema only.
KINDS = frozenset({"ALERT", "DYNAMIC TABLE", "EVENT TABLE", "FILE FORMAT", "SEQUENCE", "STREAM", "TABLE"})


def stands(reader: Reader, kind: str) -> bool:
    """Whether ``name CLONE`` comes next; the reader stays where it is."""
    place = reader.place
    try:
        reader.path()
        return kind in KINDS and reader.accept("CLONE")
    except AccountError:
        return False
    finally:
        reader.back_to(place)


def create(session: Session, kind: str, reader: Reader, creation: Creation) -> Result:
    path = reader.path()
    reader.expect("CLONE")
    source_path = reader.path()
    refuse_time_travel(reader)
    options = _read_options(session, kind, reader)
    with session.ddl():
        name = schema_object.place(session, path)
        source = _source(session, kind, source_path)
        _check_permanence(source, creation)
        if replace_or_keep(session, kind, path, creation, lambda old: dropped.set_aside(session, old)):
            return status(f"{name.name} already exists, statement succeeded.")
        copy = Clone(session).one(source, name, kind=kind, temporary=creation.temporary)
        _settle(session, source, copy, creation, options)
        dropped.purge(session)
    return status(f"{kind.capitalize()} {name.name} successfully created.")


# https://docs.snowflake.com/en/sql-reference/sql/create-clone#access-control-requirements-for-cloned-objects
_CLONED_WITH = {"TABLE": "SELECT", "DYNAMIC TABLE": "SELECT", "STREAM": "OWNERSHIP", "TASK": "OWNERSHIP"}


def _source(session: Session, kind: str, path: tuple[str, ...]) -> Entry:
    """A dynamic table can be cloned to a table, which then is one: its rows are there and nothing refreshes them."""
    found = session.get(kind, path)
    if found.kind != kind and (kind, found.kind) != ("TABLE", "DYNAMIC TABLE"):
        raise schema_object.wrong_kind(found, kind)
    session.access.demand(_CLONED_WITH.get(found.kind, "USAGE"), found)
    return found


def _check_permanence(source: Entry, creation: Creation) -> None:
    if source.temporary and not (creation.temporary or creation.transient):
        raise compilation_error(
            1003, "42601", "Temp table cannot be cloned to a permanent table; clone to a transient table instead."
        )
    if source.properties.get("TRANSIENT") and not (creation.temporary or creation.transient):
        raise compilation_error(1003, "42601", "Transient object cannot be cloned to a permanent object.")


@dataclass
class _Options:
    """What stands behind the source; the rest of a clone is its source's."""

    copy_grants: bool = False
    comment: str | None = None
    tags: TagValues = ()
    properties: dict[str, Any] = field(default_factory=dict)


def _read_options(session: Session, kind: str, reader: Reader) -> _Options:
    options = _Options()
    while not reader.at_end:
        comment = schema_object.read_comment(reader)
        if comment is not None:
            options.comment = comment
        elif reader.accept("COPY", "GRANTS"):
            options.copy_grants = True
        elif reader.token.upper in {"TAG", "WITH"}:
            options.tags += read_tag_clause(reader)
        elif kind == "TABLE" and reader.accept(dropped.RETENTION, "="):
            options.properties[dropped.RETENTION] = dropped.check_retention(reader.integer())
        elif kind == "DYNAMIC TABLE":
            options.properties |= read_clone_options(session, reader)
        else:
            raise reader.refuse()
    return options


def _settle(session: Session, source: Entry, copy: Entry, creation: Creation, options: _Options) -> None:
    changes = {"TRANSIENT": True if creation.transient else None, **options.properties}
    session.catalogue.update(copy, comment=options.comment, **changes)
    set_tags(session, copy, options.tags)
    if options.copy_grants:
        session.catalogue.grants.copy(source.id, copy.id, copy.full_name)
