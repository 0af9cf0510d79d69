"""Tags: names attached to objects with a value; a reference is by object id, so it follows a rename and dies with the object.

https://docs.snowflake.com/en/user-guide/object-tagging/introduction
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mlops_local.account.catalogue import Entry, domain_of
from mlops_local.account.errors import AccountError, syntax_error, unsupported
from mlops_local.account.reader import Reader
from mlops_local.account.relations import relation
from mlops_local.account.session import Session
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import system_function, table_function
from mlops_local.account.statements.tagging import read_names, read_values, set_tags, unset_tags
from mlops_local.account.types import Column

_ACCOUNT_KINDS = {"DATABASE", "WAREHOUSE", "ROLE", "USER", "INTEGRATION"}
# What clients call a kind: the registry says MODULE for a model.
_DOMAIN_NAMES = {"MODEL": "MODULE"}
_KINDS = {"MODULE": "MODEL", "VIEW": "TABLE", "DYNAMIC TABLE": "TABLE"}


@dataclass(frozen=True)
class Reference:
    """A tag on an object; ``level`` is the domain of the object that carries it, which may stand above the one asked for."""

    tag: Entry
    value: str
    carrier: Entry
    level: str


def domain_name(kind: str) -> str:
    """The domain under which TAG_REFERENCES and ENTITY_DETAIL list a kind: TABLE for tables, views and dynamic tables."""
    return _DOMAIN_NAMES.get(kind, domain_of(kind))


def set(session: Session, entry: Entry, reader: Reader) -> None:
    """The rest of ``ALTER .. SET TAG a = 'v' [, ..]``; the reader stands behind TAG. Call within ``session.ddl()``."""
    values = read_values(reader)
    reader.end()
    set_tags(session, entry, values)


def unset(session: Session, entry: Entry, reader: Reader) -> None:
    """The rest of ``ALTER .. UNSET TAG a [, b ..]``."""
    names = read_names(reader)
    reader.end()
    unset_tags(session, entry, names)


def on(session: Session, entry: Entry) -> list[tuple[Entry, str]]:
    """The tags that the object itself carries, by name."""
    rows = session.connection.fetch("SELECT tag, value FROM account.tag_references WHERE object = ?", [entry.id])
    found = [(tag, value) for id_, value in rows if (tag := session.catalogue.by_id(id_)) is not None]
    return sorted(found, key=lambda pair: pair[0].full_name)


def carriers(session: Session, tag: Entry) -> list[tuple[Entry, str]]:
    """The objects that carry the tag, by name."""
    rows = session.connection.fetch("SELECT object, value FROM account.tag_references WHERE tag = ?", [tag.id])
    found = [(entry, value) for id_, value in rows if (entry := session.catalogue.by_id(id_)) is not None]
    return sorted(found, key=lambda pair: pair[0].full_name)


def inherited(session: Session, entry: Entry) -> list[Reference]:
    """The tags in force on the object: its own, then those of its schema and database that it does not override."""
    found: dict[int, Reference] = {}
    for carrier in _upwards(session, entry):
        for tag, value in on(session, carrier):
            found.setdefault(tag.id, Reference(tag, value, carrier, domain_name(carrier.kind)))
    return list(found.values())


def _upwards(session: Session, entry: Entry) -> Iterator[Entry]:
    yield entry
    if entry.schema and (schema := session.catalogue.find("SCHEMA", entry.database, "", entry.schema)):
        yield schema
    if entry.database and (database := session.catalogue.find("DATABASE", "", "", entry.database)):
        yield database


# Functions


@system_function("SYSTEM$GET_TAG")
def get_tag(session: Session, arguments: list[Any]) -> str | None:
    """The value in force on the object, None without one.

    https://docs.snowflake.com/en/sql-reference/functions/system_get_tag
    """
    tag_name, object_name, domain = _texts("SYSTEM$GET_TAG", arguments, 3)
    tag = session.get("TAG", parse_name(tag_name))
    entry = find_object(session, domain, object_name)
    return next((reference.value for reference in inherited(session, entry) if reference.tag.id == tag.id), None)


_REFERENCE_COLUMNS = tuple(
    Column(name)
    for name in (
        "TAG_DATABASE",
        "TAG_SCHEMA",
        "TAG_NAME",
        "TAG_VALUE",
        "APPLY_METHOD",
        "LEVEL",
        "OBJECT_DATABASE",
        "OBJECT_SCHEMA",
        "OBJECT_NAME",
        "DOMAIN",
        "COLUMN_NAME",
    )
)


@table_function("TAG_REFERENCES")
def tag_references(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    """https://docs.snowflake.com/en/sql-reference/functions/tag_references"""
    object_name, domain = _texts("TAG_REFERENCES", positional, 2)
    if named:
        raise unsupported(f"TAG_REFERENCES({next(iter(named))} => ..)")
    entry = find_object(context.session, domain, object_name)
    rows = [_reference_row(entry, found) for found in inherited(context.session, entry)]
    return relation(context, _REFERENCE_COLUMNS, rows)


