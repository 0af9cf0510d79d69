"""Tags: names attached to objects with a value; a reference is by object id, so it follows a rename and dies with the object.

https://docs.snowflake.com/en/user-guide/object-tagging/introduction
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mlops_local.account.catalogue.catalogue import Entry, domain_of
from mlops_local.account.errors import AccountError, invalid_identifier, syntax_error, unsupported
from mlops_local.account.session.session import Session
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import system_function, table_function
from mlops_local.account.sql.relations import relation
from mlops_local.account.statements.named import read_named
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import Column

# What clients call a kind: the registry says MODULE for a model.
_DOMAIN_NAMES = {"MODEL": "MODULE"}
_KINDS = {"MODULE": "MODEL"}
_IN_TABLES = {"TABLE", "VIEW", "DYNAMIC TABLE"}


@dataclass(frozen=True)
class Tagged:
    """What can carry a tag: an object, or one column of it."""

    entry: Entry
    column: str = ""

    @property
    def domain(self) -> str:
        return "COLUMN" if self.column else domain_name(self.entry.kind)


@dataclass(frozen=True)
class Reference:
    """A tag in force; its ``carrier`` may stand above the object asked for."""

    tag: Entry
    value: str
    carrier: Tagged


def domain_name(kind: str) -> str:
    """The domain under which TAG_REFERENCES and ENTITY_DETAIL list a kind: TABLE for tables, views and dynamic tables."""
    return _DOMAIN_NAMES.get(kind, domain_of(kind))


def on(session: Session, entry: Entry, column: str = "") -> list[tuple[Entry, str]]:
    """The tags that the object itself carries, or one of its columns, by name."""
    rows = session.connection.fetch(
        "SELECT tag, value FROM account.tag_references WHERE object = ? AND column_name = ?", [entry.id, column]
    )
    found = [(tag, value) for id_, value in rows if (tag := session.catalogue.by_id(id_)) is not None]
    return sorted(found, key=lambda pair: pair[0].full_name)


def carriers(session: Session, tag: Entry) -> list[tuple[Entry, str]]:
    """The objects that carry the tag, by name; those of which only a column carries it are not among them."""
    rows = session.connection.fetch(
        "SELECT object, value FROM account.tag_references WHERE tag = ? AND column_name = ''", [tag.id]
    )
    found = [(entry, value) for id_, value in rows if (entry := session.catalogue.by_id(id_)) is not None]
    return sorted(found, key=lambda pair: pair[0].full_name)


def inherited(session: Session, tagged: Tagged) -> list[Reference]:
    """The tags in force: its own, then those of its table, schema and database that it does not override."""
    found: dict[int, Reference] = {}
    for carrier in _upwards(session, tagged):
        for tag, value in on(session, carrier.entry, carrier.column):
            found.setdefault(tag.id, Reference(tag, value, carrier))
    return list(found.values())


def _upwards(session: Session, tagged: Tagged) -> Iterator[Tagged]:
    entry = tagged.entry
    if tagged.column:
        yield tagged
    yield Tagged(entry)
    if entry.schema and (schema := session.catalogue.find("SCHEMA", entry.database, "", entry.schema)):
        yield Tagged(schema)
    if entry.database and (database := session.catalogue.find("DATABASE", "", "", entry.database)):
        yield Tagged(database)


# Functions


@system_function("SYSTEM$GET_TAG")
def get_tag(session: Session, arguments: list[Any]) -> str | None:
    """The value in force on the object, None without one.

    https://docs.snowflake.com/en/sql-reference/functions/system_get_tag
    """
    tag_name, object_name, domain = _texts("SYSTEM$GET_TAG", arguments, 3)
    tag = session.get("TAG", parse_name(tag_name))
    tagged = find_tagged(session, domain, object_name)
    return next((reference.value for reference in inherited(session, tagged) if reference.tag.id == tag.id), None)


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
    return _references(context, [find_tagged(context.session, domain, object_name)])


@table_function("TAG_REFERENCES_ALL_COLUMNS")
def tag_references_all_columns(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    """https://docs.snowflake.com/en/sql-reference/functions/tag_references_all_columns"""
    object_name, domain = _texts("TAG_REFERENCES_ALL_COLUMNS", positional, 2)
    if named or domain.upper() != "TABLE":
        raise syntax_error("TAG_REFERENCES_ALL_COLUMNS takes the name of a table or view and 'TABLE'.")
    entry = find_object(context.session, domain, object_name)
    return _references(context, [Tagged(entry, column.name) for column in context.session.catalogue.columns(entry)])


def _references(context: Context, asked: Iterable[Tagged]) -> Relation:
    rows = [_reference_row(tagged, found) for tagged in asked for found in inherited(context.session, tagged)]
    return relation(context, _REFERENCE_COLUMNS, rows)


def _reference_row(tagged: Tagged, found: Reference) -> list[str | None]:
    entry = tagged.entry
    return [
        found.tag.database,
        found.tag.schema,
        found.tag.name,
        found.value,
        "MANUAL" if found.carrier == tagged else "INHERITED",
        found.carrier.domain,
        entry.database or None,
        entry.schema or None,
        entry.name,
        tagged.domain,
        tagged.column or None,
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
    if kind in _IN_TABLES:
        return session.get("TABLE", parse_name(name))
    reader = Reader(name)
    entry = read_named(session, kind, reader)
    reader.end()
    assert entry is not None
    return entry


def find_tagged(session: Session, domain: str, name: str) -> Tagged:
    """As :func:`find_object`, or for the domain COLUMN the column ``[d.][s.]table.column``."""
    if domain.upper() != "COLUMN":
        return Tagged(find_object(session, domain, name))
    *path, column = parse_name(name)
    entry = session.get("TABLE", tuple(path))
    if column not in {one.name for one in session.catalogue.columns(entry)}:
        raise invalid_identifier(name)
    return Tagged(entry, column)


def parse_name(text: str) -> tuple[str, ...]:
    """The parts of an object name that a function was given as text."""
    reader = Reader(text)
    try:
        path = reader.path()
        reader.end()
    except AccountError as error:
        raise syntax_error(f"'{text}' is not the name of an object.") from error
    return path
