from __future__ import annotations

from collections.abc import Sequence

from snowflake.snowpark import Row, Session

from mlops.guard import check


def fetch(session: Session, statement: str, values: Sequence[object] = ()) -> list[Row]:
    check(statement)
    return fetch_unchecked(session, statement, values)


def fetch_unchecked(session: Session, statement: str, values: Sequence[object] = ()) -> list[Row]:
    """For statements that hold one which the guard has permitted."""
    rows: list[Row] = session.sql(statement, params=list(values) or None).collect()
    return rows
