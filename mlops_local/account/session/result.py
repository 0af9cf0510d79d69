"""What a statement answers: columns with Snowflake types, and rows as an Arrow table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import pyarrow as pa

from mlops_local.account.syntax.types import (
    BOOLEAN,
    INTEGER,
    REAL,
    TEXT,
    TIMESTAMP_LTZ,
    Column,
    SqlType,
)


class StatementType(IntEnum):
    """``statementTypeId`` of an answer; the connector takes 0x3000-0x3600 for DML and reads the count from the row."""

    SELECT = 0x1000
    DML = 0x3000
    INSERT = 0x3100
    UPDATE = 0x3200
    DELETE = 0x3300
    MERGE = 0x3400
    MULTI_INSERT = 0x3500
    COPY = 0x3600
    UNLOAD = 0x3700
    SCL = 0x4000
    SHOW = 0x4300
    DESCRIBE = 0x4500
    TCL = 0x5000
    DDL = 0x6000
    CALL = 0x7000
    MULTI = 0xA000


@dataclass(frozen=True)
class Result:
    """The answer to one statement.

    ``table`` has one Arrow column per entry of ``columns``, in order; its field names do not count. ``as_json``
    answers go out row by row (SHOW, DDL and DML, as Snowflake does), the others as Arrow. ``transfer`` is the extra
    ``data`` of a PUT or GET answer, which the client reads instead of rows.
    """

    columns: tuple[Column, ...]
    table: pa.Table
    type: StatementType = StatementType.SELECT
    as_json: bool = False
    transfer: dict[str, Any] | None = None

    @property
    def row_count(self) -> int:
        return int(self.table.num_rows)


ARROW: dict[str, pa.DataType] = {
    "TEXT": pa.string(),
    "REAL": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIME": pa.time64("ns"),
    "BINARY": pa.binary(),
    "TIMESTAMP_NTZ": pa.timestamp("ns"),
    "TIMESTAMP_LTZ": pa.timestamp("us", tz="UTC"),
    "TIMESTAMP_TZ": pa.timestamp("us", tz="UTC"),
    "VARIANT": pa.string(),
    "OBJECT": pa.string(),
    "ARRAY": pa.string(),
}


def arrow_type(type_: SqlType) -> pa.DataType:
    """The Arrow type that rows made by the account itself (SHOW, status) are built with."""
    if type_.name == "FIXED":
        return pa.int64() if not type_.scale else pa.decimal128(type_.precision or 38, type_.scale)
    return ARROW[type_.name]


def rows(columns: Sequence[Column], values: Iterable[Sequence[Any]], *, type_: StatementType = StatementType.SHOW) -> Result:
    """A small result made by the account itself: SHOW, DESCRIBE and the like."""
    listed = list(values)
    arrays = [pa.array([row[i] for row in listed], type=arrow_type(column.type)) for i, column in enumerate(columns)]
    table = pa.Table.from_arrays(arrays, names=[str(i) for i in range(len(columns))])
    return Result(tuple(columns), table, type_, as_json=True)


def status(message: str, *, type_: StatementType = StatementType.DDL) -> Result:
    """One row, one column ``status``: what DDL answers. snowflake-ml checks that it is exactly that."""
    return rows([Column("status", TEXT, nullable=False)], [[message]], type_=type_)


SUCCEEDED = "Statement executed successfully."


def counts(type_: StatementType, **numbers: int) -> Result:
    """What DML answers: ``counts(StatementType.UPDATE, rows_updated=3)`` -> column ``number of rows updated``."""
    columns = [Column("number of " + key.replace("_", " "), INTEGER, nullable=False) for key in numbers]
    return rows(columns, [list(numbers.values())], type_=type_)


__all__ = [
    "BOOLEAN",
    "INTEGER",
    "REAL",
    "SUCCEEDED",
    "TEXT",
    "TIMESTAMP_LTZ",
    "Column",
    "Result",
    "SqlType",
    "StatementType",
    "arrow_type",
    "counts",
    "rows",
    "status",
]
