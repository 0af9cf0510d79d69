"""File formats. https://docs.snowflake.com/en/sql-reference/sql/create-file-format"""

from __future__ import annotations

import json

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.files.file_formats import DEFAULTS, FileFormat, option_type, read_format_options, shown_value
from mlops_local.account.session.result import SUCCEEDED, Column, Result, StatementType, rows, status
from mlops_local.account.session.session import Session
from mlops_local.account.statements.kind import Creation, Kind, read_filter, replace_or_keep, show
from mlops_local.account.statements.schema_object import drop as drop_object
from mlops_local.account.statements.schema_object import find, place, read_comment, rename
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import TIMESTAMP_LTZ

_KIND = "FILE FORMAT"


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    path = reader.path()
    format_ = read_format_options(reader)
    comment = read_comment(reader)
    reader.end()
    with session.ddl():
        name = place(session, path)
        if replace_or_keep(session, _KIND, path, creation, session.catalogue.remove):
            return status(f"{name.name} already exists, statement succeeded.")
        session.catalogue.add(
            _KIND,
            name.database,
            name.schema,
            name.name,
            owner=session.role,
            created_on=session.account.clock.now(),
            comment=comment or "",
            properties={"FORMAT": format_.properties},
            temporary=creation.temporary,
        )
    return status(f"File format {name.name} successfully created.")


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    """``RENAME TO``, ``SET option = ..`` and ``SET COMMENT``; the type of a format cannot change."""
    path = reader.path()
    with session.ddl():
        entry = find(session, _KIND, path, if_exists=if_exists)
        if entry is None:
            return status(SUCCEEDED)
        if reader.accept("RENAME", "TO"):
            rename(session, entry, reader)
            return status(SUCCEEDED)
        reader.expect("SET")
        changed = FileFormat.of(entry.properties["FORMAT"])
        given = read_format_options(reader, type_=changed.type).given
        comment = read_comment(reader)
        reader.end()
        session.catalogue.update(entry, comment=comment, FORMAT={**changed.properties, **given})
    return status(SUCCEEDED)


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    return drop_object(session, _KIND, reader, if_exists=if_exists, remove=session.catalogue.remove)


_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("name"),
    Column("database_name"),
    Column("schema_name"),
    Column("type"),
    Column("owner"),
    Column("comment"),
    Column("format_options"),
    Column("owner_role_type"),
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
            _format(entry).type,
            entry.owner,
            entry.comment,
            json.dumps(_all_options(_format(entry))),
            "ROLE",
        ),
    )


def _format(entry: Entry) -> FileFormat:
    return FileFormat.of(entry.properties["FORMAT"])


def _all_options(format_: FileFormat) -> dict[str, object]:
    return {"TYPE": format_.type, **{name: format_[name] for name in DEFAULTS[format_.type]}}


_DESCRIBED = (Column("property"), Column("property_type"), Column("property_value"), Column("property_default"))


def describe(session: Session, reader: Reader) -> Result:
    path = reader.path()
    reader.end()
    return rows(_DESCRIBED, describe_format(_format(session.get(_KIND, path))), type_=StatementType.DESCRIBE)


def describe_format(format_: FileFormat) -> list[list[str]]:
    """The options of a format, one row each: property, its type, value and default."""
    options = [
        [name, option_type(default), shown_value(format_[name]), shown_value(default)]
        for name, default in DEFAULTS[format_.type].items()
    ]
    return [["TYPE", "String", format_.type, "CSV"], *options]


KIND = Kind("FILE FORMAT", "FILE FORMATS", create=create, alter=alter, drop=drop, show=show_all, describe=describe)
