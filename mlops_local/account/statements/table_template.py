"""``CREATE TABLE .. USING TEMPLATE (query)``: the columns that INFER_SCHEMA has found.

https://docs.snowflake.com/en/sql-reference/sql/create-table
"""

from __future__ import annotations

import json
from typing import Any

from mlops_local.account.errors import compilation_error
from mlops_local.account.session.session import Session
from mlops_local.account.sql import query
from mlops_local.account.statements.column_definition import TableColumns, read_columns
from mlops_local.account.syntax.names import quote
from mlops_local.account.syntax.reader import Reader


def template_columns(session: Session, reader: Reader) -> TableColumns:
    """Of a query of one array of objects, each with COLUMN_NAME, TYPE and perhaps NULLABLE; the reader stands behind TEMPLATE."""
    text = reader.parenthesised()
    with session.transaction():
        found = query.fetch(session, query.translate(session, text))
    value = found.table.column(0)[0].as_py() if found.row_count == 1 and len(found.columns) == 1 else None
    described = json.loads(value) if isinstance(value, str) else None
    if not isinstance(described, list) or not described or not all(map(_is_column, described)):
        detail = "USING TEMPLATE takes a query of one array of objects with COLUMN_NAME and TYPE: ARRAY_AGG(OBJECT_CONSTRUCT(*))."
        raise compilation_error(2099, "22000", detail)
    return read_columns(Reader(f"({', '.join(map(_column, described))})"))


def _is_column(found: Any) -> bool:
    return isinstance(found, dict) and isinstance(found.get("COLUMN_NAME"), str) and isinstance(found.get("TYPE"), str)


def _column(found: dict[str, Any]) -> str:
    return f"{quote(found['COLUMN_NAME'])} {found['TYPE']}{'' if found.get('NULLABLE', True) else ' NOT NULL'}"
