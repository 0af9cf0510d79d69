"""Views of INFORMATION_SCHEMA and ACCOUNT_USAGE over the catalogue, other than those of tables and their columns.

https://docs.snowflake.com/en/sql-reference/info-schema
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from mlops_local.account.access.privileges import inherited, roles_of
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.catalogue.grants import FUTURE, Grant
from mlops_local.account.files.file_formats import FileFormat
from mlops_local.account.history import dropped
from mlops_local.account.models.model_store import read_manifest, read_methods
from mlops_local.account.models.versions import aliases, versions
from mlops_local.account.sql import information_schema as tables
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import account_usage, information_schema
from mlops_local.account.sql.information_schema import typed_columns
from mlops_local.account.sql.relations import relation
from mlops_local.account.statements.foreign_key import references_of
from mlops_local.account.statements.sequence import next_value
from mlops_local.account.syntax.types import ARRAY, TIMESTAMP_LTZ, Column

Row = Sequence[Any]


def _of_kind(name: str, kind: str, columns: str, row: Callable[[Entry], Row]) -> None:
    """A view with a row for each object of the kind in the database."""
    typed = typed_columns(columns)

    def view(context: Context, database: str) -> Relation:
        return relation(context, typed, [row(entry) for entry in context.session.catalogue.list(kind, database=database)])

    information_schema(name)(view)


def _place(entry: Entry) -> tuple[str, str, str, str | None]:
    return entry.database, entry.schema, str(entry.properties.get("BASE", entry.name)), entry.owner


def _dates(entry: Entry) -> tuple[Any, Any, str | None]:
    return entry.created_on, entry.created_on, entry.comment or None


def _routine(entry: Entry) -> tuple[Any, ...]:
    get = entry.properties.get
    arguments = ", ".join(f"{name} {type_}" for name, type_, *_ in get("ARGUMENTS", []))
    returned = (
        f"TABLE ({', '.join(f'{name} {type_}' for name, type_, *_ in get('TABLE') or [])})" if get("TABLE") else get("RETURNS")
    )
    return (
        f"({arguments})",
        returned,
        get("LANGUAGE"),
        get("BODY"),
        get("HANDLER"),
        _listed(get("PACKAGES")),
        _listed(get("IMPORTS")),
        get("RUNTIME_VERSION"),
    )


def _listed(items: list[str] | None) -> str | None:
    return None if items is None else "[" + ",".join(f"'{item}'" for item in items) + "]"


_ROUTINE = "ARGUMENT_SIGNATURE DATA_TYPE {0}_LANGUAGE {0}_DEFINITION HANDLER PACKAGES IMPORTS RUNTIME_VERSION"
_of_kind(
    "FUNCTIONS",
    "FUNCTION",
    f"FUNCTION_CATALOG FUNCTION_SCHEMA FUNCTION_NAME FUNCTION_OWNER {_ROUTINE.format('FUNCTION')} VOLATILITY IS_NULL_CALL IS_SECURE "
    "IS_EXTERNAL CREATED:t LAST_ALTERED:t COMMENT",
    lambda entry: (
        *_place(entry),
        *_routine(entry),
        entry.properties.get("VOLATILITY", "VOLATILE"),
        "NO" if entry.properties.get("STRICT") else "YES",
        "YES" if entry.properties.get("SECURE") else "NO",
        "NO",
        *_dates(entry),
    ),
)
_of_kind(
    "PROCEDURES",
    "PROCEDURE",
    f"PROCEDURE_CATALOG PROCEDURE_SCHEMA PROCEDURE_NAME PROCEDURE_OWNER {_ROUTINE.format('PROCEDURE')} CREATED:t LAST_ALTERED:t COMMENT",
    lambda entry: (*_place(entry), *_routine(entry), *_dates(entry)),
)
_of_kind(
    "STAGES",
    "STAGE",
    "STAGE_CATALOG STAGE_SCHEMA STAGE_NAME STAGE_OWNER STAGE_URL STAGE_REGION STAGE_TYPE CREATED:t LAST_ALTERED:t COMMENT",
    lambda entry: (*_place(entry), None, None, "Internal Named", *_dates(entry)),
)
_FORMAT_OPTIONS = ("RECORD_DELIMITER", "FIELD_DELIMITER", "SKIP_HEADER", "DATE_FORMAT", "TIME_FORMAT", "TIMESTAMP_FORMAT")


def _format(entry: Entry) -> tuple[Any, ...]:
    """Options that the type does not have are NULL."""
    kept = FileFormat.of(entry.properties["FORMAT"])
    return kept.type, *(str(kept[name]) if kept.type == "CSV" else None for name in _FORMAT_OPTIONS)


_of_kind(
    "FILE_FORMATS",
    "FILE FORMAT",
    f"FILE_FORMAT_CATALOG FILE_FORMAT_SCHEMA FILE_FORMAT_NAME FILE_FORMAT_OWNER FILE_FORMAT_TYPE {' '.join(_FORMAT_OPTIONS)} "
    "CREATED:t LAST_ALTERED:t COMMENT",
    lambda entry: (*_place(entry), *_format(entry), *_dates(entry)),
)
_of_kind(
    "PIPES",
    "PIPE",
    "PIPE_CATALOG PIPE_SCHEMA PIPE_NAME PIPE_OWNER DEFINITION CREATED:t LAST_ALTERED:t COMMENT",
    lambda entry: (*_place(entry), None, *_dates(entry)),
)


_MODEL_VERSIONS = (
    *typed_columns("DATABASE_NAME SCHEMA_NAME MODEL_NAME MODEL_VERSION_NAME"),
    Column("VERSION_ALIASES", ARRAY),
    *typed_columns(
        "COMMENT OWNER CREATED:t LAST_ALTERED:t FUNCTIONS MODEL_TYPE PYTHON_VERSION LANGUAGE DEPENDENCIES METADATA USERDATA"
    ),
)


@information_schema("MODEL_VERSIONS")
def model_versions(context: Context, database: str) -> Relation:
    """https://docs.snowflake.com/en/sql-reference/info-schema/model_versions"""
    models = context.session.catalogue.list("MODEL", database=database)
    return relation(context, _MODEL_VERSIONS, [row for model in models for row in _versions(context, model)])


