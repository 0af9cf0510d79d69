"""Batches as the pandas data frames that vectorized handlers take and return.

https://docs.snowflake.com/en/developer-guide/udf/python/udf-python-batch
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mlops_local.account.sandbox.runtime.convert import WrongTypeError, arrow_type, from_python, to_python
from mlops_local.account.sandbox.runtime.shim import SQL_NULL
from mlops_local.account.syntax.types import SqlType


def to_frame(columns: Sequence[pa.Array], types: Sequence[SqlType], zone: tzinfo, *, flatten: bool = False) -> pd.DataFrame:
    """Columns are numbered from 0. ``flatten`` spreads one OBJECT argument over columns: the wide models' calling form."""
    if flatten:
        return pd.DataFrame([{} if text is None else json.loads(text) for text in columns[0].to_pylist()])
    series = [_series(column, type, zone) for column, type in zip(columns, types, strict=True)]
    return pd.DataFrame(dict(enumerate(series)))


def from_series(result: Any, type: SqlType, zone: tzinfo) -> pa.Array:
    """The results of one column: a series, an array, a list, a frame of one column."""
    if isinstance(result, pd.DataFrame):
        if result.shape[1] != 1:
            raise WrongTypeError(f"the handler returned {result.shape[1]} columns, declared is one of type {type.sql}")
        result = result.iloc[:, 0]
    if isinstance(result, (pd.Series, pd.api.extensions.ExtensionArray, np.ndarray)):
        return _from_array(pd.Series(result), type, zone)
    if isinstance(result, (list, tuple)):
        return from_python(result, type, zone)
    raise WrongTypeError(f"the vectorized handler returned {result.__class__.__name__}, not a series, an array or a list")


def _series(column: pa.Array, type: SqlType, zone: tzinfo) -> pd.Series:
    if type.name == "FIXED":
        return _number_series(column, type)
    if type.name == "REAL":
        return column.cast(pa.float64()).to_pandas()
    if type.name == "BOOLEAN":
        return column.to_pandas() if not column.null_count else column.to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get)
    if type.name == "DATE":
        return column.cast(pa.timestamp("ns")).to_pandas()
    if type.name.startswith("TIMESTAMP"):
        return _moment_series(column, type, zone)
    values = to_python(column, type, zone)
    return pd.Series([None if value is SQL_NULL else value for value in values], dtype=object)


def _number_series(column: pa.Array, type: SqlType) -> pd.Series:
    if type.scale:
        return column.cast(pa.float64()).to_pandas()
    whole = column.cast(pa.int64())
    return whole.to_pandas() if not whole.null_count else whole.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)


def _moment_series(column: pa.Array, type: SqlType, zone: tzinfo) -> pd.Series:
    naive = column.cast(pa.timestamp("ns", column.type.tz)).to_pandas()
    if type.name == "TIMESTAMP_NTZ":
        return naive.dt.tz_localize(None)
    aware = naive if naive.dt.tz else naive.dt.tz_localize("UTC")
    return aware.dt.tz_convert(zone).dt.tz_localize(None) if type.name == "TIMESTAMP_LTZ" else aware


def _from_array(series: pd.Series, type: SqlType, zone: tzinfo) -> pa.Array:
    if type.name in {"FIXED", "REAL"} and pd.api.types.is_numeric_dtype(series.dtype):
        return _from_numbers(pa.Array.from_pandas(series), type)
    if type.name.startswith("TIMESTAMP") and pd.api.types.is_datetime64_any_dtype(series.dtype):
        series = series.dt.floor("us")
        return from_python([None if pd.isna(v) else v.to_pydatetime() for v in series], type, zone)
    return from_python([None if _is_missing(value) else value for value in series], type, zone)


def _from_numbers(values: pa.Array, type: SqlType) -> pa.Array:
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int64())
    if type.name == "FIXED" and pa.types.is_floating(values.type):
        values = pc.round(values, ndigits=type.scale or 0, round_mode="half_towards_infinity")
    try:
        return values.cast(arrow_type(type))
    except pa.ArrowInvalid as error:
        raise WrongTypeError(f"the handler returned a number that {type.sql} cannot hold: {error}") from error


def _is_missing(value: Any) -> bool:
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))
