from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from snowflake.snowpark import Session

from mlops.rows import fetch

Document = dict[str, Any]


def fetch_documents(session: Session, query: str) -> list[Document]:
    """All that a query of figures finds, as one row; in no order."""
    rows = fetch(session, f"SELECT ARRAY_AGG(OBJECT_CONSTRUCT_KEEP_NULL(*)) FROM ({query})")
    found: list[Document] = json.loads(rows[0][0])
    return found


def together(queries: Iterable[str]) -> str:
    return "\nUNION ALL\n".join(queries)
