"""Bound arrays as rows: one Arrow table for all of them, so that executemany is one statement.

https://docs.snowflake.com/en/developer-guide/python-connector/python-connector-example#binding-data
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from mlops_local.account.errors import compilation_error, unsupported
from mlops_local.account.session.binding import replace_spans
from mlops_local.account.session.session import Bind
from mlops_local.account.sql.context import Context
from mlops_local.account.syntax.lexer import tokenize
from mlops_local.account.syntax.names import text_constant
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import (
    BOOLEAN,
    DATE,
    REAL,
    TEXT,
    TIME,
    TIMESTAMP_LTZ,
    TIMESTAMP_NTZ,
    TIMESTAMP_TZ,
    Column,
    SqlType,
)

_TYPES: dict[str, SqlType] = {
    "TEXT": TEXT,
    "FIXED": TEXT,
    "REAL": REAL,
    "BOOLEAN": BOOLEAN,
    "DATE": DATE,
    "TIME": TIME,
    "TIMESTAMP_NTZ": TIMESTAMP_NTZ,
    "TIMESTAMP_LTZ": TIMESTAMP_LTZ,
    "TIMESTAMP_TZ": TIMESTAMP_TZ,
    "BINARY": TEXT,
    "VARIANT": TEXT,
    "OBJECT": TEXT,
    "ARRAY": TEXT,
}
_WRAPPED = {"VARIANT": "PARSE_JSON({})", "OBJECT": "PARSE_JSON({})::OBJECT", "ARRAY": "PARSE_JSON({})::ARRAY"}
_DAY_IN_MILLISECONDS = 86_400_000


def bound_rows(context: Context, items: str, arrays: Sequence[Bind]) -> str:
    """The text of a query that answers one row per bound row; ``items`` is what stands in the parentheses of VALUES."""
    marks = [token for token in tokenize(items) if token.kind == "mark" and token.text == "?"]
    if len(marks) != len(arrays):
        raise compilation_error(
            2049, "42601", f"Bind variables: the statement has {len(marks)} marks, {len(arrays)} values came."
        )
    columns = [Column(f"BIND{i}", _type(bind)) for i, bind in enumerate(arrays)]
    table = pa.table({str(i): _array(bind) for i, bind in enumerate(arrays)})
    name = context.name(context.register(table, columns))
    shown = [_WRAPPED.get(bind.type.upper(), "{}").format(f"BIND{i}") for i, bind in enumerate(arrays)]
    text = replace_spans(items, [(mark.start, mark.end, new) for mark, new in zip(marks, shown, strict=True)])
    return f"SELECT {text} FROM TABLE(SYSTEM$RELATION('{name}'))"


def staged_rows(text: str, stage: str) -> str:
    """``INSERT INTO t .. VALUES (?, ..)`` as a query over the CSV files of a stage, which hold a row of texts per bound row."""
    tokens = tokenize(text)
    start = next((i for i, token in enumerate(tokens) if token.upper == "VALUES"), None)
    if start is None or tokens[0].upper != "INSERT":
        raise unsupported("binding from a stage other than to INSERT .. VALUES")
    reader = Reader(text[tokens[start].end :])
    items = reader.parenthesised()
    reader.end()
    marks = [token for token in tokenize(items) if token.kind == "mark" and token.text == "?"]
    columns = replace_spans(items, [(mark.start, mark.end, f"${i}") for i, mark in enumerate(marks, start=1)])
    return f"{text[: tokens[start].start]}SELECT {columns} FROM {text_constant(stage)}"


def _type(bind: Bind) -> SqlType:
    if bind.type.upper() not in _TYPES:
        raise unsupported(f"binding of type {bind.type}")
    return _TYPES[bind.type.upper()]


def _array(bind: Bind) -> pa.Array:
    values = bind.value if isinstance(bind.value, list) else [bind.value]
    kind = bind.type.upper()
    if kind == "REAL":
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if kind == "BOOLEAN":
        return pa.array([None if value is None else value.lower() in {"true", "1"} for value in values], pa.bool_())
    if kind == "DATE":
        return pa.array([None if value is None else int(value) // _DAY_IN_MILLISECONDS for value in values], pa.int32()).cast(
            pa.date32()
        )
    if kind == "TIME":
        return _numbers(values).cast(pa.time64("ns"))
    if kind == "TIMESTAMP_NTZ":
        return _numbers(values).cast(pa.timestamp("ns"))
    if kind.startswith("TIMESTAMP"):
        return _numbers(values).cast(pa.timestamp("ns", tz="UTC"))
    return pa.array(values, pa.string())


def _numbers(values: Sequence[str | None]) -> pa.Array:
    """Nanoseconds; the offset that a TIMESTAMP_TZ carries behind a blank does not change the moment."""
    return pa.array([None if value is None else int(value.split(" ")[0]) for value in values], pa.int64())
