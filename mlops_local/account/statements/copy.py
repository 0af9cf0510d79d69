"""COPY: files into a table, the rows of a table or query into files, or files from stage to stage."""

from __future__ import annotations

from mlops_local.account.session.result import Result
from mlops_local.account.session.session import Request, Session
from mlops_local.account.statements import copy_files, copy_in, copy_out
from mlops_local.account.syntax.reader import Reader


def copy(session: Session, reader: Reader, request: Request) -> Result:
    reader.next()
    if reader.accept("FILES"):
        return copy_files.run(session, reader, request)
    reader.expect("INTO")
    token = reader.token
    if token.kind == "location" or (token.kind == "string" and token.value.startswith("@")):
        return copy_out.run(session, reader, request)
    return copy_in.run(session, reader, request)
