"""Scripting blocks as statements: ``BEGIN .. END`` and ``DECLARE .. BEGIN .. END`` sent by a client.

https://docs.snowflake.com/en/developer-guide/snowflake-scripting/blocks
"""

from __future__ import annotations

from mlops_local.account import scripting
from mlops_local.account.reader import Reader
from mlops_local.account.result import Column, Result, StatementType, rows
from mlops_local.account.script_tree import is_block
from mlops_local.account.session import Request, Session
from mlops_local.account.statements import commands


def begin(session: Session, reader: Reader, request: Request) -> Result:
    """A block when one begins, else a transaction."""
    if is_block(reader):
        return run(session, reader, request)
    return commands.described(session, request, lambda: commands.begin(session, reader, request))


def run(session: Session, reader: Reader, request: Request) -> Result:
    if request.describe_only:
        return rows([Column("anonymous block")], [], type_=StatementType.CALL)
    return scripting.run_block(session, reader.text)
