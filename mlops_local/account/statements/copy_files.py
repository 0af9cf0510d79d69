"""COPY FILES from one stage to another. https://docs.snowflake.com/en/sql-reference/sql/copy-files"""

from __future__ import annotations

import secrets
import shutil

from mlops_local.account.errors import AccountError, unsupported
from mlops_local.account.files.locations import Place, locate
from mlops_local.account.files.stages import StagedFile
from mlops_local.account.session.result import Column, Result, StatementType, rows
from mlops_local.account.session.session import Request, Session
from mlops_local.account.statements.files import location_text
from mlops_local.account.statements.options import read_options
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import INTEGER


def run(session: Session, reader: Reader, request: Request) -> Result:
    """``INTO location FROM location [FILES = (..)] [PATTERN = '..'] [DETAILED_OUTPUT = b]``; the reader stands behind FILES."""
    reader.expect("INTO")
    target = location_text(reader)
    reader.expect("FROM")
    if reader.token.text == "(":
        raise unsupported("COPY FILES from a query")
    source = location_text(reader)
    files = reader.list(reader.string) if reader.accept("FILES", "=") else None
    options = read_options(reader, {"PATTERN": str, "DETAILED_OUTPUT": bool})
    reader.end()
    with session.transaction():
        found, place = locate(session, source), locate(session, target, write=True)
    if place.location.kind in {"DATASET", "MODEL"}:
        raise unsupported(f"COPY FILES INTO {target}")
    chosen = [] if request.describe_only else _chosen(found, files, options.get("PATTERN"))
    copied = [_copy(session, file, file.relative.removeprefix(_folder(found)), place) for file in chosen]
    if options.get("DETAILED_OUTPUT", True):
        return rows([Column("file")], [[name] for name in copied], type_=StatementType.COPY)
    return rows([Column("number of files copied", INTEGER)], [[len(copied)]], type_=StatementType.COPY)


def _folder(source: Place) -> str:
    """What is left out of the paths: the folder that was named, or that of the file that was."""
    return source.prefix if source.prefix.endswith("/") else source.prefix.rpartition("/")[0] + "/" * ("/" in source.prefix)


def _chosen(source: Place, names: list[str] | None, pattern: str | None) -> list[StagedFile]:
    found = source.files(pattern)
    if names is None:
        return found
    by_path = {file.relative: file for file in found}
    base = source.prefix if not source.prefix or source.prefix.endswith("/") else source.prefix + "/"
    missing = [name for name in names if base + name not in by_path]
    if missing:
        raise AccountError(91016, "22000", f"Remote file '{source.location.text}/{missing[0]}' was not found.")
    return [by_path[base + name] for name in names]


def _copy(session: Session, file: StagedFile, name: str, target: Place) -> str:
    stages = session.account.stages
    stages.incoming.mkdir(parents=True, exist_ok=True)
    body = stages.incoming / secrets.token_hex(16)
    shutil.copyfile(file.path, body)
    folder = target.prefix.rstrip("/")
    stages.place(body, target.root.folder, f"{folder}/{name}" if folder else name)
    return name
