"""Reads encoded results back with the connector's own decoders, without a server."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
from snowflake.connector.arrow_context import ArrowConverterContext
from snowflake.connector.converter import SnowflakeConverter
from snowflake.connector.cursor import ResultMetadataV2
from snowflake.connector.result_batch import ArrowResultBatch

from mlops_local.account.syntax.types import Column, SqlType
from mlops_local.account.wire.arrow import lay_out, stream
from mlops_local.account.wire.json_rows import json_rows
from mlops_local.account.wire.results import row_type


def by_arrow(table: pa.Table, columns: Sequence[Column]) -> list[tuple[Any, ...]]:
    return list(_batch(table, columns).create_iter())


def by_pandas(table: pa.Table, columns: Sequence[Column]) -> pd.DataFrame:
    return _batch(table, columns).to_pandas()


def by_json(table: pa.Table, columns: Sequence[Column]) -> list[tuple[Any, ...]]:
    converter = SnowflakeConverter()
    converter.set_parameters({"TIMEZONE": "UTC"})
    readers = [converter.to_python_method(column.type.name, row_type(column)) for column in columns]
    return [
        tuple(value if value is None or read is None else read(value) for read, value in zip(readers, row, strict=True))
        for row in json_rows(table, columns)
    ]


def column_of(array: pa.Array | pa.ChunkedArray, type_: SqlType) -> tuple[pa.Table, list[Column]]:
    return pa.table({"x": array}), [Column("X", type_)]


def _batch(table: pa.Table, columns: Sequence[Column]) -> ArrowResultBatch:
    data = base64.b64encode(stream(lay_out(table, columns))).decode()
    schema = [ResultMetadataV2.from_column(row_type(column)) for column in columns]
    context = ArrowConverterContext({"TIMEZONE": "UTC"})
    return ArrowResultBatch.from_data(data, table.num_rows, context, False, False, schema, False)
