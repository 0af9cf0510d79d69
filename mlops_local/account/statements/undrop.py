"""``UNDROP kind name``. https://docs.snowflake.com/en/sql-reference/sql/undrop"""

from __future__ import annotations

from mlops_local.account.history import dropped
from mlops_local.account.session.result import Result, status
from mlops_local.account.session.session import Session
from mlops_local.account.statements import schema_object
from mlops_local.account.statements.kind import Read
from mlops_local.account.syntax.reader import Reader


def undrop(kind: str) -> Read:
    def run(session: Session, reader: Reader) -> Result:
        path = reader.path()
        reader.end()
        with session.ddl():
            entry = dropped.restore(session, kind, *_place(session, kind, path))
        return status(f"{kind.capitalize()} {entry.name} successfully restored.")

    return run


def _place(session: Session, kind: str, path: tuple[str, ...]) -> tuple[str, str, str]:
    if kind == "DATABASE":
        return "", "", path[-1]
    if kind == "SCHEMA":
        name = session.complete((*path, ""))
        session.catalogue.get("DATABASE", "", "", name.database)
        return name.database, "", name.schema
    name = schema_object.place(session, path)
    return name.database, name.schema, name.name
