"""SQL fixtures: a statement under a title, and below it, as comments, what Snowflake answers.

::

    -- title: Whole numbers divide exactly
    SELECT 1 / 3 AS THIRD;
    -- THIRD NUMBER(38,6)
    -- 0.333333

A block without a title prepares the following ones. An expected failure reads ``-- error 904 invalid identifier 'NOPE'``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from mlops_local.account.errors import AccountError
from mlops_local.account.session.result import Result
from mlops_local.account.session.session import Session

FOLDER = Path(__file__).parent / "fixtures"
_TITLE = "-- title: "


@dataclass(frozen=True)
class Pair:
    """One statement and the lines that its answer has."""

    file: str
    title: str
    sql: str
    expected: tuple[str, ...]
    setup: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.file}: {self.title}"


def read_pairs() -> Iterator[Pair]:
    for path in sorted(FOLDER.glob("*.sql")):
        yield from _read(path.stem, path.read_text())


def _read(file: str, text: str) -> Iterator[Pair]:
    setup: list[str] = []
    for block in text.strip().split("\n\n"):
        lines = block.splitlines()
        title = lines[0].removeprefix(_TITLE) if lines[0].startswith(_TITLE) else ""
        statement = "\n".join(line for line in lines if not line.startswith("--")).strip().removesuffix(";")
        if title:
            expected = tuple(line[3:] for line in lines[1:] if line.startswith("--"))
            yield Pair(file, title, statement, expected, tuple(setup))
        elif statement:
            setup += statement.split(";\n")


def answer(session: Session, sql: str) -> list[str]:
    """The answer as the fixtures write it."""
    try:
        result = session.run(sql)
    except AccountError as error:
        return [f"error {error.number} {error.message.splitlines()[-1]}"]
    return [" | ".join(f"{c.name} {c.type.sql}" for c in result.columns).replace("VARCHAR(16777216)", "VARCHAR"), *_rows(result)]


def _rows(result: Result) -> Iterator[str]:
    columns = [column.to_pylist() for column in result.table.columns]
    for row in zip(*columns, strict=True):
        yield " | ".join(_shown(value) for value in row)


def _shown(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime):
        return value.isoformat(sep=" ").replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    return value.hex().upper() if isinstance(value, bytes) else str(value)
