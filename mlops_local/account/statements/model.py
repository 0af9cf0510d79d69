"""Models and their versions. https://docs.snowflake.com/en/sql-reference/sql/create-model

A version keeps its files in the folder of its own object; aliases, the default version and metadata are the model's and
the version's properties.
"""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError
from mlops_local.account.files.locations import Place, locate
from mlops_local.account.files.stages import list_files
from mlops_local.account.governance import lineage
from mlops_local.account.models import model_store
from mlops_local.account.models.versions import VERSION, aliases, find_version, versions
from mlops_local.account.session.result import SUCCEEDED, Column, Result, rows, status
from mlops_local.account.session.session import Session
from mlops_local.account.statements.dataset import VERSION as DATASET_VERSION
from mlops_local.account.statements.kind import Creation, Kind, like_pattern, read_filter, show
from mlops_local.account.syntax.reader import Reader, parse_name
from mlops_local.account.syntax.types import TIMESTAMP_LTZ


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    """``CREATE MODEL m WITH VERSION v FROM {@stage | MODEL m2 [VERSION v2]}``."""
    path = reader.path()
    version = reader.identifier() if reader.accept("WITH", "VERSION") else "VERSION_1"
    with session.ddl():
        where = session.complete(path)
        session.catalogue.get("SCHEMA", where.database, "", where.schema)
        session.access.create("MODEL", where.database, where.schema)
        existing = session.find("MODEL", path)
        if existing and creation.if_not_exists:
            return status(f"{where.name} already exists, statement succeeded.")
        if existing and not creation.or_replace:
            raise AccountError(100132, "P0000", f"Object '{existing.full_name}' of type MODEL already exists.")
        if existing:
            session.catalogue.remove(existing)
        model = session.catalogue.add(
            "MODEL", where.database, where.schema, where.name, owner=session.role, created_on=session.account.clock.now()
        )
        added = _add_version(session, model, version, reader)
        reader.end()
        session.catalogue.update(model, DEFAULT_VERSION=added.name)
    return status(f"Model {where.name} successfully created.")


def _add_version(session: Session, model: Entry, name: str, reader: Reader) -> Entry:
    """A version from a stage folder or from another version; its files are copied, so that neither changes the other."""
    reader.expect("FROM")
    source: Entry | None = None
    if reader.accept("MODEL"):
        other = session.get("MODEL", reader.path())
        session.access.demand_any(("READ", "USAGE"), other)
        source = find_version(session, other, reader.identifier() if reader.accept("VERSION") else None)
    else:
        place = locate(session, reader.next().value)
    if session.catalogue.find(VERSION, model.database, model.schema, name, parent=model.id):
        raise AccountError(100132, "P0000", f"Version '{name}' of model '{model.full_name}' already exists.")
    entry = session.catalogue.add(
        VERSION,
        model.database,
        model.schema,
        name,
        owner=session.role,
        created_on=session.account.clock.now(),
        parent=model.id,
        comment=source.comment if source else "",
        properties={"METADATA": source.properties.get("METADATA", "{}") if source else "{}"},
    )
    target = session.account.stages.folder_of_version(entry)
    if source is not None:
        shutil.copytree(session.account.stages.folder_of_version(source), target)
    else:
        _copy_files(place, target)
    model_store.read_methods(target)
    lineage.record(session, _made_of(session, target, entry), entry)
    return entry


def _made_of(session: Session, folder: Path, version: Entry) -> list[Entry]:
    """What the manifest says that the model was trained on: versions of datasets, and queries; what is gone is left out."""
    found: list[Entry] = []
    for source in model_store.read_manifest(folder).get("lineage_sources", []):
        with suppress(AccountError, duckdb.Error):
            if source["type"] == "DATASET":
                dataset = session.get("DATASET", parse_name(source["entity"]))
                found.append(
                    session.catalogue.get(DATASET_VERSION, dataset.database, dataset.schema, source["version"], parent=dataset.id)
                )
            elif source["type"] == "QUERY":
                found += lineage.read_directly(session, source["entity"], session.database, session.schema)
    return found


