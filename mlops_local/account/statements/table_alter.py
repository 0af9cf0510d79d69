"""ALTER TABLE. https://docs.snowflake.com/en/sql-reference/sql/alter-table"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import compilation_error, does_not_exist, invalid_identifier, unsupported
from mlops_local.account.history import dropped
from mlops_local.account.session.result import SUCCEEDED, Result, status
from mlops_local.account.session.session import Session
from mlops_local.account.sql.context import Context
from mlops_local.account.sql.defaults import check_default, default_of
from mlops_local.account.sql.generator import generate
from mlops_local.account.statements import schema_object
from mlops_local.account.statements.column_definition import TableKey, read_column, read_table_key, read_type
from mlops_local.account.statements.foreign_key import add_references, drop_from_keys, rename_in_keys
from mlops_local.account.statements.tagging import change_column_tags, forget_tagged_column, rename_tagged_column
from mlops_local.account.syntax.names import column as quoted
from mlops_local.account.syntax.names import quote_if_needed
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import Column
from mlops_local.account.tables.change_capture import create_log, drop_log
from mlops_local.account.tables.column_change import retyped, rewrite

Action = Callable[[Session, Entry, Reader], None]


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    """A dynamic table can be renamed and tagged by ALTER TABLE too, as the Feature Store does."""
    path = reader.path()
    with session.ddl():
        entry = session.find("TABLE", path)
        if entry is None:
            if if_exists:
                return status(SUCCEEDED)
            raise does_not_exist("Table", str(session.complete(path)))
        if entry.kind not in {"TABLE", "DYNAMIC TABLE"}:
            raise schema_object.wrong_kind(entry, "TABLE")
        words, action = _action(reader)
        if entry.kind != "TABLE" and words not in _FOR_ALL:
            raise schema_object.wrong_kind(entry, "TABLE")
        action(session, entry, reader)
        reader.end()
    return status(SUCCEEDED)


def _action(reader: Reader) -> tuple[str, Action]:
    for words, action in _ACTIONS.items():
        if reader.accept(*words.split()):
            return words, action
    raise reader.refuse()


def _rename(session: Session, entry: Entry, reader: Reader) -> None:
    schema_object.rename(session, entry, reader)


def _swap(session: Session, entry: Entry, reader: Reader) -> None:
    schema_object.swap(session, entry, reader)


def _columns(session: Session, entry: Entry) -> dict[str, Column]:
    return {column.name: column for column in session.catalogue.columns(entry)}


def _known(columns: dict[str, Column], name: str) -> Column:
    if name not in columns:
        raise invalid_identifier(quote_if_needed(name))
    return columns[name]


def _add(session: Session, entry: Entry, reader: Reader) -> None:
    """``ADD [COLUMN] [IF NOT EXISTS] a type .., ..``, or a key, which is not enforced."""
    key = read_table_key(reader)
    if key is not None:
        _add_key(session, entry, key)
        return
    if reader.token.upper == "ROW" and reader.peek().upper == "ACCESS":
        raise unsupported("ALTER TABLE ADD ROW ACCESS POLICY")
    columns = _columns(session, entry)
    values = {name: quoted(name) for name in columns}
    listed = reader.accept("(")
    while True:
        reader.accept("COLUMN")
        if_not_exists = reader.accept("IF", "NOT", "EXISTS")
        definition = read_column(reader)
        if definition.type is None or definition.autoincrement:
            raise unsupported(f"ADD COLUMN {definition.name} without a type, or that numbers rows")
        if definition.name in columns and not if_not_exists:
            raise compilation_error(1430, "42601", f"column '{definition.name}' already exists")
        if definition.name not in columns:
            if definition.default is not None:
                check_default(definition.default, Context.of(session))
            columns[definition.name] = column = definition.column(definition.type)
            values[definition.name] = generate(default_of(entry, column, Context.of(session)))
        if not reader.accept(","):
            break
    if listed:
        reader.expect(")")
    rewrite(session, entry, list(columns.values()), list(values.values()))


def _add_key(session: Session, entry: Entry, key: TableKey) -> None:
    columns = _columns(session, entry)
    for name in key.columns:
        _known(columns, name)
    if key.reference is not None:
        add_references(session, entry, [key.reference])
    elif key.kind == "PRIMARY":
        session.catalogue.update(entry, PRIMARY_KEY=list(key.columns))
    else:
        session.catalogue.update(entry, UNIQUE=[*entry.properties.get("UNIQUE", []), list(key.columns)])


def _drop(session: Session, entry: Entry, reader: Reader) -> None:
    """``DROP [COLUMN] [IF EXISTS] a, b``."""
    reader.accept("COLUMN")
    if_exists = reader.accept("IF", "EXISTS")
    columns = _columns(session, entry)
    while True:
        name = reader.identifier()
        if not if_exists or name in columns:
            _known(columns, name)
            del columns[name]
            forget_tagged_column(session, entry, name)
            entry = drop_from_keys(session, entry, name)
        if not reader.accept(","):
            break
    if not columns:
        raise compilation_error(2, "0A000", "A table needs at least one column.")
    rewrite(session, entry, list(columns.values()), [quoted(name) for name in columns])


def _drop_key(session: Session, entry: Entry, reader: Reader) -> None:
    session.catalogue.update(entry, PRIMARY_KEY=None)


def _drop_unique(session: Session, entry: Entry, reader: Reader) -> None:
    names = reader.list(reader.identifier)
    session.catalogue.update(entry, UNIQUE=[key for key in entry.properties.get("UNIQUE", []) if key != names])


def _drop_foreign(session: Session, entry: Entry, reader: Reader) -> None:
    names = reader.list(reader.identifier)
    session.catalogue.update(
        entry, FOREIGN_KEYS=[key for key in entry.properties.get("FOREIGN_KEYS", []) if key["COLUMNS"] != names]
    )


def _refuse_named_key(session: Session, entry: Entry, reader: Reader) -> None:
    raise unsupported("the name of a constraint; say PRIMARY KEY, UNIQUE (..) or FOREIGN KEY (..)")


def _rename_column(session: Session, entry: Entry, reader: Reader) -> None:
    old = reader.identifier()
    reader.expect("TO")
    new = reader.identifier()
    columns = _columns(session, entry)
    _known(columns, old)
    if new in columns:
        raise compilation_error(1430, "42601", f"column '{new}' already exists")
    rename_tagged_column(session, entry, old, new)
    entry = rename_in_keys(session, entry, old, new)
    changed = [replace(column, name=new) if column.name == old else column for column in columns.values()]
    counters = entry.properties.get("SEQUENCES")
    if counters and old in counters:
        session.catalogue.update(entry, SEQUENCES={new if key == old else key: value for key, value in counters.items()})
    rewrite(session, entry, changed, [quoted(name) for name in columns])


def _alter_column(session: Session, entry: Entry, reader: Reader) -> None:
    """``ALTER | MODIFY [COLUMN] a ..`` or ``( a .., b .. )``."""
    listed = reader.accept("(")
    columns = _columns(session, entry)
    values = {name: quoted(name) for name in columns}
    while True:
        reader.accept("COLUMN")
        name = reader.identifier()
        if change_column_tags(session, entry, _known(columns, name).name, reader):
            break
        changed = _changed(session, entry, _known(columns, name), reader)
        if changed.type != columns[name].type:
            values[name] = retyped(columns[name], changed)
        columns[name] = changed
        if not reader.accept(","):
            break
    if listed:
        reader.expect(")")
    rewrite(session, entry, list(columns.values()), list(values.values()))


def _changed(session: Session, entry: Entry, column: Column, reader: Reader) -> Column:
    for word in ("MASKING", "PROJECTION"):
        if word in {reader.token.upper, reader.peek().upper}:
            raise unsupported(f"ALTER TABLE MODIFY COLUMN SET {word} POLICY")
    if reader.accept("DROP", "NOT", "NULL"):
        return replace(column, nullable=True)
    if reader.accept("SET", "NOT", "NULL"):
        return replace(column, nullable=False)
    if reader.accept("DROP", "DEFAULT"):
        return replace(column, default=None)
    if reader.accept("SET", "DEFAULT"):
        default = reader.until(",", ")")
        check_default(default, Context.of(session))
        return replace(column, default=default)
    if reader.accept("UNSET", "COMMENT"):
        return replace(column, comment=None)
    if reader.accept("COMMENT"):
        return replace(column, comment=reader.string())
    reader.accept("SET", "DATA")
    reader.expect("TYPE")
    return replace(column, type=read_type(reader))


def _set(session: Session, entry: Entry, reader: Reader) -> None:
    """``SET COMMENT = .. CHANGE_TRACKING = ..``."""
    while not reader.at_end:
        word = reader.accept_any("COMMENT", "CHANGE_TRACKING", dropped.RETENTION, "MAX_DATA_EXTENSION_TIME_IN_DAYS")
        if word is None:
            raise reader.refuse()
        reader.expect("=")
        if word == "COMMENT":
            entry = session.catalogue.update(entry, comment=reader.string())
        elif word == "CHANGE_TRACKING":
            entry = _track(session, entry, on=reader.boolean())
        elif word == dropped.RETENTION:
            entry = session.catalogue.update(entry, DATA_RETENTION_TIME_IN_DAYS=dropped.check_retention(reader.integer()))
        else:
            reader.integer()
        reader.accept(",")


def _track(session: Session, entry: Entry, *, on: bool) -> Entry:
    if on:
        create_log(session, entry)
    else:
        drop_log(session, entry)
    return session.catalogue.update(entry, CHANGE_TRACKING=on or None)


def _unset(session: Session, entry: Entry, reader: Reader) -> None:
    """``UNSET COMMENT, ..``."""
    while True:
        word = reader.accept_any("COMMENT", dropped.RETENTION, "MAX_DATA_EXTENSION_TIME_IN_DAYS")
        if word is None:
            raise reader.refuse()
        entry = session.catalogue.update(entry, **({"comment": ""} if word == "COMMENT" else {word: None}))
        if not reader.accept(","):
            return


def _cluster(session: Session, entry: Entry, reader: Reader) -> None:
    session.catalogue.update(entry, CLUSTER_BY=f"LINEAR({reader.parenthesised()})")


def _drop_clustering(session: Session, entry: Entry, reader: Reader) -> None:
    session.catalogue.update(entry, CLUSTER_BY=None)


# The longer form first where one begins like another.
_ACTIONS: dict[str, Action] = {
    "RENAME TO": _rename,
    "RENAME COLUMN": _rename_column,
    "SWAP WITH": _swap,
    "RENAME CONSTRAINT": _refuse_named_key,
    "DROP PRIMARY KEY": _drop_key,
    "DROP UNIQUE": _drop_unique,
    "DROP FOREIGN KEY": _drop_foreign,
    "DROP CONSTRAINT": _refuse_named_key,
    "DROP CLUSTERING KEY": _drop_clustering,
    "DROP": _drop,
    "ADD": _add,
    "ALTER": _alter_column,
    "MODIFY": _alter_column,
    "SET": _set,
    "UNSET": _unset,
    "CLUSTER BY": _cluster,
}
_FOR_ALL = {"RENAME TO"}
