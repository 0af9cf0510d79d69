"""What has been dropped and can come back: UNDROP, until the retention is over by the account's clock.

A drop moves the rows of the catalogue aside, those of what the object contained with it; ids, rows, columns, files and tags stay
where they are, so that what comes back is what went. ``root`` is the object that the drop was about.
https://docs.snowflake.com/en/user-guide/data-time-travel#dropping-and-restoring-objects
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mlops_local.account.access.privileges import OWNERSHIP
from mlops_local.account.catalogue.entry import FIELDS, Entry, entry_of
from mlops_local.account.engine.engine import Connection
from mlops_local.account.errors import already_exists, compilation_error
from mlops_local.account.session.session import Session

RETENTION = "DATA_RETENTION_TIME_IN_DAYS"
LONGEST = 90
_DEFAULT = 1
_CAN_COME_BACK = frozenset({"DATABASE", "SCHEMA", "TABLE", "DYNAMIC TABLE", "TAG"})

_TABLES = (
    "CREATE TABLE IF NOT EXISTS account.dropped AS SELECT CAST(NULL AS BIGINT) AS root, CAST(NULL AS TIMESTAMPTZ) AS dropped_on, "
    "CAST(NULL AS TIMESTAMPTZ) AS purge_on, * FROM account.objects LIMIT 0",
    "CREATE TABLE IF NOT EXISTS account.dropped_grants AS SELECT * FROM account.grants LIMIT 0",
)


def create_tables(connection: Connection) -> None:
    """The tables take the columns of those that they stand beside, also when these have grown since."""
    for statement in _TABLES:
        connection.execute(statement)
    for table, source in (("dropped", "objects"), ("dropped_grants", "grants")):
        for name, type_ in connection.fetch(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'account' AND table_name = ?", [source]
        ):
            connection.execute(f'ALTER TABLE account.{table} ADD COLUMN IF NOT EXISTS "{name}" {type_}')


def ids(connection: Connection) -> set[int]:
    return {row[0] for row in connection.fetch("SELECT id FROM account.dropped")}


def check_retention(days: int) -> int:
    if not 0 <= days <= LONGEST:
        raise compilation_error(1008, "22023", f"invalid value [{days}] for parameter '{RETENTION}'")
    return days


def retention_of(session: Session, entry: Entry) -> int:
    """The days that its own parameter says, else those of its schema, its database, the account."""
    containers = (
        session.catalogue.find("SCHEMA", entry.database, "", entry.schema) if entry.schema else None,
        session.catalogue.find("DATABASE", "", "", entry.database) if entry.database else None,
    )
    days = next((one.properties[RETENTION] for one in (entry, *containers) if one and RETENTION in one.properties), _DEFAULT)
    return min(int(days), 1) if entry.properties.get("TRANSIENT") or entry.temporary else int(days)


def drop(session: Session, entry: Entry) -> None:
    """The object is gone, for good when nothing keeps it. Its name is free at once."""
    set_aside(session, entry)
    purge(session)


def set_aside(session: Session, entry: Entry) -> None:
    """As :func:`drop`, but what nothing keeps is there until the next :func:`purge`: a replacement may still read its rows."""
    session.access.demand(OWNERSHIP, entry)
    now = session.account.clock.now()
    stays = entry.kind in _CAN_COME_BACK and not entry.temporary
    until = now + timedelta(days=retention_of(session, entry)) if stays else now
    where, values = _contents(entry)
    session.catalogue.touch([entry, *_schemas(session, entry)])
    execute = session.connection.execute
    execute(
        f"INSERT INTO account.dropped BY NAME SELECT CAST(? AS BIGINT) AS root, CAST(? AS TIMESTAMPTZ) AS dropped_on, "
        f"CAST(CASE WHEN session = 0 THEN ? ELSE ? END AS TIMESTAMPTZ) AS purge_on, * FROM account.objects WHERE {where}",
        [entry.id, now, until, now, *values],
    )
    session.catalogue.grants.leave(entry.id)
    _set_grants_aside(session.connection)
    execute(f"DELETE FROM account.objects WHERE {where}", values)


def _schemas(session: Session, entry: Entry) -> list[Entry]:
    return session.catalogue.whole.list("SCHEMA", database=entry.name) if entry.kind == "DATABASE" else []


def _set_grants_aside(connection: Connection) -> None:
    """Most objects have none of their own."""
    theirs = "FROM account.grants WHERE object IN (SELECT id FROM account.dropped)"
    if connection.fetch(f"SELECT 1 {theirs} LIMIT 1"):
        connection.execute(f"INSERT INTO account.dropped_grants BY NAME SELECT * {theirs}")
        connection.execute(f"DELETE {theirs}")


def _contents(entry: Entry) -> tuple[str, list[object]]:
    """The rows of the catalogue that go with the object."""
    if entry.kind == "DATABASE":
        return "id = ? OR database = ?", [entry.id, entry.name]
    if entry.kind == "SCHEMA":
        return "id = ? OR (database = ? AND schema = ?)", [entry.id, entry.database, entry.name]
    return "id = ? OR parent = ?", [entry.id, entry.id]


def restore(session: Session, kind: str, database: str, schema: str, name: str) -> Entry:
    """The object of that name that was dropped last, with all that it contained."""
    now, fetch = session.account.clock.now(), session.connection.fetch
    found = fetch(
        f"SELECT {FIELDS} FROM account.dropped WHERE id = root AND kind = ? AND database = ? AND schema = ? AND name = ? "
        "AND purge_on > ? ORDER BY dropped_on DESC, id DESC LIMIT 1",
        [kind, database, schema, name, now],
    )
    if not found:
        raise compilation_error(2003, "02000", f"{kind.capitalize()} '{name}' did not exist or was purged.")
    entry = entry_of(found[0])
    session.access.demand(OWNERSHIP, entry)
    session.access.create(kind, database, schema)
    taken = session.catalogue.find(kind, database, schema, name)
    if taken is not None:
        raise already_exists("Object", taken.full_name)
    _bring_back(session.connection, entry)
    session.catalogue.touch([entry, *_schemas(session, entry)])
    return entry


def _bring_back(connection: Connection, entry: Entry) -> None:
    inside = "SELECT id FROM account.dropped WHERE root = ? AND session = 0"
    kept = "SELECT * EXCLUDE (root, dropped_on, purge_on) FROM account.dropped WHERE root = ? AND session = 0"
    connection.execute(f"INSERT INTO account.objects BY NAME {kept}", [entry.id])
    connection.execute(
        f"INSERT INTO account.grants BY NAME SELECT * FROM account.dropped_grants WHERE object IN ({inside})", [entry.id]
    )
    connection.execute(f"DELETE FROM account.dropped_grants WHERE object IN ({inside})", [entry.id])
    connection.execute("DELETE FROM account.dropped WHERE root = ? AND session = 0", [entry.id])


def listed(
    session: Session, kind: str, *, database: str | None = None, schema: str | None = None
) -> list[tuple[Entry, datetime]]:
    """What SHOW .. HISTORY adds: objects of one's own that were dropped, themselves or with what contains them, and when."""
    where, values = ["kind = ?", "session = 0", "purge_on > ?"], [kind, session.account.clock.now()]  # type: tuple[list[str], list[object]]
    for column, value in (("database", database), ("schema", schema)):
        if value is not None:
            where.append(f"{column} = ?")
            values.append(value)
    found = session.connection.fetch(
        f"SELECT {FIELDS}, dropped_on FROM account.dropped WHERE {' AND '.join(where)} ORDER BY database, schema, name, dropped_on",
        values,
    )
    listed = [(entry_of(row[:-1]), row[-1]) for row in found]
    return [(entry, dropped_on) for entry, dropped_on in listed if session.access.holds(OWNERSHIP, entry)]


