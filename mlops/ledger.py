"""What was changed, by whom and from what: a row for each change, written with the change, never changed itself."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields

from snowflake.snowpark import Session

from mlops.estimate import Spent
from mlops.names import Name, Schema, literal
from mlops.outputs import GATE_RESULTS, LEDGER, MODEL_CARDS, PIPELINE_RUNS
from mlops.properties import Properties
from mlops.rows import fetch
from mlops.tables import create_table

# What moves a model's default version without making anything.
MOVES = ("promote", "rollback")
# The largest of so many changes of an object is what its next one is expected to take at most.
_REMEMBERED = 5


@dataclass(frozen=True)
class Entry:
    """One change. The account adds who made it, in which role, and when. `seconds` are those until it was recorded."""

    action: str
    kind: str
    name: str
    commit_id: str
    run_id: str
    repository: str
    reason: str
    definition_hash: str = ""
    properties: Properties | None = None
    from_version: str | None = None
    to_version: str | None = None
    statements: int = 0
    seconds: float = 0.0
    # Names the change: a statement that a client sends once more, since it never saw the answer, adds no second row.
    change_id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True)
class Known:
    """The last change of an object."""

    kind: str
    name: str
    action: str
    hash: str
    properties: Properties | None
    repository: str


def prepare_statements(home: Schema) -> Iterator[str]:
    """The tables that the machine itself writes to, wherever it changes anything."""
    for table in (LEDGER, GATE_RESULTS, MODEL_CARDS, PIPELINE_RUNS):
        yield create_table(home / table.name, table, table.description, optional=True)


def insert_statement(home: Schema, entry: Entry) -> str:
    table = (home / LEDGER.name).sql
    columns, values = zip(*_values(entry), strict=True)
    # A condition of a query that has no FROM is described nowhere.
    return (
        f"INSERT INTO {table} ({', '.join(columns)}, CHANGED_BY, ROLE_NAME, CHANGED_AT) "
        f"SELECT {', '.join(values)}, CURRENT_USER(), CURRENT_ROLE(), SYSDATE() FROM (SELECT 1 AS ONE) "
        f"WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE CHANGE_ID = {literal(entry.change_id)})"
    )


def together(statements: Iterable[str]) -> str:
    """One statement of several: what is sent as a whole is not cut in two by a client that is killed."""
    return "BEGIN\n" + "".join(f"{statement};\n" for statement in statements) + "END"


def read_known(session: Session, home: Schema) -> list[Known]:
    rows = fetch(
        session,
        f"SELECT KIND, NAME, ACTION, DEFINITION_HASH, PROPERTIES, REPOSITORY FROM {_table(home).sql} "
        f"WHERE ACTION NOT IN ({', '.join(map(literal, MOVES))}) "
        "QUALIFY ROW_NUMBER() OVER (PARTITION BY KIND, NAME ORDER BY CHANGED_AT DESC) = 1",
    )
    return [
        Known(kind, name, action, found, json.loads(properties) if properties else None, repository)
        for kind, name, action, found, properties, repository in rows
    ]


def read_spent(session: Session, home: Schema) -> list[Spent]:
    rows = fetch(
        session,
        "SELECT KIND, NAME, MAX(STATEMENTS), MAX(SECONDS) FROM ("
        f"SELECT * FROM {_table(home).sql} WHERE ACTION NOT IN ({', '.join(map(literal, (*MOVES, 'record', 'retire', 'copy')))}) "
        f"QUALIFY ROW_NUMBER() OVER (PARTITION BY KIND, NAME ORDER BY CHANGED_AT DESC) <= {_REMEMBERED}) GROUP BY KIND, NAME",
    )
    return [Spent(kind, name, int(statements), float(seconds)) for kind, name, statements, seconds in rows]


def _table(home: Schema) -> Name:
    return home / LEDGER.name


def _values(entry: Entry) -> Iterator[tuple[str, str]]:
    for one in fields(entry):
        yield one.name.upper(), _literal(getattr(entry, one.name))


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return literal(value)
    return str(value) if isinstance(value, int | float) else literal(json.dumps(value, sort_keys=True))
