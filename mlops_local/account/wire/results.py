"""The answer to a statement that succeeded: its columns, its rows, and where the session is now."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from mlops_local.account.session.result import Result, StatementType
from mlops_local.account.session.session import Session
from mlops_local.account.syntax.types import Column
from mlops_local.account.wire.arrow import lay_out, stream
from mlops_local.account.wire.chunks import ChunkStore, cut
from mlops_local.account.wire.envelope import Answer
from mlops_local.account.wire.json_rows import json_rows

_LARGEST_BYTE_LENGTH = 16_777_216
_FORMAT_PARAMETER = "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT"


def result_data(
    result: Result,
    session: Session,
    query_id: str,
    chunks: ChunkStore,
    *,
    settings: Mapping[str, Any],
    describe_only: bool = False,
) -> Answer:
    """``settings`` are the statement's own parameters, which go before the session's."""
    data = common(session, query_id, result.type)
    if result.transfer is not None:
        return {**data, **result.transfer}
    table = result.table.slice(0, 0) if describe_only else result.table
    data["rowtype"] = [row_type(column) for column in result.columns]
    data["total"] = table.num_rows
    if result.as_json or _wants_json(session, settings):
        rows = json_rows(table, result.columns)
        return {**data, "queryResultFormat": "json", "rowset": rows, "returned": len(rows)}
    return {**data, **_arrow(table, result.columns, chunks, session.account.base_url)}


def several_data(session: Session, query_id: str, children: list[tuple[str, StatementType]]) -> Answer:
    """The answer to several statements in one text: the ids under which the client fetches each."""
    return {
        **common(session, query_id, StatementType.MULTI),
        "resultIds": ",".join(child for child, _ in children),
        "resultTypes": ",".join(str(int(type_)) for _, type_ in children),
    }


def common(session: Session, query_id: str, type_: StatementType) -> Answer:
    return {
        "queryId": query_id,
        "sqlState": "00000",
        "statementTypeId": int(type_),
        "parameters": parameter_list(session),
        "finalDatabaseName": session.database,
        "finalSchemaName": session.schema,
        "finalWarehouseName": session.warehouse,
        "finalRoleName": session.role,
        "sendResultTime": int(time.time() * 1000),
    }


def parameter_list(session: Session) -> list[Answer]:
    return [{"name": name, "value": value} for name, value in list(session.parameters.items())]


def row_type(column: Column) -> Answer:
    type_ = column.type
    timed = type_.name == "TIME" or type_.name.startswith("TIMESTAMP")
    return {
        "name": column.name,
        "database": "",
        "schema": "",
        "table": "",
        "nullable": column.nullable,
        "type": type_.name.lower(),
        "length": type_.length,
        "byteLength": _byte_length(column),
        "precision": 0 if timed else type_.precision,
        "scale": type_.scale,
        "collation": None,
    }


def _byte_length(column: Column) -> int | None:
    if column.type.length is None:
        return None
    per_unit = 4 if column.type.name == "TEXT" else 1
    return min(per_unit * column.type.length, _LARGEST_BYTE_LENGTH)


def _wants_json(session: Session, settings: Mapping[str, Any]) -> bool:
    wanted = settings.get(_FORMAT_PARAMETER, session.parameters.get(_FORMAT_PARAMETER, "ARROW"))
    return str(wanted).upper().startswith("JSON")


def _arrow(table: pa.Table, columns: tuple[Column, ...], chunks: ChunkStore, base_url: str) -> Answer:
    if table.num_rows == 0:
        return {"queryResultFormat": "arrow", "rowsetBase64": "", "returned": 0}
    parts = cut(lay_out(table, columns))
    inline = base64.b64encode(stream(parts.table.slice(0, parts.inline))).decode()
    data = {"queryResultFormat": "arrow", "rowsetBase64": inline, "returned": table.num_rows}
    return {**data, "chunks": chunks.add(parts, base_url)} if parts.count else data
