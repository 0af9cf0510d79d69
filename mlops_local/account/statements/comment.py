"""``COMMENT [IF EXISTS] ON kind name IS 'text'``. https://docs.snowflake.com/en/sql-reference/sql/comment"""

from __future__ import annotations

from dataclasses import replace

from mlops_local.account.errors import invalid_identifier
from mlops_local.account.session.result import SUCCEEDED, Result, status
from mlops_local.account.session.session import Request, Session
from mlops_local.account.statements.commands import described
from mlops_local.account.statements.kinds import KINDS
from mlops_local.account.statements.named import read_named
from mlops_local.account.syntax.reader import Reader

_WORDS = sorted((tuple(kind.words.split()) for kind in KINDS if kind.words), key=lambda words: -len(words))


def comment(session: Session, reader: Reader, request: Request) -> Result:
    reader.next()
    if_exists = reader.accept("IF", "EXISTS")
    reader.expect("ON")
    if reader.accept("COLUMN"):
        return described(session, request, lambda: _comment_column(session, reader))
    kind = next((" ".join(words) for words in _WORDS if reader.accept(*words)), None)
    if kind is None:
        raise reader.refuse()
    return described(session, request, lambda: _comment_object(session, reader, kind, if_exists))


def _comment_object(session: Session, reader: Reader, kind: str, if_exists: bool) -> Result:
    with session.ddl():
        entry = read_named(session, kind, reader, if_exists=if_exists)
        reader.expect("IS")
        text = reader.string()
        reader.end()
        if entry is not None:
            session.catalogue.update(entry, comment=text)
    return status(SUCCEEDED)


def _comment_column(session: Session, reader: Reader) -> Result:
    """``COMMENT ON COLUMN table.column IS 'text'``."""
    *path, name = reader.path()
    reader.expect("IS")
    text = reader.string()
    reader.end()
    with session.ddl():
        entry = session.get("TABLE", tuple(path))
        columns = session.catalogue.columns(entry)
        if name not in {column.name for column in columns}:
            raise invalid_identifier(name)
        session.catalogue.set_columns(
            entry, [replace(column, comment=text) if column.name == name else column for column in columns]
        )
    return status(SUCCEEDED)
