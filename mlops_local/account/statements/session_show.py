"""What a session holds: its variables, its open transaction, the answers to its statements.

https://docs.snowflake.com/en/sql-reference/sql/show-variables, https://docs.snowflake.com/en/sql-reference/sql/show-transactions,
https://docs.snowflake.com/en/sql-reference/sql/desc-result
"""

from __future__ import annotations

from typing import Any

from mlops_local.account.errors import AccountError
from mlops_local.account.session.result import INTEGER, Column, Result, rows
from mlops_local.account.session.session import Session
from mlops_local.account.sql import query
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


_TRANSACTIONS = (Column("id", INTEGER), Column("user"), Column("session", INTEGER), Column("name"), Column("state"))


def show_transactions(session: Session, reader: Reader) -> Result:
    """Those of one's own sessions, of all sessions with ``IN ACCOUNT``."""
    everybody = reader.accept("IN", "ACCOUNT")
    reader.end()
    open_ = [other for other in list(session.account.sessions.values()) if other.explicit_transaction]
    return rows(
        _TRANSACTIONS,
        [(one.id, one.user, one.id, str(one.id), "running") for one in open_ if everybody or one.user == session.user],
    )


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
TRANSACTIONS = Kind("", "TRANSACTIONS", show=show_transactions)
RESULT = Kind("RESULT", "", describe=describe_result)
