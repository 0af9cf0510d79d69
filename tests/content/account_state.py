"""What is in an account, without what may differ between two equal histories: times, run numbers and file addresses."""

from __future__ import annotations

from typing import Any

from snowflake.connector import DictCursor, SnowflakeConnection

# What SHOW says about an object that is the same whenever it was made.
_SHOWN = {
    "VIEWS": ("FEATURE_STORE", ("name", "comment", "text")),
    "TAGS": ("FEATURE_STORE", ("name", "comment", "allowed_values")),
    "USER FUNCTIONS": ("FEATURE_STORE", ("name", "description")),
    "PROCEDURES": ("ML", ("name", "description")),
    "STREAMS": ("ML", ("name", "comment", "stale")),
    "TASKS": ("ML", ("name", "comment", "state", "schedule", "condition", "definition")),
    "MODELS": ("ML", ("name", "comment", "default_version_name")),
    "DATASETS": ("ML", ("name",)),
}
_TIMES = ("_AT", "_TIME")
# What was made at the second try is told so, and what it took is never the same; that it is told once, is.
_VARYING = {
    "CHANGE_LEDGER": ("CHANGE_ID", "ACTION", "REASON", "STATEMENTS", "SECONDS"),
    # When its data was taken.
    "MODEL_CARDS": ("CARD",),
}
# How old the newest row is, to the second, and in whole days in the sentence: another number from one moment of each day on.
_AGE = {"freshness": ("VALUE", "SENTENCE")}


def read_account(connection: SnowflakeConnection) -> dict[str, Any]:
    state: dict[str, Any] = {kind: _shown(connection, kind, *place) for kind, place in _SHOWN.items()}
    for schema in ("FEATURE_STORE", "ML"):
        state |= {f"{schema}.{name}": _content(connection, schema, name) for name in _names(connection, "TABLES", schema)}
    for model in _names(connection, "MODELS", "ML"):
        state[f"versions of {model}"] = _versions(connection, f"MODEL ML.{model}", ("name", "comment", "metadata"))
    for dataset in _names(connection, "DATASETS", "ML"):
        state[f"versions of {dataset}"] = _versions(connection, f"DATASET ML.{dataset}", ("version", "comment"))
    for stage in _names(connection, "STAGES", "ML"):
        state[f"files of {stage}"] = sorted(row["name"] for row in _rows(connection, f"LIST @ML.{stage}"))
    return state


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    return [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]


def _shown(connection: SnowflakeConnection, kind: str, schema: str, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    rows = _rows(connection, f"SHOW {kind} IN SCHEMA {schema}")
    return sorted(tuple(str(row[column]) for column in columns) for row in rows)


def _names(connection: SnowflakeConnection, kind: str, schema: str) -> list[str]:
    return [name for (name,) in _shown(connection, kind, schema, ("name",))]


def _versions(connection: SnowflakeConnection, place: str, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    return sorted(tuple(str(row[column]) for column in columns) for row in _rows(connection, f"SHOW VERSIONS IN {place}"))


def _content(connection: SnowflakeConnection, schema: str, name: str) -> list[list[str]]:
    rows = _rows(connection, f'SELECT * FROM {schema}."{name}"')
    return sorted(comparable(name, row) for row in rows)


def comparable(table: str, row: dict[str, Any]) -> list[str]:
    left_out = (*_VARYING.get(table, ()), *_AGE.get(str(row.get("GATE")), ()))
    return [f"{column}={value}" for column, value in row.items() if not column.endswith(_TIMES) and column not in left_out]


def _rows(connection: SnowflakeConnection, statement: str) -> list[dict[str, Any]]:
    with connection.cursor(DictCursor) as cursor:
        return [dict(row) for row in cursor.execute(statement).fetchall()]
