"""INSERT, UPDATE, DELETE, MERGE and TRUNCATE. https://docs.snowflake.com/en/sql-reference/sql-dml"""

from __future__ import annotations

from mlops_local.account.catalogue import Entry
from mlops_local.account.errors import compilation_error, invalid_identifier, unsupported
from mlops_local.account.names import column
from mlops_local.account.reader import Reader
from mlops_local.account.result import Result, StatementType, counts
from mlops_local.account.session import Bind, Request, Session
from mlops_local.account.sql import query


def insert(session: Session, reader: Reader, request: Request) -> Result:
    """``INSERT [OVERWRITE] INTO t [(columns)] {VALUES .. | query}``."""
    reader.next()
    overwrite = reader.accept("OVERWRITE")
    reader.expect("INTO")
    reader.accept("TABLE")
    path = reader.path()
    names = _column_list(reader)
    text = reader.rest()
    with session.transaction(write=not request.describe_only):
        entry = session.get("TABLE", path)
        translation = query.translate(session, text)
        if request.describe_only:
            translation.context.release()
            return counts(StatementType.INSERT, rows_inserted=0)
        if overwrite:
            raise unsupported("INSERT OVERWRITE")
        inserted = insert_relation(session, entry, names, translation.sql)
        translation.context.release()
    return counts(StatementType.INSERT, rows_inserted=inserted)


def _column_list(reader: Reader) -> list[str] | None:
    if reader.token.text != "(" or reader.peek().upper in {"SELECT", "WITH", "("}:
        return None
    return reader.list(reader.identifier)


def insert_relation(session: Session, entry: Entry, columns: list[str] | None, relation_sql: str) -> int:
    """Appends the rows of a DuckDB query to a table; the columns that are not named take their defaults."""
    known = {c.name for c in session.catalogue.columns(entry)}
    for name in columns or ():
        if name not in known:
            raise invalid_identifier(name)
    target = f" ({', '.join(column(name) for name in columns)})" if columns else ""
    rows = session.connection.fetch(f"INSERT INTO {entry.physical}{target} {relation_sql}")
    return int(rows[0][0])


def insert_arrays(session: Session, text: str, arrays: tuple[Bind, ...], request: Request) -> Result:
    raise unsupported("array binding")


def update(session: Session, reader: Reader, request: Request) -> Result:
    raise unsupported("UPDATE")


def delete(session: Session, reader: Reader, request: Request) -> Result:
    raise unsupported("DELETE")


def merge(session: Session, reader: Reader, request: Request) -> Result:
    raise unsupported("MERGE")


def truncate(session: Session, reader: Reader, request: Request) -> Result:
    raise unsupported("TRUNCATE")


__all__ = ["compilation_error", "delete", "insert", "insert_arrays", "insert_relation", "merge", "truncate", "update"]
