"""Directory tables: what a stage held when it was last refreshed.

https://docs.snowflake.com/en/user-guide/data-load-dirtables
"""

from __future__ import annotations

from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.engine.engine import Connection
from mlops_local.account.errors import compilation_error
from mlops_local.account.files.stages import list_files
from mlops_local.account.session.session import Session

_TABLE = (
    "CREATE TABLE IF NOT EXISTS account.directories (object BIGINT NOT NULL, path VARCHAR NOT NULL, size BIGINT NOT NULL, "
    "md5 VARCHAR NOT NULL, modified TIMESTAMPTZ NOT NULL)"
)


def create_tables(connection: Connection) -> None:
    connection.execute(_TABLE)


def check_enabled(stage: Entry) -> None:
    if not (stage.properties.get("DIRECTORY") or {}).get("ENABLE"):
        raise compilation_error(
            2003, "42S02", f"Stage '{stage.full_name}' does not have a directory table: set DIRECTORY = (ENABLE = TRUE)."
        )


def refresh(session: Session, stage: Entry, subpath: str = "") -> list[tuple[str, str, str]]:
    """Takes over what the stage holds below a path; for each file that has changed its path, what happened, and that in words.

    Within a writing transaction of the session.
    """
    check_enabled(stage)
    stages, connection = session.account.stages, session.connection
    known = {path: md5 for path, _, md5, _ in kept(connection, stage) if path.startswith(subpath)}
    found = {file.relative: (file, stages.md5(file)) for file in list_files(stages.folder(stage), subpath)}
    connection.execute("DELETE FROM account.directories WHERE object = ? AND starts_with(path, ?)", [stage.id, subpath])
    for path, (file, md5) in found.items():
        values = [stage.id, path, file.size, md5, file.modified]
        connection.execute("INSERT INTO account.directories VALUES (?, ?, ?, ?, ?)", values)
    told = [(path, "UNREGISTERED", "File removed from the directory.") for path in known if path not in found]
    for path, (_, md5) in found.items():
        if path not in known:
            told.append((path, "REGISTERED_NEW", "File registered successfully."))
        elif known[path] != md5:
            told.append((path, "REGISTERED_UPDATE", "File registered successfully."))
    return sorted(told)


def kept(connection: Connection, stage: Entry) -> list[tuple[Any, ...]]:
    query = "SELECT path, size, md5, modified FROM account.directories WHERE object = ? ORDER BY path"
    return connection.fetch(query, [stage.id])
