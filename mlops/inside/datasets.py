"""Versions of a Dataset: whose they are. Only what a run of ours has left, killed before it was recorded, is taken away.

https://docs.snowflake.com/en/developer-guide/snowflake-ml/dataset
"""

from __future__ import annotations

from snowflake.ml.dataset import Dataset

from mlops.datasets import read_versions
from mlops.errors import AccountError
from mlops.inside.place import Place
from mlops.marks import read_mark
from mlops.names import Name, identifier


def open_version(place: Place, name: Name, version: str) -> Dataset:
    if version not in read_versions(place.session, name):
        raise AccountError(f"Version {version} of dataset {name} is not in the account: apply its training set first.")
    return Dataset.load(place.session, client_name(name)).select_version(version)


def drop_begun(place: Place, name: Name, version: str, run: str) -> None:
    """What this very run has left: a version says whose it is by the statement that makes it."""
    comment = read_versions(place.session, name).get(version)
    if comment is None:
        return
    mark = read_mark(comment)
    if mark is None or mark.run != run:
        raise AccountError(
            f"Version {version} of dataset {name}, which run {run} is to make, is there, and somebody else has made it: "
            "nothing of others is taken away, so drop it yourself if nobody needs it, and run again."
        )
    Dataset.load(place.session, client_name(name)).delete_version(version)


def client_name(name: Name) -> str:
    """As the clients of Datasets and of the Feature Store read it."""
    return ".".join(identifier(part) for part in (name.database, name.schema, name.name))