def _reference_row(entry: Entry, found: Reference) -> list[str | None]:
    method = "MANUAL" if found.carrier.id == entry.id else "INHERITED"
    return [
        found.tag.database,
        found.tag.schema,
        found.tag.name,
        found.value,
        method,
        found.level,
        entry.database or None,
        entry.schema or None,
        entry.name,
        domain_name(entry.kind),
        None,
    ]


@system_function("ENTITY_DETAIL")
def entity_detail(session: Session, arguments: list[Any]) -> str:
    """What the Feature Store asks for the objects of a tag and for the tags of an object; JSON text."""
    domain, name, details = _texts("ENTITY_DETAIL", arguments, 3)
    wanted = json.loads(details)
    if domain.upper() == "TAG" and wanted == ["TAG_REFERENCES_INTERNAL"]:
        tag = session.get("TAG", parse_name(name))
        listed = [_carrier_detail(*pair) for pair in carriers(session, tag)]
        return json.dumps({"referencedEntities": {"tagReferenceList": listed}})
    if wanted == ["TAG_REFERENCES"]:
        entry = find_object(session, domain, name)
        return json.dumps({"tagReferencesInfo": {"tagReferenceList": [_tag_detail(*pair) for pair in on(session, entry)]}})
    raise unsupported(f"ENTITY_DETAIL('{domain}', .., '{details}')")


def _carrier_detail(entry: Entry, value: str) -> dict[str, Any]:
    return {
        "entityName": entry.name,
        "domain": domain_name(entry.kind),
        "tagValue": value,
        "databaseName": entry.database,
        "schemaName": entry.schema,
    }


def _tag_detail(tag: Entry, value: str) -> dict[str, Any]:
    return {"tagName": tag.name, "tagValue": value, "tagDatabase": tag.database, "tagSchema": tag.schema}


def _texts(function: str, arguments: list[Any], count: int) -> list[str]:
    if len(arguments) != count or not all(isinstance(argument, str) for argument in arguments):
        raise syntax_error(f"{function} takes {count} texts.")
    return arguments


def find_object(session: Session, domain: str, name: str) -> Entry:
    """The object that functions name by text: a domain (TABLE, MODULE, TASK, SCHEMA ..) and a name."""
    kind = _KINDS.get(domain.upper(), domain.upper())
    path = parse_name(name)
    if kind in _ACCOUNT_KINDS:
        return session.catalogue.get(kind, "", "", path[-1])
    if kind == "SCHEMA":
        full = session.complete((*path, ""))
        return session.catalogue.get(kind, full.database, "", full.schema)
    if kind == "COLUMN":
        raise unsupported("tags on columns")
    return session.get(kind, path)


def parse_name(text: str) -> tuple[str, ...]:
    """The parts of an object name that a function was given as text."""
    reader = Reader(text)
    try:
        path = reader.path()
        reader.end()
    except AccountError as error:
        raise syntax_error(f"'{text}' is not the name of an object.") from error
    return path
