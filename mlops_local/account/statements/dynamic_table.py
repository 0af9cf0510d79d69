"""DYNAMIC TABLE. The statement is kept verbatim, because clients parse it.

https://docs.snowflake.com/en/sql-reference/sql/create-dynamic-table
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import compilation_error, unsupported
from mlops_local.account.history import dropped
from mlops_local.account.scheduling import dynamic_tables
from mlops_local.account.scheduling.dynamic_tables import ACTIVE, DOWNSTREAM
from mlops_local.account.scheduling.dynamic_tables import KIND as WORDS
from mlops_local.account.scheduling.refresh_mode import incremental_obstacle
from mlops_local.account.scheduling.timetable import parse_interval, written
from mlops_local.account.session.result import SUCCEEDED, Column, Result, status
from mlops_local.account.session.session import Session
from mlops_local.account.sql import query
from mlops_local.account.sql.context import Context
from mlops_local.account.sql.parser import parse
from mlops_local.account.statements import schema_object
from mlops_local.account.statements.kind import Creation, Kind, read_filter, replace_or_keep, show
from mlops_local.account.statements.projection import head, read_headings, tag_columns
from mlops_local.account.statements.tagging import read_tag_clause, set_tags
from mlops_local.account.statements.undrop import undrop
from mlops_local.account.syntax.lexer import tokenize
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import BOOLEAN, INTEGER, TIMESTAMP_LTZ
from mlops_local.account.tables import streams

_SHORTEST_LAG = timedelta(seconds=60)
_MODES = ("AUTO", "FULL", "INCREMENTAL")
_ON_CREATE, _ON_SCHEDULE = "ON_CREATE", "ON_SCHEDULE"
_WAREHOUSES = ("WAREHOUSE", "INITIALIZATION_WAREHOUSE")


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    path = reader.path()
    headings = read_headings(reader)
    options = _read_options(reader)
    reader.expect("AS")
    body = reader.rest()
    _check_options(options)
    with session.ddl():
        name = schema_object.place(session, path)
        if replace_or_keep(session, WORDS, path, creation, lambda old: dropped.drop(session, old)):
            return status(f"{name.name} already exists, statement succeeded.")
        _check_warehouses(session, options)
        translation = query.translate(session, body, Context(session, name.database, name.schema))
        translation.context.release()
        streams.refuse(translation.entries, "a dynamic table over a stream")
        mode = _resolve_mode(options.get("REFRESH_MODE", "AUTO"), body, translation.entries)
        entry = session.catalogue.add(
            WORDS,
            name.database,
            name.schema,
            name.name,
            owner=session.role,
            created_on=session.account.clock.now(),
            comment=options.get("COMMENT", ""),
            properties=_properties(reader.text, body, options, mode),
        )
        # What it reads may be made anew with NULLs; its next refresh has to take them.
        columns = [replace(column, nullable=True) for column in head(translation.columns, headings)]
        session.catalogue.set_columns(entry, columns)
        set_tags(session, entry, options.get("TAG", ()))
        tag_columns(session, entry, headings)
        if options.get("INITIALIZE", _ON_CREATE) == _ON_CREATE:
            dynamic_tables.refresh(session, entry, _cause(session, "CREATION"))
    return status(f"Dynamic table {name.name} successfully created.")


def _cause(session: Session, trigger: str) -> dynamic_tables.Cause:
    return dynamic_tables.Cause(trigger, session.account.clock.now(), str(uuid.uuid4()))


def _properties(text: str, body: str, options: dict[str, Any], mode: tuple[str, str | None]) -> dict[str, Any]:
    return {
        "QUERY": body,
        "TEXT": _shown(text, len(text) - len(body)),
        "TARGET_LAG": options["TARGET_LAG"],
        "REFRESH_MODE": mode[0],
        "REFRESH_MODE_REASON": mode[1],
        "STATE": ACTIVE,
        "CLUSTER_BY": options.get("CLUSTER_BY", ""),
        "INITIALIZE": options.get("INITIALIZE", _ON_CREATE),
        **{word: options[word] for word in _WAREHOUSES if word in options},
    }


def _shown(text: str, end: int) -> str:
    """The statement as SHOW has it: verbatim but for quotes around the word of INITIALIZE, which the Feature Store reads."""
    tokens = [token for token in tokenize(text) if token.end <= end]
    for name, mark, value in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if (name.upper, mark.text) == ("INITIALIZE", "="):
            return f"{text[: value.start]}'{value.upper}'{text[value.end :]}"
    return text


def _read_options(reader: Reader) -> dict[str, Any]:
    """The clauses between the column list and AS, in any order."""
    found: dict[str, Any] = {}
    while not reader.at_end and reader.token.upper != "AS":
        name, value = _read_option(reader)
        if name in found:
            raise compilation_error(1003, "42000", f"duplicate property '{name}'.")
        found[name] = value
    return found


def _read_option(reader: Reader) -> tuple[str, Any]:
    if reader.accept("CLUSTER", "BY"):
        return "CLUSTER_BY", f"LINEAR({reader.parenthesised()})"
    if reader.token.upper in {"TAG", "WITH"}:
        return "TAG", read_tag_clause(reader)
    if reader.accept_copy_grants():
        return "COPY_GRANTS", True
    name = reader.accept_any("TARGET_LAG", "COMMENT", "REFRESH_MODE", "INITIALIZE", *_WAREHOUSES)
    if name is None:
        raise reader.refuse()
    reader.accept("=")
    if name == "TARGET_LAG":
        return name, _read_lag(reader)
    if name == "COMMENT":
        return name, reader.string()
    return name, reader.path()[-1]


def read_clone_options(session: Session, reader: Reader) -> dict[str, Any]:
    """``TARGET_LAG = ..`` or ``WAREHOUSE = ..`` behind the source of a clone."""
    name, value = _read_option(reader)
    if name not in {"TARGET_LAG", "WAREHOUSE"}:
        raise unsupported(f"CREATE DYNAMIC TABLE CLONE {name}")
    _check_warehouses(session, {name: value})
    return {name: value}


def _read_lag(reader: Reader) -> str:
    text = reader.string() if reader.token.kind == "string" else reader.identifier()
    if text.strip().upper() == DOWNSTREAM:
        return DOWNSTREAM
    lag = parse_interval(text)
    if lag is None:
        raise compilation_error(1008, "22023", f"invalid value ['{text}'] for parameter 'TARGET_LAG'.")
    if lag < _SHORTEST_LAG:
        raise compilation_error(
            2755, "22023", f"Invalid TARGET_LAG value '{text}'. Dynamic Tables do not support lag values under 60 second(s)."
        )
    return written(text)


def _check_options(options: dict[str, Any]) -> None:
    for word in ("TARGET_LAG", "WAREHOUSE"):
        if word not in options:
            raise compilation_error(2017, "42601", f"missing property '{word}' of dynamic table.")
    for name, allowed in (("REFRESH_MODE", _MODES), ("INITIALIZE", (_ON_CREATE, _ON_SCHEDULE))):
        if options.get(name, allowed[0]) not in allowed:
            listed = ", ".join(allowed)
            raise compilation_error(1008, "22023", f"invalid value ['{options[name]}'] for parameter '{name}': one of {listed}.")


def _check_warehouses(session: Session, options: dict[str, Any]) -> None:
    for word in _WAREHOUSES:
        if word in options:
            session.access.demand("USAGE", session.catalogue.get("WAREHOUSE", "", "", options[word]))


def _resolve_mode(wanted: str, body: str, read: Sequence[Entry]) -> tuple[str, str | None]:
    """FULL or INCREMENTAL, and why; AUTO takes what the query allows."""
    if wanted == "FULL":
        return "FULL", "The user specified FULL refresh mode."
    volatile = next(
        (entry for entry in read if entry.kind == "FUNCTION" and entry.properties.get("VOLATILITY") != "IMMUTABLE"), None
    )
    obstacle = f"volatile function {volatile.name}" if volatile else incremental_obstacle(parse(body))
    if obstacle is None:
        return "INCREMENTAL", None
    reason = f"Change tracking is not supported on queries with {obstacle}."
    if wanted == "INCREMENTAL":
        raise unsupported(f"incremental refresh: {reason}")
    return "FULL", reason


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    path = reader.path()
    with session.ddl():
        entry = schema_object.find(session, WORDS, path, if_exists=if_exists)
        if entry is not None:
            _change(session, entry, reader)
    return status(SUCCEEDED)


def _change(session: Session, entry: Entry, reader: Reader) -> None:
    verb = reader.accept_any("REFRESH", "SUSPEND", "RESUME")
    if verb:
        reader.end()
        _act(session, entry, verb)
    elif reader.accept("RENAME", "TO"):
        schema_object.rename(session, entry, reader)
    elif reader.accept("SWAP", "WITH"):
        schema_object.swap(session, entry, reader)
    elif reader.accept("CLUSTER", "BY"):
        session.catalogue.update(entry, CLUSTER_BY=f"LINEAR({reader.parenthesised()})")
    elif reader.accept("DROP", "CLUSTERING", "KEY"):
        session.catalogue.update(entry, CLUSTER_BY="")
    elif reader.accept("UNSET"):
        _unset(session, entry, reader)
    else:
        reader.expect("SET")
        _set(session, entry, reader)
    reader.end()


def _act(session: Session, entry: Entry, verb: str) -> None:
    session.access.demand("OPERATE", entry)
    if verb == "REFRESH":
        dynamic_tables.refresh(session, entry, _cause(session, "MANUAL"))
    elif verb == "SUSPEND":
        dynamic_tables.suspend(session, entry, by="USER")
    else:
        dynamic_tables.resume(session, entry)


def _set(session: Session, entry: Entry, reader: Reader) -> None:
    options: dict[str, Any] = {}
    while not reader.at_end:
        name, value = _read_option(reader)
        if name not in {"TARGET_LAG", "COMMENT", *_WAREHOUSES}:
            raise unsupported(f"ALTER DYNAMIC TABLE SET {name}")
        options[name] = value
        reader.accept(",")
    _check_warehouses(session, options)
    comment = options.pop("COMMENT", None)
    triggers = [f"ALTER_{name}" for name in options]
    changed = dynamic_tables.changed(session, *triggers) if triggers else {}
    session.catalogue.update(entry, comment=comment, **options, **changed)


def _unset(session: Session, entry: Entry, reader: Reader) -> None:
    while True:
        word = reader.accept_any("COMMENT", "INITIALIZATION_WAREHOUSE")
        if word is None:
            raise reader.refuse()
        entry = session.catalogue.update(entry, **({"comment": ""} if word == "COMMENT" else {word: None}))
        if not reader.accept(","):
            return


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    return schema_object.drop(session, WORDS, reader, if_exists=if_exists, remove=lambda entry: dropped.drop(session, entry))


def describe(session: Session, reader: Reader) -> Result:
    path = reader.path()
    reader.end()
    entry = schema_object.find(session, WORDS, path, if_exists=False)
    assert entry is not None
    return schema_object.describe_columns(session, entry)


_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("name"),
    Column("database_name"),
    Column("schema_name"),
    Column("cluster_by"),
    Column("rows", INTEGER),
    Column("bytes", INTEGER),
    Column("owner"),
    Column("target_lag"),
    Column("refresh_mode"),
    Column("refresh_mode_reason"),
    Column("warehouse"),
    Column("initialization_warehouse"),
    Column("comment"),
    Column("text"),
    Column("automatic_clustering"),
    Column("scheduling_state"),
    Column("last_suspended_on", TIMESTAMP_LTZ),
    Column("is_clone", BOOLEAN),
    Column("is_replica", BOOLEAN),
    Column("is_iceberg", BOOLEAN),
    Column("data_timestamp", TIMESTAMP_LTZ),
    Column("owner_role_type"),
)


def show_all(session: Session, reader: Reader) -> Result:
    shown = read_filter(session, reader)
    found = session.catalogue.list(WORDS, database=shown.database, schema=shown.schema)
    return show(_COLUMNS, shown, found, lambda entry: _row(session, entry))


def _row(session: Session, entry: Entry) -> Sequence[Any]:
    kept = entry.properties
    refreshed = dynamic_tables.last_refresh(session, entry, succeeded=True)
    suspended_on = kept.get("SUSPENDED_ON")
    return (
        entry.created_on,
        entry.name,
        entry.database,
        entry.schema,
        kept["CLUSTER_BY"],
        session.catalogue.count_rows(entry) or 0,
        0,
        entry.owner,
        kept["TARGET_LAG"],
        kept["REFRESH_MODE"],
        kept.get("REFRESH_MODE_REASON"),
        kept["WAREHOUSE"],
        kept.get("INITIALIZATION_WAREHOUSE"),
        entry.comment,
        kept["TEXT"],
        "ON" if kept["CLUSTER_BY"] else "OFF",
        kept["STATE"],
        datetime.fromisoformat(suspended_on) if suspended_on else None,
        bool(kept.get("CLONE")),
        False,
        False,
        refreshed,
        "ROLE",
    )


KIND = Kind(
    WORDS, "DYNAMIC TABLES", create=create, alter=alter, drop=drop, undrop=undrop(WORDS), show=show_all, describe=describe
)
