"""Stages. https://docs.snowflake.com/en/sql-reference/sql/create-stage"""

from __future__ import annotations

from typing import Any

from mlops_local.account.errors import syntax_error, unsupported
from mlops_local.account.files import directories
from mlops_local.account.files.file_formats import FileFormat, read_file_format
from mlops_local.account.session.result import SUCCEEDED, Column, Result, StatementType, rows, status
from mlops_local.account.session.session import Session
from mlops_local.account.statements.file_format import describe_format
from mlops_local.account.statements.kind import Creation, Kind, read_filter, replace_or_keep, show
from mlops_local.account.statements.options import read_options
from mlops_local.account.statements.schema_object import drop as drop_object
from mlops_local.account.statements.schema_object import find, place, rename
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import TIMESTAMP_LTZ

_KIND = "STAGE"
_EXTERNAL = ("URL", "STORAGE_INTEGRATION", "CREDENTIALS", "ENDPOINT", "AWS_ACCESS_POINT_ARN")
_ENCRYPTIONS = ("SNOWFLAKE_FULL", "SNOWFLAKE_SSE")


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    path = reader.path()
    properties, comment = _read_properties(session, reader)
    with session.ddl():
        name = place(session, path)
        if replace_or_keep(session, _KIND, path, creation, session.catalogue.remove):
            return status(f"{name.name} already exists, statement succeeded.")
        made = session.catalogue.add(
            _KIND,
            name.database,
            name.schema,
            name.name,
            owner=session.role,
            created_on=session.account.clock.now(),
            comment=comment or "",
            properties=properties,
            temporary=creation.temporary,
        )
        if (properties.get("DIRECTORY") or {}).get("REFRESH_ON_CREATE"):
            directories.refresh(session, made)
    return status(f"Stage area {name.name} successfully created.")


def _read_properties(session: Session, reader: Reader) -> tuple[dict[str, Any], str | None]:
    """All options of a stage to the end of the statement."""
    properties: dict[str, Any] = {}
    comment: str | None = None
    while not reader.at_end:
        word = reader.token.upper
        if word in _EXTERNAL:
            raise unsupported(f"external stage ({word})")
        if word not in {"FILE_FORMAT", "DIRECTORY", "ENCRYPTION", "COMMENT", "COPY_OPTIONS"}:
            raise reader.refuse()
        if word in properties or (word == "COMMENT" and comment is not None):
            raise syntax_error(f"duplicate property '{word}'.")
        reader.next()
        reader.expect("=")
        if word == "COMMENT":
            comment = reader.string()
        else:
            properties[word] = _READERS[word](session, reader)
        reader.accept(",")
    return properties, comment


def _read_format(session: Session, reader: Reader) -> dict[str, Any]:
    with session.transaction():
        return read_file_format(session, reader).properties


def _read_directory(session: Session, reader: Reader) -> dict[str, Any]:
    reader.expect("(")
    options = read_options(reader, {"ENABLE": bool, "AUTO_REFRESH": bool, "REFRESH_ON_CREATE": bool})
    reader.expect(")")
    return options


def _read_encryption(session: Session, reader: Reader) -> dict[str, Any]:
    """Kept for SHOW and DESC only: files rest in the account's own folder."""
    reader.expect("(")
    options = read_options(reader, {"TYPE": str})
    reader.expect(")")
    if options.get("TYPE", "SNOWFLAKE_FULL").upper() not in _ENCRYPTIONS:
        raise syntax_error(f"invalid value '{options['TYPE']}' for property 'ENCRYPTION'.")
    return options


def _refuse_copy_options(session: Session, reader: Reader) -> dict[str, Any]:
    raise unsupported("COPY_OPTIONS of a stage; say them in COPY INTO")


_READERS = {
    "FILE_FORMAT": _read_format,
    "DIRECTORY": _read_directory,
    "ENCRYPTION": _read_encryption,
    "COPY_OPTIONS": _refuse_copy_options,
}


_REFRESHED = (Column("file"), Column("status"), Column("description"))


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    path = reader.path()
    with session.ddl():
        entry = find(session, _KIND, path, if_exists=if_exists)
        if entry is None:
            return status(SUCCEEDED)
        if reader.accept("RENAME", "TO"):
            rename(session, entry, reader)
        elif reader.accept("REFRESH"):
            subpath = read_options(reader, {"SUBPATH": str}).get("SUBPATH", "")
            reader.end()
            return rows(_REFRESHED, directories.refresh(session, entry, subpath))
        else:
            reader.expect("SET")
            properties, comment = _read_properties(session, reader)
            session.catalogue.update(entry, comment=comment, **properties)
    return status(SUCCEEDED)


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    """The files go with it, once the drop has committed."""
    return drop_object(session, _KIND, reader, if_exists=if_exists, remove=session.catalogue.remove)


_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("name"),
    Column("database_name"),
    Column("schema_name"),
    Column("url"),
    Column("has_credentials"),
    Column("has_encryption_key"),
    Column("owner"),
    Column("comment"),
    Column("region"),
    Column("type"),
    Column("cloud"),
    Column("notification_channel"),
    Column("storage_integration"),
    Column("endpoint"),
    Column("owner_role_type"),
    Column("directory_enabled"),
)


def show_all(session: Session, reader: Reader) -> Result:
    shown = read_filter(session, reader)
    entries = session.catalogue.list(_KIND, database=shown.database, schema=shown.schema)
    return show(
        _COLUMNS,
        shown,
        entries,
        lambda entry: (
            entry.created_on,
            entry.name,
            entry.database,
            entry.schema,
            "",
            "N",
            "N",
            entry.owner,
            entry.comment,
            None,
            "INTERNAL TEMPORARY" if entry.temporary else "INTERNAL",
            None,
            None,
            None,
            None,
            "ROLE",
            "Y" if (entry.properties.get("DIRECTORY") or {}).get("ENABLE") else "N",
        ),
    )


_DESCRIBED = (
    Column("parent_property"),
    Column("property"),
    Column("property_type"),
    Column("property_value"),
    Column("property_default"),
)


def describe(session: Session, reader: Reader) -> Result:
    path = reader.path()
    reader.end()
    entry = session.get(_KIND, path)
    format_ = FileFormat.of(entry.properties.get("FILE_FORMAT") or {})
    directory = entry.properties.get("DIRECTORY") or {}
    listed = [["STAGE_FILE_FORMAT", *row] for row in describe_format(format_)]
    listed.append(["DIRECTORY", "ENABLE", "Boolean", str(bool(directory.get("ENABLE"))).lower(), "false"])
    return rows(_DESCRIBED, listed, type_=StatementType.DESCRIBE)


KIND = Kind("STAGE", "STAGES", create=create, alter=alter, drop=drop, show=show_all, describe=describe)
