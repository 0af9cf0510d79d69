"""What a result says after the connector has decoded it, in both formats, is what the engine held."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_local.account.syntax.types import (
    ARRAY,
    BINARY,
    BOOLEAN,
    DATE,
    INTEGER,
    OBJECT,
    REAL,
    TEXT,
    TIME,
    TIMESTAMP_LTZ,
    TIMESTAMP_NTZ,
    TIMESTAMP_TZ,
    VARIANT,
    SqlType,
)
from mlops_local.account.wire.arrow import lay_out
from mlops_local.account.wire.json_text import indent

from .reading import by_arrow, by_json, by_pandas, column_of

EPOCH = datetime(1970, 1, 1)
EVERY_TYPE = [
    INTEGER, TEXT, REAL, BOOLEAN, DATE, BINARY, TIME, TIMESTAMP_NTZ, TIMESTAMP_LTZ, TIMESTAMP_TZ, VARIANT, OBJECT, ARRAY,
]  # fmt: skip


def lists(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.none() | values, min_size=1, max_size=20)


def both(array: pa.Array, type_: SqlType) -> tuple[list[Any], list[Any]]:
    table, columns = column_of(array, type_)
    return [row[0] for row in by_arrow(table, columns)], [row[0] for row in by_json(table, columns)]


@given(lists(st.integers(-(2**63), 2**63 - 1)))
def test_whole_numbers(values: list[int | None]) -> None:
    assert both(pa.array(values, pa.int64()), INTEGER) == (values, values)


@given(lists(st.integers(-(10**38) + 1, 10**38 - 1)))
def test_whole_numbers_beyond_64_bits(values: list[int | None]) -> None:
    array = pa.array([None if v is None else Decimal(v) for v in values], pa.decimal128(38, 0))
    assert both(array, INTEGER) == (values, values)


@given(lists(st.integers(-(10**18), 10**18)), st.integers(1, 18))
def test_decimals(units: list[int | None], scale: int) -> None:
    values = [None if u is None else Decimal(u).scaleb(-scale) for u in units]
    array = pa.array(values, pa.decimal128(20, scale))
    assert both(array, SqlType("FIXED", precision=20, scale=scale)) == (values, values)


@given(lists(st.floats(allow_nan=False)))
def test_floats(values: list[float | None]) -> None:
    assert both(pa.array(values, pa.float64()), REAL) == (values, values)


@given(lists(st.booleans()))
def test_booleans(values: list[bool | None]) -> None:
    assert both(pa.array(values, pa.bool_()), BOOLEAN) == (values, values)


@given(lists(st.text()))
def test_texts(values: list[str | None]) -> None:
    values = [None if v is None else v.encode("utf-8", "ignore").decode() for v in values]
    assert both(pa.array(values, pa.string()), TEXT) == (values, values)


@given(lists(st.binary()))
def test_binaries(values: list[bytes | None]) -> None:
    assert both(pa.array(values, pa.binary()), BINARY) == (values, values)


@given(lists(st.dates()))
def test_dates(values: list[date | None]) -> None:
    assert both(pa.array(values, pa.date32()), DATE) == (values, values)


@given(lists(st.times()))
def test_times(values: list[time | None]) -> None:
    arrow, text = both(pa.array(values, pa.time64("us")), TIME)
    assert arrow == values
    # The connector reads times of JSON answers through a float.
    assert [v and v.replace(microsecond=0) for v in text] == [v and v.replace(microsecond=0) for v in values]


@given(lists(st.datetimes(datetime(1700, 1, 1), datetime(2250, 1, 1))))
def test_timestamps_in_nanoseconds(values: list[datetime | None]) -> None:
    assert both(pa.array(values, pa.timestamp("ns")), TIMESTAMP_NTZ) == (values, values)


@given(lists(st.datetimes()))
def test_timestamps_of_any_year(values: list[datetime | None]) -> None:
    assert both(pa.array(values, pa.timestamp("us")), TIMESTAMP_NTZ) == (values, values)


@given(lists(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1))), st.sampled_from([TIMESTAMP_LTZ, TIMESTAMP_TZ]))
def test_timestamps_with_zone(values: list[datetime | None], type_: SqlType) -> None:
    aware = [None if v is None else v.replace(tzinfo=UTC) for v in values]
    assert both(pa.array(aware, pa.timestamp("us", tz="UTC")), type_) == (aware, aware)


@given(
    lists(st.datetimes(datetime(1700, 1, 1), datetime(2250, 1, 1))),
    st.integers(0, 9),
    st.sampled_from(["TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ"]),
)
def test_timestamps_of_every_scale_are_cut_towards_the_past(values: list[datetime | None], scale: int, name: str) -> None:
    step = timedelta(microseconds=10 ** max(0, 6 - scale))
    expected = [None if v is None else EPOCH + (v - EPOCH) // step * step for v in values]
    arrow, text = both(pa.array(values, pa.timestamp("us")), SqlType(name, scale=scale))
    assert [v and v.replace(tzinfo=None) for v in text] == expected
    assert [v and v.replace(tzinfo=None) for v in arrow] == expected


def test_nanoseconds_survive_into_pandas() -> None:
    table, columns = column_of(pa.array([1_700_000_000_123_456_789, None], pa.timestamp("ns")), TIMESTAMP_NTZ)
    frame = by_pandas(table, columns)
    assert frame["X"][0].value == 1_700_000_000_123_456_789
    assert frame["X"].isna().tolist() == [False, True]


@pytest.mark.parametrize(("scale", "expected"), [(0, "1700000000"), (3, "1700000000.599"), (9, "1700000000.599400000")])
def test_timestamps_in_pandas_follow_the_scale(scale: int, expected: str) -> None:
    table, columns = column_of(pa.array([1_700_000_000_599_400], pa.timestamp("us")), SqlType("TIMESTAMP_TZ", scale=scale))
    assert Decimal(int(by_pandas(table, columns)["X"].astype("datetime64[ns, UTC]")[0].value)).scaleb(-9) == Decimal(expected)


def test_decimals_are_floats_in_pandas_and_integers_are_narrow() -> None:
    table = pa.table({"a": pa.array([Decimal("1.50")], pa.decimal128(10, 2)), "b": pa.array([7], pa.int64())})
    columns = [*column_of(table["a"], SqlType("FIXED", precision=10, scale=2))[1], *column_of(table["b"], INTEGER)[1]]
    laid = lay_out(table, columns)
    assert [str(field.type) for field in laid.schema] == ["int16", "int8"]
    assert str(by_pandas(table.select([0]), columns[:1])["X"].dtype) == "float64"


def test_several_pieces_and_slices_are_one_column() -> None:
    pieces = pa.chunked_array([pa.array([Decimal(1), None], pa.decimal128(38, 0)), pa.array([Decimal(3)], pa.decimal128(38, 0))])
    assert by_arrow(*column_of(pieces, INTEGER)) == [(1,), (None,), (3,)]
    assert by_arrow(*column_of(pieces.slice(1), INTEGER)) == [(None,), (3,)]


@pytest.mark.parametrize("type_", EVERY_TYPE)
def test_a_column_of_nothing_is_null_in_every_type(type_: SqlType) -> None:
    assert both(pa.nulls(3), type_) == ([None] * 3, [None] * 3)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)))
def test_indenting_changes_nothing_but_blanks(value: Any) -> None:
    text = json.dumps(value, separators=(",", ":"))
    if text[0] in "[{":
        assert indent(text) == json.dumps(value, indent=2)


def test_semistructured_values_are_shown_as_snowflake_does() -> None:
    values = ['{"a":[1,{}],"b":12345678901234567890123.10}', "[]", '"x"', None]
    expected = ['{\n  "a": [\n    1,\n    {}\n  ],\n  "b": 12345678901234567890123.10\n}', "[]", '"x"', None]
    assert both(pa.array(values), VARIANT) == (expected, expected)


def test_lists_and_structs_of_the_engine_become_json() -> None:
    assert both(pa.array([[1, None], None]), ARRAY)[0] == ["[\n  1,\n  null\n]", None]
    assert both(pa.array([{"a": date(2024, 1, 2)}]), OBJECT)[0] == ['{\n  "a": "2024-01-02"\n}']
