"""SHOW TASKS and DESCRIBE TASK. https://docs.snowflake.com/en/sql-reference/sql/show-tasks"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.scheduling.tasks import KIND, Graph, Task, graph_of, predecessors, relations_json
from mlops_local.account.session.result import Column, Result, StatementType, rows
from mlops_local.account.session.session import Session
from mlops_local.account.statements import schema_object
from mlops_local.account.statements.kind import read_filter, show
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import TIMESTAMP_LTZ

COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("name"),
    Column("id"),
    Column("database_name"),
    Column("schema_name"),
    Column("owner"),
    Column("comment"),
    Column("warehouse"),
    Column("schedule"),
    Column("predecessors"),
    Column("state"),
    Column("definition"),
    Column("condition"),
    Column("allow_overlapping_execution"),
    Column("error_integration"),
    Column("last_committed_on", TIMESTAMP_LTZ),
    Column("last_suspended_on", TIMESTAMP_LTZ),
    Column("owner_role_type"),
    Column("config"),
    Column("budget"),
    Column("task_relations"),
    Column("last_suspended_reason"),
    Column("success_integration"),
    Column("scheduling_mode"),
    Column("target_completion_interval"),
)


def show_all(session: Session, reader: Reader) -> Result:
    shown = read_filter(session, reader, flag=("ROOT", "ONLY"))
    found = session.catalogue.list(KIND, database=shown.database, schema=shown.schema)
    if shown.flagged:
        found = [entry for entry in found if Task(entry).is_root]
    graphs: dict[tuple[str, str], Graph] = {}

    def row_of(entry: Entry) -> Sequence[Any]:
        place = (entry.database, entry.schema)
        if place not in graphs:
            graphs[place] = graph_of(session, *place)
        return row(Task(entry), graphs[place])

    return show(COLUMNS, shown, found, row_of)


def describe(session: Session, reader: Reader) -> Result:
    path = reader.path()
    reader.end()
    entry = schema_object.find(session, KIND, path, if_exists=False)
    assert entry is not None
    graph = graph_of(session, entry.database, entry.schema)
    return rows(COLUMNS, [row(Task(entry), graph)], type_=StatementType.DESCRIBE)


def row(task: Task, graph: Graph) -> Sequence[Any]:
    entry, kept = task.entry, task.entry.properties
    return (
        entry.created_on,
        entry.name,
        task.public_id,
        entry.database,
        entry.schema,
        entry.owner,
        entry.comment,
        kept.get("WAREHOUSE"),
        kept.get("SCHEDULE"),
        json.dumps(predecessors(task)),
        kept["STATE"],
        kept["DEFINITION"],
        kept.get("CONDITION"),
        "true" if kept.get("ALLOW_OVERLAPPING_EXECUTION") else "false",
        None,
        _time(kept.get("LAST_COMMITTED_ON")),
        _time(kept.get("LAST_SUSPENDED_ON")),
        "ROLE",
        kept.get("CONFIG"),
        None,
        relations_json(task, graph),
        kept.get("SUSPENDED_REASON"),
        None,
        None,
        kept.get("TARGET_COMPLETION_INTERVAL"),
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