def _versions(context: Context, model: Entry) -> Iterator[Row]:
    listed = versions(context.session, model)
    for version in listed:
        folder = context.session.account.stages.folder_of_version(version)
        manifest = read_manifest(folder)
        runtime: dict[str, Any] = next(iter(manifest.get("runtimes", {}).values()), {})
        yield (
            *(model.database, model.schema, model.name, version.name, json.dumps(aliases(model, version, listed))),
            *(version.comment or None, version.owner, version.created_on, version.created_on),
            *(json.dumps([method.name for method in read_methods(folder)]), "USER_MODEL"),
            *(runtime.get("version"), runtime.get("language"), json.dumps(runtime.get("dependencies", {}))),
            *(version.properties.get("METADATA", "{}"), json.dumps(manifest.get("user_data", {}))),
        )


@information_schema("SEQUENCES")
def sequences(context: Context, database: str) -> Relation:
    columns = typed_columns(
        "SEQUENCE_CATALOG SEQUENCE_SCHEMA SEQUENCE_NAME SEQUENCE_OWNER DATA_TYPE NEXT_VALUE:n INCREMENT:n CYCLE_OPTION ORDERED "
        "CREATED:t LAST_ALTERED:t COMMENT"
    )
    listed = [
        (
            *_place(entry),
            "NUMBER",
            next_value(context.session, entry),
            entry.properties["STEP"],
            "NO",
            "YES" if entry.properties["ORDERED"] else "NO",
            *_dates(entry),
        )
        for entry in context.session.catalogue.list("SEQUENCE", database=database)
    ]
    return relation(context, columns, listed)


@information_schema("TABLE_CONSTRAINTS")
def table_constraints(context: Context, database: str) -> Relation:
    """Keys, which as in Snowflake are not enforced."""
    columns = typed_columns(
        "CONSTRAINT_CATALOG CONSTRAINT_SCHEMA CONSTRAINT_NAME TABLE_CATALOG TABLE_SCHEMA TABLE_NAME CONSTRAINT_TYPE IS_DEFERRABLE "
        "INITIALLY_DEFERRED ENFORCED COMMENT CREATED:t LAST_ALTERED:t RELY"
    )
    listed = [row for entry in context.session.catalogue.list("TABLE", database=database) for row in _constraints(entry)]
    return relation(context, columns, listed)


def _constraints(entry: Entry) -> Iterator[Row]:
    name, get = f"SYS_CONSTRAINT_{entry.id}", entry.properties.get
    keys = [(name, "PRIMARY KEY")] if get("PRIMARY_KEY") else []
    keys += [(f"{name}_{number + 1}", "UNIQUE") for number in range(len(get("UNIQUE") or []))]
    keys += [(f"{name}_F{number}", "FOREIGN KEY") for number in range(len(get("FOREIGN_KEYS") or []))]
    place, dates = (entry.database, entry.schema), (entry.created_on, entry.created_on)
    for key, kind in keys:
        yield *place, key, *place, entry.name, kind, "NO", "YES", "NO", None, *dates, "NO"


@information_schema("REFERENTIAL_CONSTRAINTS")
def referential_constraints(context: Context, database: str) -> Relation:
    columns = typed_columns(
        "CONSTRAINT_CATALOG CONSTRAINT_SCHEMA CONSTRAINT_NAME UNIQUE_CONSTRAINT_CATALOG UNIQUE_CONSTRAINT_SCHEMA "
        "UNIQUE_CONSTRAINT_NAME MATCH_OPTION UPDATE_RULE DELETE_RULE COMMENT CREATED:t LAST_ALTERED:t"
    )
    tables_ = context.session.catalogue.list("TABLE", database=database)
    return relation(context, columns, [row for entry in tables_ for row in _references(context, entry)])