def _copy_files(place: Place, target: Path) -> None:
    """The files below a stage path, at their paths relative to it."""
    inside = place.prefix.rstrip("/") + "/" if place.prefix else ""
    for file in place.files():
        if file.relative.startswith(inside):
            copy = target / file.relative[len(inside) :]
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.path, copy)


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    path = reader.path()
    with session.ddl():
        model = session.find("MODEL", path)
        if model is None and if_exists:
            return status(SUCCEEDED)
        _alter(session, reader, session.get("MODEL", path))
        reader.end()
    return status(SUCCEEDED)


def _alter(session: Session, reader: Reader, model: Entry) -> None:
    verb = reader.accept_any(*_ALTERATIONS)
    if verb is None:
        raise reader.refuse()
    _ALTERATIONS[verb](session, reader, model)


def _add(session: Session, reader: Reader, model: Entry) -> None:
    reader.expect("VERSION")
    _add_version(session, model, reader.identifier(), reader)


def _drop_version(session: Session, reader: Reader, model: Entry) -> None:
    reader.expect("VERSION")
    version = find_version(session, model, reader.identifier())
    if version.name == model.properties.get("DEFAULT_VERSION"):
        raise AccountError(
            391203,
            "22023",
            f"Version '{version.name}' is the default version of model '{model.full_name}' and cannot be dropped. "
            "Set another default first, or drop the model.",
        )
    kept = {alias: id_ for alias, id_ in model.properties.get("ALIASES", {}).items() if id_ != version.id}
    session.catalogue.update(model, ALIASES=kept)
    session.catalogue.remove(version)


def _modify(session: Session, reader: Reader, model: Entry) -> None:
    reader.expect("VERSION")
    version = find_version(session, model, reader.identifier())
    reader.expect("SET")
    if reader.accept("METADATA"):
        reader.expect("=")
        session.catalogue.update(version, METADATA=_json(reader.string()))
    else:
        reader.expect("COMMENT", "=")
        session.catalogue.update(version, comment=reader.string())


def _json(text: str) -> str:
    try:
        json.loads(text)
    except ValueError as error:
        raise AccountError(1044, "42P13", f"SQL compilation error:\ninvalid METADATA, it must be JSON: {error}") from error
    return text


def _set(session: Session, reader: Reader, model: Entry) -> None:
    if reader.accept("DEFAULT_VERSION", "="):
        version = find_version(session, model, reader.string() if reader.token.kind == "string" else reader.identifier())
        session.catalogue.update(model, DEFAULT_VERSION=version.name)
    else:
        reader.expect("COMMENT", "=")
        session.catalogue.update(model, comment=reader.string())


def _unset(session: Session, reader: Reader, model: Entry) -> None:
    reader.expect("COMMENT")
    session.catalogue.update(model, comment="")


def _alias(session: Session, reader: Reader, model: Entry) -> None:
    """``VERSION v SET ALIAS = a``, ``VERSION a UNSET ALIAS``, and ``VERSION v UNSET ALIAS`` for every alias of the version."""
    shown = reader.identifier()
    version = find_version(session, model, shown)
    kept = dict(model.properties.get("ALIASES", {}))
    if reader.accept("UNSET", "ALIAS"):
        kept = {alias: id_ for alias, id_ in kept.items() if alias != shown and (shown != version.name or id_ != version.id)}
    else:
        reader.expect("SET", "ALIAS", "=")
        alias = reader.identifier()
        if alias in {"DEFAULT", "FIRST", "LAST"}:
            raise AccountError(391205, "22023", f"'{alias}' is an alias of the account's own and cannot be set.")
        kept[alias] = version.id
    session.catalogue.update(model, ALIASES=kept)


def _rename(session: Session, reader: Reader, model: Entry) -> None:
    reader.expect("TO")
    to = session.complete(reader.path())
    for version in versions(session, model):
        session.catalogue.rename(version, type(to)(to.database, to.schema, version.name))
    session.catalogue.rename(model, to)


_ALTERATIONS: dict[str, Any] = {
    "ADD": _add,
    "DROP": _drop_version,
    "MODIFY": _modify,
    "RENAME": _rename,
    "SET": _set,
    "UNSET": _unset,
    "VERSION": _alias,
}


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    path = reader.path()
    reader.end()
    with session.ddl():
        model = session.find("MODEL", path)
        if model is None and if_exists:
            return status(f"Drop statement executed successfully ({path[-1]} already dropped).")
        session.catalogue.remove(session.get("MODEL", path))
    return status(f"{path[-1]} successfully dropped.")


