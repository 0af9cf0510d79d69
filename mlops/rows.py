from __future__ import annotations

from collections.abc import Sequence

from snowflake.snowpark import Row, Session


def fetch(session: Session, statement: str, values: Sequence[object] = ()) -> list[Row]:
    rows: list[Row] = session.sql(statement, params=list(values) or None).collect()
    return rows
