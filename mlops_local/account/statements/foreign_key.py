"""Foreign keys: kept and shown; as in Snowflake nothing enforces them.

A key is by the id of the table that it leads to, so that it follows a rename and ends with the table.
https://docs.snowflake.com/en/sql-reference/constraints-overview, https://docs.snowflake.com/en/sql-reference/sql/show-imported-keys
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import compilation_error, invalid_identifier
from mlops_local.account.session.result import Result, rows
from mlops_local.account.session.session import Session
from mlops_local.account.statements.column import entries_in
from mlops_local.account.statements.column_definition import Reference
from mlops_local.account.statements.kind import Kind
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import INTEGER, TIMESTAMP_LTZ, Column


def add_references(session: Session, entry: Entry, references: Iterable[Reference]) -> None:
    """To the keys that the table has; it may lead to itself."""
    added = [_kept(session, entry, reference) for reference in references]
    if added:
        session.catalogue.update(entry, FOREIGN_KEYS=[*entry.properties.get("FOREIGN_KEYS", []), *added])


def _kept(session: Session, entry: Entry, reference: Reference) -> dict[str, Any]:
    table = session.get("TABLE", reference.table)
    session.access.demand("REFERENCES", table)
    referenced = reference.referenced or tuple(table.properties.get("PRIMARY_KEY", []))
    for owner, names in ((entry, reference.columns), (table, referenced)):
        known = {column.name for column in session.catalogue.columns(owner)}
        for name in names:
            if name not in known:
                raise invalid_identifier(name)
    if len(referenced) != len(reference.columns):
        raise compilation_error(
            1003, "42601", f"the foreign key to '{table.full_name}' has another number of columns than its key."
        )
    return {
        "COLUMNS": list(reference.columns),
        "TABLE": table.id,
        "REFERENCED": list(referenced),
        "RULES": [list(rule) for rule in reference.rules],
    }


def references_of(session: Session, entry: Entry) -> Iterator[tuple[Entry, dict[str, Any]]]:
    """The keys of the table that lead to one that is there."""
    for key in entry.properties.get("FOREIGN_KEYS", []):
        if (table := session.catalogue.by_id(key["TABLE"])) is not None:
            yield table, key


def rename_in_keys(session: Session, entry: Entry, old: str, new: str) -> Entry:
    """All keys of the table, and those that lead to it, after a column has another name."""

    def renamed(names: list[str]) -> list[str]:
        return [new if name == old else name for name in names]

    for other in session.catalogue.whole.list("TABLE"):
        keys = other.properties.get("FOREIGN_KEYS")
        if keys and other.id != entry.id:
            led = [{**key, "REFERENCED": renamed(key["REFERENCED"])} if key["TABLE"] == entry.id else key for key in keys]
            session.catalogue.whole.update(other, FOREIGN_KEYS=led)
    own: dict[str, Any] = {}
    if "PRIMARY_KEY" in entry.properties:
        own["PRIMARY_KEY"] = renamed(entry.properties["PRIMARY_KEY"])
    if "UNIQUE" in entry.properties:
        own["UNIQUE"] = [renamed(key) for key in entry.properties["UNIQUE"]]
    if "FOREIGN_KEYS" in entry.properties:
        own["FOREIGN_KEYS"] = [{**key, "COLUMNS": renamed(key["COLUMNS"])} for key in entry.properties["FOREIGN_KEYS"]]
    return session.catalogue.update(entry, **own) if own else entry


def drop_from_keys(session: Session, entry: Entry, column: str) -> Entry:
    """A key ends with a column of it."""
    get = entry.properties.get
    own: dict[str, Any] = {
        "PRIMARY_KEY": None if column in get("PRIMARY_KEY", []) else get("PRIMARY_KEY"),
        "UNIQUE": [key for key in get("UNIQUE", []) if column not in key] or None,
        "FOREIGN_KEYS": [key for key in get("FOREIGN_KEYS", []) if column not in key["COLUMNS"]] or None,
    }
    return session.catalogue.update(entry, **own)


def require_unreferenced(session: Session, entry: Entry) -> None:
    """For DROP .. RESTRICT."""
    for other in session.catalogue.whole.list("TABLE"):
        if other.id != entry.id and any(table.id == entry.id for table, _ in references_of(session, other)):
            raise compilation_error(
                3005, "42601", f"Cannot drop the table because of dependencies: '{other.full_name}' refers to it."
            )


_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("pk_database_name"),
    Column("pk_schema_name"),
    Column("pk_table_name"),
    Column("pk_column_name"),
    Column("fk_database_name"),
    Column("fk_schema_name"),
    Column("fk_table_name"),
    Column("fk_column_name"),
    Column("key_sequence", INTEGER),
    Column("update_rule"),
    Column("delete_rule"),
    Column("fk_name"),
    Column("pk_name"),
    Column("deferrability"),
    Column("rely"),
    Column("comment"),
)


def show_imported(session: Session, reader: Reader) -> Result:
    """The keys by which the tables of the scope lead elsewhere."""
    return rows(_COLUMNS, [row for entry in entries_in(session, reader) for row in _rows(session, entry)])


def show_exported(session: Session, reader: Reader) -> Result:
    """The keys by which any table leads to one of the scope."""
    wanted = {entry.id for entry in entries_in(session, reader)}
    return rows(_COLUMNS, [row for entry in session.catalogue.list("TABLE") for row in _rows(session, entry, wanted)])


def _rows(session: Session, entry: Entry, wanted: set[int] | None = None) -> Iterator[list[Any]]:
    for number, (table, key) in enumerate(references_of(session, entry)):
        if wanted is not None and table.id not in wanted:
            continue
        rules = dict(key["RULES"])
        for place, (column, referenced) in enumerate(zip(key["COLUMNS"], key["REFERENCED"], strict=True)):
            yield [
                entry.created_on,
                *(table.database, table.schema, table.name, referenced),
                *(entry.database, entry.schema, entry.name, column),
                place + 1,
                rules.get("UPDATE", "NO ACTION"),
                rules.get("DELETE", "NO ACTION"),
                f"SYS_CONSTRAINT_{entry.id}_F{number}",
                f"SYS_CONSTRAINT_{table.id}",
                "NOT DEFERRABLE",
                "false",
                None,
            ]


IMPORTED = Kind("", "IMPORTED KEYS", show=show_imported)
EXPORTED = Kind("", "EXPORTED KEYS", show=show_exported)
