"""What a session holds: its variables, its open transaction, the answers to its statements.

https://docs.snowflake.com/en/sql-reference/sql/show-variables, https://docs.snowflake.com/en/sql-reference/sql/show-transactions,
https://docs.snowflake.com/en/sql-reference/sql/desc-result
"""

from __future__ import annotations

from typing import Any

from mlops_local.account.errors import AccountError
from mlops_local.account.session.result import INTEGER, TIMESTAMP_LTZ, Column, Result, rows
from mlops_local.account.session.session import Session
from mlops_local.account.sql import query
from mlops_local.account.sql.functions.session_context import REGION
from mlops_local.account.statements.kind import Kind, like_pattern
from mlops_local.account.statements.schema_object import describe_listed
from mlops_local.account.syntax.reader import Reader

_VARIABLES = (Column("session_id", INTEGER), Column("name"), Column("value"), Column("type"), Column("comment"))


def show_variables(session: Session, reader: Reader) -> Result:
    like = like_pattern(reader.string()) if reader.accept("LIKE") else None
    reader.end()
    listed = [
        (session.id, name, str(value), _type_name(value), "")
        for name, value in sorted(session.variables.items())
        if like is None or like.match(name)
    ]
    return rows(_VARIABLES, listed)


def _type_name(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "fixed" if isinstance(value, int) else "real" if isinstance(value, float) else "text"


_TRANSACTIONS = (
    Column("id", INTEGER),
    Column("user"),
    Column("session", INTEGER),
    Column("name"),
    Column("started_on", TIMESTAMP_LTZ),
    Column("state"),
)


def show_transactions(session: Session, reader: Reader) -> Result:
    """Those of one's own sessions, of all sessions with ``IN ACCOUNT``."""
    everybody = reader.accept("IN", "ACCOUNT")
    reader.end()
    return rows(
        _TRANSACTIONS,
        [
            (one.id, one.user, one.id, str(one.id), one.began_on, "running")
            for one in _sessions(session, everybody=everybody)
            if one.explicit_transaction
        ],
    )


def _sessions(session: Session, *, everybody: bool) -> list[Session]:
    return [other for other in list(session.account.sessions.values()) if everybody or other.user == session.user]


_LOCKS = (
    Column("resource"),
    Column("type"),
    Column("transaction", INTEGER),
    Column("transaction_started_on", TIMESTAMP_LTZ),
    Column("status"),
    Column("acquired_on", TIMESTAMP_LTZ),
    Column("query_id"),
)


def show_locks(session: Session, reader: Reader) -> Result:
    """The one lock that there is: the turn to write, which a transaction holds from its first change to its end.

    https://docs.snowflake.com/en/sql-reference/sql/show-locks
    """
    admin = session.role == "ACCOUNTADMIN"
    everybody = reader.accept("IN", "ACCOUNT") and admin
    reader.end()
    listed = [(*_lock(one), one.id) for one in _sessions(session, everybody=everybody) if _wants_to_write(one)]
    columns = (*_LOCKS, Column("session", INTEGER)) if admin else _LOCKS
    return rows(columns, [row[: len(columns)] for row in listed])


def _wants_to_write(session: Session) -> bool:
    return session.connection.waiting or session.account.engine.has_turn(session.connection)


def _lock(session: Session) -> tuple[Any, ...]:
    waiting = session.connection.waiting
    status, acquired_on = ("WAITING", None) if waiting else ("HOLDING", session.locked_on)
    return str(session.id), "PARTITIONS", session.id, session.began_on, status, acquired_on, session.running_query


_REGIONS = (Column("snowflake_region"), Column("cloud"), Column("region"), Column("display_name"))


def show_regions(session: Session, reader: Reader) -> Result:
    """Where accounts can be: on this machine. https://docs.snowflake.com/en/sql-reference/sql/show-regions"""
    like = like_pattern(reader.string()) if reader.accept("LIKE") else None
    reader.end()
    return rows(_REGIONS, [(REGION, "local", "local", "This machine")] if like is None or like.match(REGION) else [])


def describe_result(session: Session, reader: Reader) -> Result:
    """``DESCRIBE RESULT {'query id' | LAST_QUERY_ID()}``."""
    text = reader.rest()
    asked = session.connection.fetch(f"SELECT {query.scalar_sql(session, text)}")[0][0]
    try:
        result = session.account.results.get(str(asked), session.user)
    except KeyError as error:
        raise AccountError(709, "02000", f"Statement {asked} not found") from error
    return describe_listed(result.columns)


VARIABLES = Kind("", "VARIABLES", show=show_variables)
LOCKS = Kind("", "LOCKS", show=show_locks)
REGIONS = Kind("", "REGIONS", show=show_regions)
TRANSACTIONS = Kind("", "TRANSACTIONS", show=show_transactions)
RESULT = Kind("RESULT", "", describe=describe_result)