def rename_container(session: Session, *, database: str, schema: str | None, to_database: str, to_schema: str | None) -> None:
    """What was dropped from a schema or database that has another name now comes back there."""
    if schema is None:
        session.connection.execute("UPDATE account.dropped SET database = ? WHERE database = ?", [to_database, database])
    else:
        session.connection.execute(
            "UPDATE account.dropped SET database = ?, schema = ? WHERE database = ? AND schema = ?",
            [to_database, to_schema, database, schema],
        )


def purge(session: Session) -> None:
    """Ends what nothing keeps any longer, with its rows, changes, counters and files."""
    found = session.connection.fetch(f"SELECT {FIELDS} FROM account.dropped WHERE purge_on <= ?", [session.account.clock.now()])
    if not found:
        return
    gone = [entry_of(row) for row in found]
    for entry in gone:
        forget_rows(session, entry)
    numbers = ", ".join(str(entry.id) for entry in gone)
    for table, column in (("columns", "object"), ("dropped_grants", "object"), ("dropped", "id")):
        session.connection.execute(f"DELETE FROM account.{table} WHERE {column} IN ({numbers})")
    session.connection.execute(f"DELETE FROM account.tag_references WHERE object IN ({numbers}) OR tag IN ({numbers})")
    session.catalogue.removed += [entry.id for entry in gone]


def forget_rows(session: Session, entry: Entry) -> None:
    """The DuckDB tables and sequences of an object."""
    session.connection.execute(f"DROP TABLE IF EXISTS {entry.physical}")
    session.connection.execute(f"DROP TABLE IF EXISTS main.c{entry.id}")
    for sequence in entry.properties.get("SEQUENCES", {}).values():
        session.connection.execute(f"DROP SEQUENCE IF EXISTS main.{sequence}")
