"""SELECT, WITH, VALUES and parenthesised queries. https://docs.snowflake.com/en/sql-reference/constructs"""

from __future__ import annotations

from mlops_local.account.session.result import Result
from mlops_local.account.session.session import Request, Session
from mlops_local.account.sql import query
from mlops_local.account.syntax.reader import Reader


def run(session: Session, reader: Reader, request: Request) -> Result:
    """The rows; only the columns and no row when the client asks for a description."""
    with session.transaction():
        translation = query.translate(session, reader.text)
        if translation.entries:
            session.access.demand_warehouse(session.warehouse)
        if request.describe_only:
            return query.describe(translation)
        return query.fetch(session, translation)
