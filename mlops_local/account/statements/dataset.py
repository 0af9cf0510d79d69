"""Datasets: named, immutable versions of query results, kept as Parquet files.

https://docs.snowflake.com/en/developer-guide/snowflake-ml/dataset
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError, already_exists, does_not_exist, not_for_this_object, syntax_error
from mlops_local.account.files.stages import list_files, safe_path
from mlops_local.account.governance import lineage
from mlops_local.account.session.result import Column, Result, rows, status
from mlops_local.account.session.session import Session
from mlops_local.account.sql import query, unloading
from mlops_local.account.statements.kind import Creation, Kind, like_pattern, read_filter, show
from mlops_local.account.statements.schema_object import place
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import INTEGER, TIMESTAMP_LTZ

_KIND = "DATASET"
VERSION = "DATASET VERSION"
_FILE = "data_0_0_0.snappy.parquet"


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    path = reader.path()
    comment = _comment(reader)
    reader.end()
    with session.ddl():
        name = place(session, path)
        session.access.create(_KIND, name.database, name.schema)
        existing = session.find(_KIND, path)
        if existing and creation.if_not_exists:
            return status(f"{name.name} already exists, statement succeeded.")
        if existing and not creation.or_replace:
            raise already_exists("Object", existing.full_name)
        if existing:
            session.catalogue.remove(existing)
        session.catalogue.add(
            _KIND,
            name.database,
            name.schema,
            name.name,
            owner=session.role,
            created_on=session.account.clock.now(),
            comment=comment,
        )
    return status(f"Dataset {name.name} successfully created.")


def _comment(reader: Reader) -> str:
    if not reader.accept("COMMENT"):
        return ""
    reader.accept("=")
    return reader.string()


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    """All versions and their files go with it."""
    path = reader.path()
    reader.end()
    with session.ddl():
        entry = session.find(_KIND, path)
        if entry is None and not if_exists:
            raise does_not_exist("Dataset", str(session.complete(path)))
        if entry is None:
            return status(f"Drop statement executed successfully ({path[-1]} already dropped).")
        session.catalogue.remove(entry)
    return status(f"{entry.name} successfully dropped.")


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    path = reader.path()
    with session.ddl():
        entry = session.find(_KIND, path)
        if entry is None:
            raise AccountError(399019, "02000", f"Dataset '{session.complete(path)}' does not exist or not authorized.")
        if reader.accept("ADD", "VERSION"):
            return _add_version(session, reader, entry)
        if reader.accept("DROP", "VERSION"):
            return _drop_version(session, reader, entry)
        reader.expect("SET")
        comment = _comment(reader)
        reader.end()
        session.catalogue.update(entry, comment=comment)
    return status("Statement executed successfully.")


@dataclass(frozen=True)
class _Addition:
    """``'v' FROM (query) [PARTITION BY e] [COMMENT = 'c'] [METADATA = $$json$$]``."""

    name: str
    query: str
    partition_by: str | None
    comment: str
    metadata: str | None


def _read_addition(reader: Reader) -> _Addition:
    name = _version_name(reader)
    reader.expect("FROM")
    text = reader.parenthesised()
    partition_by = comment = metadata = None
    while not reader.at_end:
        if partition_by is None and reader.accept("PARTITION", "BY"):
            partition_by = reader.until("COMMENT", "METADATA")
        elif comment is None and reader.token.upper == "COMMENT":
            comment = _comment(reader)
        elif metadata is None and reader.accept("METADATA", "="):
            metadata = _json_text(reader.string())
        else:
            raise reader.refuse()
    return _Addition(name, text, partition_by, comment or "", metadata)


def _version_name(reader: Reader) -> str:
    return reader.string() if reader.token.kind == "string" else reader.identifier()


def _json_text(text: str) -> str:
    try:
        json.loads(text)
    except ValueError as error:
        raise syntax_error(f"METADATA is not JSON: {error}") from error
    return text


def _add_version(session: Session, reader: Reader, dataset: Entry) -> Result:
    addition = _read_addition(reader)
    if session.catalogue.find(VERSION, dataset.database, dataset.schema, addition.name, parent=dataset.id):
        raise AccountError(399020, "42710", f"Dataset version '{addition.name}' of dataset '{dataset.full_name}' already exists.")
    properties: dict[str, Any] = {"METADATA": addition.metadata, "PARTITION_BY": addition.partition_by}
    version = session.catalogue.add(
        VERSION,
        dataset.database,
        dataset.schema,
        addition.name,
        owner=session.role,
        created_on=session.account.clock.now(),
        comment=addition.comment,
        properties={key: value for key, value in properties.items() if value is not None},
        parent=dataset.id,
    )
    _write(session, version, addition)
    return status(f"Dataset version {addition.name} successfully added.")


def _write(session: Session, version: Entry, addition: _Addition) -> None:
    folder = session.account.stages.folder_of_version(version)
    text = addition.query
    if addition.partition_by is not None:
        text = f'SELECT *, ({addition.partition_by})::VARCHAR AS "~partition" FROM ({addition.query})'
    translation = query.translate(session, text)
    try:
        if addition.partition_by is None:
            unloading.write_parquet(session, translation, folder / _FILE)
        else:
            unloading.write_partitions(session, translation, lambda key: folder / safe_path(key) / _FILE)
        lineage.record(session, translation.context.direct, version)
    finally:
        translation.context.release()


def _drop_version(session: Session, reader: Reader, dataset: Entry) -> Result:
    name = _version_name(reader)
    reader.end()
    version = session.catalogue.find(VERSION, dataset.database, dataset.schema, name, parent=dataset.id)
    if version is None:
        raise AccountError(399019, "02000", f"Dataset version '{name}' of dataset '{dataset.full_name}' does not exist.")
    session.catalogue.remove(version)
    return status(f"Dataset version {name} successfully dropped.")


_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("name"),
    Column("database_name"),
    Column("schema_name"),
    Column("owner"),
    Column("comment"),
    Column("owner_role_type"),
    Column("versions"),
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
            entry.owner,
            entry.comment,
            "ROLE",
            json.dumps([version.name for version in session.catalogue.list(VERSION, parent=entry.id)]),
        ),
    )


_VERSIONS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("version"),
    Column("database_name"),
    Column("schema_name"),
    Column("dataset_name"),
    Column("comment"),
    Column("metadata"),
    Column("files", INTEGER),
    Column("bytes", INTEGER),
)


def show_versions(session: Session, path: tuple[str, ...], like: str | None) -> Result:
    """``SHOW VERSIONS [LIKE 'p'] IN DATASET d``; 2043 when there is no such dataset."""
    dataset = session.find(_KIND, path)
    if dataset is None:
        raise not_for_this_object(str(session.complete(path)))
    versions = session.catalogue.list(VERSION, parent=dataset.id)
    kept = [version for version in versions if like is None or like_pattern(like).match(version.name)]
    return rows(_VERSIONS, [_version_row(session, dataset, version) for version in kept])


def _version_row(session: Session, dataset: Entry, version: Entry) -> tuple[Any, ...]:
    files = list_files(session.account.stages.folder_of_version(version))
    return (
        version.created_on,
        version.name,
        dataset.database,
        dataset.schema,
        dataset.name,
        version.comment or None,
        version.properties.get("METADATA"),
        len(files),
        sum(file.size for file in files),
    )


KIND = Kind("DATASET", "DATASETS", create=create, alter=alter, drop=drop, show=show_all)
