"""SHOW VERSIONS, which models and datasets share.

https://docs.snowflake.com/en/sql-reference/sql/show-versions-in-model
"""

from __future__ import annotations

from mlops_local.account.reader import Reader
from mlops_local.account.result import Result
from mlops_local.account.session import Session
from mlops_local.account.statements import dataset, model
from mlops_local.account.statements.kind import Kind


def show_all(session: Session, reader: Reader) -> Result:
    """``SHOW VERSIONS [LIKE 'p'] IN {MODEL m | DATASET d}``."""
    like = reader.string() if reader.accept("LIKE") else None
    reader.expect("IN")
    owner = reader.accept_any("MODEL", "DATASET")
    if owner is None:
        raise reader.refuse()
    path = reader.path()
    reader.end()
    return (model if owner == "MODEL" else dataset).show_versions(session, path, like)


KIND = Kind("VERSION", "VERSIONS", show=show_all)
