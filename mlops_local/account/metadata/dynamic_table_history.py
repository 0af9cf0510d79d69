"""What SQL sees of dynamic tables: the history of their refreshes, and the graph that they make.

https://docs.snowflake.com/en/sql-reference/functions/dynamic_table_refresh_history
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import duckdb

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError, unsupported
from mlops_local.account.scheduling import dynamic_tables
from mlops_local.account.scheduling.dynamic_tables import ACTIVE, DOWNSTREAM, KIND, lag_of
from mlops_local.account.session.session import Session
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import table_function
from mlops_local.account.sql.relations import relation
from mlops_local.account.syntax.types import ARRAY, INTEGER, OBJECT, TIMESTAMP_LTZ, Column

_HISTORY_COLUMNS = (
    Column("NAME"),
    Column("SCHEMA_NAME"),
    Column("DATABASE_NAME"),
    Column("STATE"),
    Column("STATE_CODE"),
    Column("STATE_MESSAGE"),
    Column("QUERY_ID"),
    Column("DATA_TIMESTAMP", TIMESTAMP_LTZ),
    Column("REFRESH_START_TIME", TIMESTAMP_LTZ),
    Column("REFRESH_END_TIME", TIMESTAMP_LTZ),
    Column("COMPLETION_TARGET", TIMESTAMP_LTZ),
    Column("QUALIFIED_NAME"),
    Column("STATISTICS"),
    Column("REFRESH_ACTION"),
    Column("REFRESH_TRIGGER"),
    Column("TARGET_LAG_SEC", INTEGER),
    Column("WAREHOUSE"),
)
_HISTORY_ARGUMENTS = {"RESULT_LIMIT", "NAME", "NAME_PREFIX", "ERROR_ONLY", "DATA_TIMESTAMP_START", "DATA_TIMESTAMP_END"}


@table_function("DYNAMIC_TABLE_REFRESH_HISTORY")
def refresh_history(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    """https://docs.snowflake.com/en/sql-reference/functions/dynamic_table_refresh_history"""
    unknown = [*positional, *(set(named) - _HISTORY_ARGUMENTS)]
    if unknown:
        raise unsupported(f"DYNAMIC_TABLE_REFRESH_HISTORY({unknown[0]})")
    where, values = _history_filter(named)
    found = context.session.connection.fetch(
        "SELECT name, schema, database, state, state_code, state_message, query_id, data_timestamp, refresh_start, refresh_end, "
        "data_timestamp + to_seconds(lag_seconds), database || '.' || schema || '.' || name, statistics, action, trigger, "
        f"lag_seconds, warehouse FROM account.refreshes {where} ORDER BY refresh_start DESC, data_timestamp DESC LIMIT ?",
        [*values, int(named.get("RESULT_LIMIT", 100))],
    )
    return relation(context, _HISTORY_COLUMNS, found)


def _history_filter(named: dict[str, Any]) -> tuple[str, list[Any]]:
    tests = {
        "NAME": "(name = ? OR database || '.' || schema || '.' || name = ?)",
        "NAME_PREFIX": "starts_with(database || '.' || schema || '.' || name, ?)",
        "DATA_TIMESTAMP_START": "data_timestamp >= ?",
        "DATA_TIMESTAMP_END": "data_timestamp <= ?",
    }
    where: list[str] = ["state <> 'SUCCEEDED'"] if named.get("ERROR_ONLY") else []
    values: list[Any] = []
    for name, test in tests.items():
        if name in named:
            where.append(test)
            values += [named[name]] * test.count("?")
    return f"WHERE {' AND '.join(where)}" if where else "", values


# The graph


_GRAPH_COLUMNS = (
    Column("NAME"),
    Column("SCHEMA_NAME"),
    Column("DATABASE_NAME"),
    Column("QUALIFIED_NAME"),
    Column("INPUTS", ARRAY),
    Column("TARGET_LAG_TYPE"),
    Column("TARGET_LAG_SEC", INTEGER),
    Column("QUERY_TEXT"),
    Column("VALID_FROM", TIMESTAMP_LTZ),
    Column("VALID_TO", TIMESTAMP_LTZ),
    Column("SCHEDULING_STATE", OBJECT),
    Column("ALTER_TRIGGER", ARRAY),
)


@table_function("DYNAMIC_TABLE_GRAPH_HISTORY")
def graph_history(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    """Every dynamic table as it is now, with what it reads.

    https://docs.snowflake.com/en/sql-reference/functions/dynamic_table_graph_history
    """
    for argument in [*positional, *named]:
        raise unsupported(f"DYNAMIC_TABLE_GRAPH_HISTORY({argument}): the graph as it was")
    session = context.session
    return relation(context, _GRAPH_COLUMNS, [_described(session, entry) for entry in session.catalogue.list(KIND)])


def _described(session: Session, entry: Entry) -> list[Any]:
    kept, lag = entry.properties, lag_of(entry)
    return [
        entry.name,
        entry.schema,
        entry.database,
        entry.full_name,
        json.dumps(_inputs(session, entry)),
        DOWNSTREAM if lag is None else "USER_DEFINED",
        None if lag is None else int(lag.total_seconds()),
        kept["QUERY"],
        _time(kept.get("VALID_FROM")) or entry.created_on,
        None,
        json.dumps(_scheduling_state(kept)),
        json.dumps(kept.get("ALTER_TRIGGER", ["CREATE_DYNAMIC_TABLE"])),
    ]


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _scheduling_state(kept: dict[str, Any]) -> dict[str, Any]:
    if kept["STATE"] == ACTIVE:
        return {"state": ACTIVE, **({"resumed_on": kept["RESUMED_ON"]} if "RESUMED_ON" in kept else {})}
    reasons = {"USER": "USER_SUSPENDED", "SYSTEM": "SUSPENDED_DUE_TO_ERRORS", "CLONE": "CLONED"}
    return {
        "state": kept["STATE"],
        "reason_code": reasons.get(str(kept.get("SUSPENDED_BY")), "UPSTREAM_USER_SUSPENDED"),
        "suspended_on": kept.get("SUSPENDED_ON"),
    }


def _inputs(session: Session, entry: Entry) -> list[dict[str, str]]:
    """Nothing for a table whose sources are gone."""
    try:
        translation = dynamic_tables.translate(session, entry)
    except (AccountError, duckdb.Error):
        return []
    translation.context.release()
    read = {one.id: one for one in translation.entries if one.kind in {"TABLE", "VIEW", KIND}}
    return [{"name": one.full_name, "kind": one.kind} for one in read.values()]