_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("name"),
    Column("model_type"),
    Column("database_name"),
    Column("schema_name"),
    Column("comment"),
    Column("owner"),
    Column("default_version_name"),
    Column("versions"),
    Column("aliases"),
)


def show_all(session: Session, reader: Reader) -> Result:
    shown = read_filter(session, reader)

    def row(model: Entry) -> tuple[Any, ...]:
        listed = versions(session, model)
        named = {alias: entry.name for entry in listed for alias in aliases(model, entry, listed)}
        return (
            model.created_on,
            model.name,
            "USER_MODEL",
            model.database,
            model.schema,
            model.comment,
            model.owner,
            model.properties.get("DEFAULT_VERSION"),
            json.dumps([entry.name for entry in listed]),
            json.dumps(named),
        )

    return show(_COLUMNS, shown, session.catalogue.list("MODEL", database=shown.database, schema=shown.schema), row)


_VERSION_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("name"),
    Column("aliases"),
    Column("comment"),
    Column("database_name"),
    Column("schema_name"),
    Column("model_name"),
    Column("is_default_version"),
    Column("functions"),
    Column("metadata"),
    Column("user_data"),
    Column("model_attributes"),
    Column("size"),
    Column("environment"),
    Column("runnable_in"),
    Column("inference_services"),
    Column("model_spec"),
)


def show_versions(session: Session, path: tuple[str, ...], like: str | None) -> Result:
    """``SHOW VERSIONS [LIKE ..] IN MODEL m``."""
    model = session.get("MODEL", path)
    listed = versions(session, model)
    kept = [entry for entry in listed if like is None or like_pattern(like).match(entry.name)]
    return rows(_VERSION_COLUMNS, [_version_row(session, model, entry, listed) for entry in kept])


def _version_row(session: Session, model: Entry, version: Entry, listed: list[Entry]) -> tuple[Any, ...]:
    folder = session.account.stages.folder_of_version(version)
    manifest = model_store.read_manifest(folder)
    size = sum(file.size for file in list_files(folder))
    return (
        version.created_on,
        version.name,
        json.dumps(aliases(model, version, listed)),
        version.comment,
        model.database,
        model.schema,
        model.name,
        str(version.name == model.properties.get("DEFAULT_VERSION")).lower(),
        json.dumps([method.name for method in model_store.read_methods(folder)]),
        version.properties.get("METADATA", "{}"),
        json.dumps(manifest.get("user_data", {})),
        model_store.attributes(folder),
        str(size),
        "{}",
        json.dumps(manifest.get("target_platforms", ["WAREHOUSE"])),
        "[]",
        model_store.spec_text(folder),
    )


_FUNCTION_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("name"),
    Column("is_builtin"),
    Column("is_aggregate"),
    Column("is_ansi"),
    Column("min_num_arguments"),
    Column("max_num_arguments"),
    Column("arguments"),
    Column("return_type"),
    Column("description"),
    Column("catalog_name"),
    Column("schema_name"),
    Column("is_table_function"),
    Column("language"),
)


def show_functions(session: Session, reader: Reader) -> Result:
    """``SHOW FUNCTIONS IN MODEL m [VERSION v]``; the reader stands behind MODEL."""
    model = session.get("MODEL", reader.path())
    version = find_version(session, model, reader.identifier() if reader.accept("VERSION") else None)
    reader.end()
    methods = model_store.read_methods(session.account.stages.folder_of_version(version))
    return rows(
        _FUNCTION_COLUMNS,
        [
            (
                version.created_on,
                method.name,
                "N",
                "N",
                "N",
                str(len(method.inputs)),
                str(len(method.inputs)),
                method.signature,
                method.returns,
                "model method",
                model.database,
                model.schema,
                "Y" if method.kind == "TABLE_FUNCTION" else "N",
                "PYTHON",
            )
            for method in methods
        ],
    )


KIND = Kind("MODEL", "MODELS", create=create, alter=alter, drop=drop, show=show_all)
