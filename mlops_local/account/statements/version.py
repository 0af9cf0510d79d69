"""SHOW VERSIONS, of datasets and of models.

https://docs.snowflake.com/en/sql-reference/sql/show-versions-in-dataset
https://docs.snowflake.com/en/sql-reference/sql/show-versions-in-model
"""

from __future__ import annotations

from mlops_local.account.session.result import Result
from mlops_local.account.session.session import Session
from mlops_local.account.statements import dataset, model
from mlops_local.account.statements.kind import Kind
from mlops_local.account.syntax.reader import Reader


def show_all(session: Session, reader: Reader) -> Result:
    """``SHOW VERSIONS [LIKE 'p'] IN {DATASET | MODEL} name``."""
    like = reader.string() if reader.accept("LIKE") else None
    reader.expect("IN")
    of_dataset = reader.accept("DATASET")
    if not of_dataset:
        reader.expect("MODEL")
    path = reader.path()
    reader.end()
    if of_dataset:
        return dataset.show_versions(session, path, like)
    return model.show_versions(session, path, like)


KIND = Kind("VERSION", "VERSIONS", show=show_all)
