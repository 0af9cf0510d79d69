"""Functions that read tags. https://docs.snowflake.com/en/user-guide/object-tagging/monitor"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import syntax_error, unsupported
from mlops_local.account.governance.tags import Reference, Tagged, carriers, domain_name, inherited, on
from mlops_local.account.metadata.object_names import find_object, find_tagged
from mlops_local.account.session.session import Session
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import system_function, table_function
from mlops_local.account.sql.relations import relation
from mlops_local.account.syntax.reader import parse_name
from mlops_local.account.syntax.types import Column


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
