"""SHOW PARAMETERS. https://docs.snowflake.com/en/sql-reference/sql/show-parameters"""

from __future__ import annotations

from typing import Any

from mlops_local.account.reader import Reader
from mlops_local.account.result import Column, Result, rows
from mlops_local.account.session import DEFAULT_PARAMETERS, Session
from mlops_local.account.statements.kind import Kind, like_pattern


def show_all(session: Session, reader: Reader) -> Result:
    like = like_pattern(reader.string()) if reader.accept("LIKE") else None
    if reader.accept_any("IN", "FOR"):
        reader.accept_any("SESSION", "ACCOUNT")
    reader.end()
    names = [name for name in sorted(session.parameters) if like is None or like.match(name)]
    columns = (Column("key"), Column("value"), Column("default"), Column("level"), Column("description"), Column("type"))
    return rows(columns, [_row(session, name) for name in names])


def _row(session: Session, name: str) -> tuple[str, ...]:
    value, default = session.parameters[name], DEFAULT_PARAMETERS.get(name, "")
    return name, _text(value), _text(default), "" if value == default else "SESSION", "", _kind(default)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _kind(value: Any) -> str:
    return "BOOLEAN" if isinstance(value, bool) else "NUMBER" if isinstance(value, int) else "STRING"


KIND = Kind("PARAMETER", "PARAMETERS", show=show_all)
