"""Scripting blocks as statements: ``BEGIN .. END`` and ``DECLARE .. BEGIN .. END`` sent by a client.

https://docs.snowflake.com/en/developer-guide/snowflake-scripting/blocks
"""

from __future__ import annotations

from mlops_local.account.scripting import scripting
from mlops_local.account.scripting.script_tree import is_block
from mlops_local.account.session.result import Column, Result, StatementType, rows
from mlops_local.account.session.session import Request, Session
from mlops_local.account.statements import commands
from mlops_local.account.syntax.reader import Reader


def begin(session: Session, reader: Reader, request: Request) -> Result:
    """A block when one begins, else a transaction."""
    if is_block(reader):
        return run(session, reader, request)
    return commands.described(session, request, lambda: commands.begin(session, reader, request))


def run(session: Session, reader: Reader, request: Request) -> Result:
    if request.describe_only:
        return rows([Column("anonymous block")], [], type_=StatementType.CALL)
    return scripting.run_block(session, reader.text)
