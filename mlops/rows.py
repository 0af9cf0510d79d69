from __future__ import annotations

from collections.abc import Sequence

from snowflake.snowpark import Row, Session

from mlops.guard import check, permitting


def fetch(session: Session, statement: str, values: Sequence[object] = ()) -> list[Row]:
    check(statement)
    return _send(session, statement, values)


def fetch_unchecked(session: Session, statement: str) -> list[Row]:
    """For statements that hold one which the guard has permitted."""
    with permitting(statement):
        return _send(session, statement)


def _send(session: Session, statement: str, values: Sequence[object] = ()) -> list[Row]:
    rows: list[Row] = session.sql(statement, params=list(values) or None).collect()
    return rows