def _references(context: Context, entry: Entry) -> Iterator[Row]:
    for number, (table, key) in enumerate(references_of(context.session, entry)):
        rules = dict(key["RULES"])
        yield (
            *(entry.database, entry.schema, f"SYS_CONSTRAINT_{entry.id}_F{number}"),
            *(table.database, table.schema, f"SYS_CONSTRAINT_{table.id}"),
            *(rules.get("MATCH", "FULL"), rules.get("UPDATE", "NO ACTION"), rules.get("DELETE", "NO ACTION")),
            *(None, entry.created_on, entry.created_on),
        )


# Roles and privileges


@information_schema("APPLICABLE_ROLES")
def applicable_roles(context: Context, database: str) -> Relation:
    """The roles that the user could take."""
    catalogue = context.session.catalogue
    names = sorted(roles_of(catalogue, context.session.user) | {"PUBLIC"})
    direct = set(catalogue.grants.roles_of("USER", context.session.user)) | {"PUBLIC"}
    owners = {entry.name: entry.owner for entry in catalogue.list("ROLE")}
    columns = (Column("GRANTEE"), Column("ROLE_NAME"), Column("ROLE_OWNER"), Column("IS_GRANTABLE"))
    return relation(context, columns, [(context.session.user, name, owners.get(name), "NO") for name in names if name in direct])


@information_schema("ENABLED_ROLES")
def enabled_roles(context: Context, database: str) -> Relation:
    """The roles whose privileges the session has now."""
    catalogue = context.session.catalogue
    owners = {entry.name: entry.owner for entry in catalogue.list("ROLE")}
    names = sorted(inherited(catalogue, context.session.role or "PUBLIC") | {"PUBLIC"})
    return relation(context, (Column("ROLE_NAME"), Column("ROLE_OWNER")), [(name, owners.get(name)) for name in names])


def _grants(context: Context, database: str) -> Iterator[tuple[Entry, Grant]]:
    """Privileges on objects of the database, or on the database."""
    for grant in context.session.catalogue.grants.where():
        entry = context.session.catalogue.by_id(grant.object) if grant.object is not None else None
        future = grant.object_kind.startswith(FUTURE)
        if entry is not None and not future and database in {entry.database, entry.name if entry.kind == "DATABASE" else ""}:
            yield entry, grant


def _privilege_row(entry: Entry, grant: Grant, kind: tuple[str, ...]) -> Row:
    option = "YES" if grant.grant_option else "NO"
    place = (entry.database or None, entry.schema or None, entry.name)
    return grant.granted_by, grant.grantee, grant.grantee_kind, *place, *kind, grant.privilege, option, grant.created_on


@information_schema("OBJECT_PRIVILEGES")
def object_privileges(context: Context, database: str) -> Relation:
    columns = typed_columns(
        "GRANTOR GRANTEE GRANTED_TO OBJECT_CATALOG OBJECT_SCHEMA OBJECT_NAME OBJECT_TYPE PRIVILEGE_TYPE IS_GRANTABLE CREATED:t"
    )
    return relation(
        context, columns, [_privilege_row(entry, grant, (entry.kind,)) for entry, grant in _grants(context, database)]
    )


@information_schema("TABLE_PRIVILEGES")
def table_privileges(context: Context, database: str) -> Relation:
    columns = typed_columns(
        "GRANTOR GRANTEE GRANTED_TO TABLE_CATALOG TABLE_SCHEMA TABLE_NAME PRIVILEGE_TYPE IS_GRANTABLE CREATED:t"
    )
    tabular = {"TABLE", "VIEW", "DYNAMIC TABLE"}
    return relation(
        context,
        columns,
        [_privilege_row(entry, grant, ()) for entry, grant in _grants(context, database) if entry.kind in tabular],
    )


# The whole account, with what has been dropped and can still come back


def _account_view(
    name: str, kinds: Iterable[str], columns: Sequence[Column], row: Callable[[Context, Entry], Iterable[Row]]
) -> None:
    def view(context: Context) -> Relation:
        session = context.session
        listed: list[Row] = []
        for kind in kinds:
            alive = [(entry, None) for entry in session.catalogue.list(kind)]
            for entry, deleted in [*alive, *dropped.listed(session, kind)]:
                listed += [(*one, entry.id, deleted) for one in row(context, entry)]
        return relation(context, (*columns, *typed_columns("OBJECT_ID:n"), Column("DELETED", TIMESTAMP_LTZ)), listed)

    account_usage(name)(view)


_TABULAR = ("TABLE", "VIEW", "DYNAMIC TABLE")
_account_view("TABLES", _TABULAR, tables.TABLES, lambda context, entry: [tables.table_row(context, entry)])
_account_view("VIEWS", ("VIEW",), tables.VIEWS, lambda context, entry: [tables.view_row(entry)])
_account_view("COLUMNS", _TABULAR, tables.COLUMNS, tables.column_rows)
_account_view("SCHEMATA", ("SCHEMA",), tables.SCHEMATA, lambda context, entry: [tables.schema_row(context, entry)])
_account_view("DATABASES", ("DATABASE",), tables.DATABASES, lambda context, entry: [tables.database_row(context, entry)])
