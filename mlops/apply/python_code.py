"""What CREATE FUNCTION and CREATE PROCEDURE have in common."""

from __future__ import annotations

from collections.abc import Iterable

from mlops.definitions import Column
from mlops.names import literal, quote


def arguments(columns: Iterable[Column]) -> str:
    return ", ".join(f"{quote(column.name)} {column.type}" for column in columns)


def import_clauses(runtime: str, packages: Iterable[str], place: str) -> str:
    wanted = ", ".join(literal(package) for package in packages)
    # A clause without any package is none that Snowflake describes.
    clause = f"PACKAGES = ({wanted}) " if wanted else ""
    return f"RUNTIME_VERSION = {literal(runtime)} {clause}IMPORTS = ({place})"
