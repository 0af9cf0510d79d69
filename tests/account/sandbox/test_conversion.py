"""What handlers see of a Snowflake value, and what becomes of their results."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_local.account.sandbox.runtime.convert import WrongTypeError, arrow_type, from_python, to_python, zone_named
from mlops_local.account.sandbox.runtime.frames import from_series, to_frame
from mlops_local.account.syntax.types import parse_type

BERLIN = zone_named("Europe/Berlin")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
SAMPLES: dict[str, st.SearchStrategy[Any]] = {
    "NUMBER(38,0)": st.integers(-(2**63), 2**63 - 1),
    "NUMBER(12,3)": st.decimals(-(10**8), 10**8, places=3),
    "FLOAT": st.floats(allow_nan=False),
    "VARCHAR": st.text(),
    "BOOLEAN": st.booleans(),
    "BINARY": st.binary(),
    "DATE": st.dates(),
    "TIME": st.times(),
    "TIMESTAMP_NTZ": st.datetimes(),
    "TIMESTAMP_TZ": st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)),
    "ARRAY": st.lists(JSON, max_size=3),
    "OBJECT": st.dictionaries(st.text(), JSON, max_size=3),
}


@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_a_value_survives_the_way_there_and_back(type_text: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(SAMPLES[type_text] | st.none(), max_size=4))
    type = parse_type(type_text)
    array = from_python(values, type, UTC)
    assert array.type == arrow_type(type)
    assert to_python(array, type, UTC) == values


@pytest.mark.parametrize(
    ("type_text", "value", "expected"),
    [
        ("NUMBER(38,0)", 2.5, 3),
        ("NUMBER(38,0)", True, 1),
        ("NUMBER(10,2)", 1.005, Decimal("1.01")),
        ("NUMBER(10,2)", 7, Decimal("7.00")),
        ("FLOAT", 3, 3.0),
        ("FLOAT", Decimal("1.5"), 1.5),
        ("VARCHAR", 12, "12"),
        ("VARCHAR", date(2024, 2, 29), "2024-02-29"),
        ("DATE", datetime(2024, 2, 29, 13), date(2024, 2, 29)),
        ("VARIANT", {"a": float("nan"), "b": [float("inf"), 1]}, '{"a": null, "b": [null, 1]}'),
        ("VARIANT", {"d": date(2024, 1, 1), "n": Decimal("2"), "s": {2, 1}}, '{"d": "2024-01-01", "n": 2, "s": [1, 2]}'),
        ("VARIANT", pd.Series([1.0]).to_numpy()[0], "1.0"),
        ("ARRAY", pd.Series([1, 2]).to_numpy(), "[1, 2]"),
    ],
)
def test_a_near_value_is_converted(type_text: str, value: Any, expected: Any) -> None:
    assert from_python([value], parse_type(type_text), UTC).to_pylist() == [expected]


@pytest.mark.parametrize(
    ("type_text", "value"),
    [
        ("NUMBER(38,0)", "12"),
        ("NUMBER(38,0)", float("nan")),
        ("NUMBER(38,0)", 2**63),
        ("NUMBER(4,2)", 100),
        ("NUMBER(4,0)", -10_000),
        ("FLOAT", "1.0"),
        ("BOOLEAN", 1),
        ("VARCHAR", b"bytes"),
        ("VARCHAR", {"a": 1}),
        ("DATE", "2024-01-01"),
        ("DATE", 19000),
        ("TIME", 5),
        ("TIMESTAMP_NTZ", date(2024, 1, 1)),
        ("BINARY", "text"),
        ("OBJECT", [1]),
        ("ARRAY", {"a": 1}),
        ("VARIANT", object()),
    ],
)
def test_another_type_is_refused(type_text: str, value: Any) -> None:
    with pytest.raises(WrongTypeError):
        from_python([value], parse_type(type_text), UTC)


def test_whole_numbers_arrive_as_int_whatever_carries_them() -> None:
    number = parse_type("NUMBER(38,0)")
    for array in (pa.array([1, None]), pa.array([1.0, None]), pa.array([Decimal(1), None], pa.decimal128(38, 0))):
        values = to_python(array, number, UTC)
        assert values == [1, None]
        assert type(values[0]) is int


def test_local_time_has_no_zone_inside_a_handler() -> None:
    local = parse_type("TIMESTAMP_LTZ")
    moment = pa.array([datetime(2024, 7, 1, 12, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    assert to_python(moment, local, BERLIN) == [datetime(2024, 7, 1, 14)]
    assert from_python([datetime(2024, 7, 1, 14)], local, BERLIN).to_pylist() == [datetime(2024, 7, 1, 12, tzinfo=UTC)]


def test_nanoseconds_are_cut_to_what_python_has() -> None:
    array = pa.array([1_700_000_000_123_456_789], pa.timestamp("ns"))
    assert to_python(array, parse_type("TIMESTAMP_NTZ"), UTC)[0].microsecond == 123_456


def test_json_null_and_sql_null_differ() -> None:
    json_null, sql_null = to_python(pa.array(["null", None]), parse_type("VARIANT"), UTC)
    assert json_null is None
    assert sql_null.is_sql_null
    assert from_python([sql_null], parse_type("VARIANT"), UTC).to_pylist() == [None]


@pytest.mark.parametrize(
    ("type_text", "array", "dtype"),
    [
        ("INT", pa.array([1, 2]), "int64"),
        ("INT", pa.array([1, None]), "Int64"),
        ("NUMBER(5,1)", pa.array([Decimal("1.5"), None]), "float64"),
        ("FLOAT", pa.array([1.5, None]), "float64"),
        ("BOOLEAN", pa.array([True, False]), "bool"),
        ("BOOLEAN", pa.array([True, None]), "boolean"),
        ("VARCHAR", pa.array(["a", None]), "object"),
        ("DATE", pa.array([date(2024, 1, 1), None]), "datetime64[ns]"),
        ("TIMESTAMP_NTZ", pa.array([datetime(2024, 1, 1), None]), "datetime64[ns]"),
        ("TIMESTAMP_TZ", pa.array([datetime(2024, 1, 1, tzinfo=UTC)]), "datetime64[ns, UTC]"),
        ("VARIANT", pa.array(['{"a": 1}', None]), "object"),
    ],
)
def test_the_columns_of_a_frame(type_text: str, array: pa.Array, dtype: str) -> None:
    type = parse_type(type_text)
    frame = to_frame([array], [type], UTC)
    assert str(frame[0].dtype) == dtype
    assert from_series(frame[0], type, UTC).null_count == array.null_count


@pytest.mark.parametrize(
    ("type_text", "result", "expected"),
    [
        ("INT", pd.Series([1.0, float("nan")]), [1, None]),
        ("INT", pd.Series([1.5, 2.4]), [2, 2]),
        ("INT", [1, None], [1, None]),
        ("NUMBER(6,2)", pd.Series([1.25]), [Decimal("1.25")]),
        ("FLOAT", pd.Series([1, 2]), [1.0, 2.0]),
        ("BOOLEAN", pd.Series([True, False]), [True, False]),
        ("VARCHAR", pd.Series(["a", None, float("nan")]), ["a", None, None]),
        ("VARCHAR", pd.DataFrame({"x": ["a"]}), ["a"]),
        ("OBJECT", [{"a": 1}], ['{"a": 1}']),
        ("TIMESTAMP_NTZ", pd.Series(pd.to_datetime(["2024-01-01", None])), [datetime(2024, 1, 1), None]),
        ("DATE", pd.Series(pd.to_datetime(["2024-01-01"])), [date(2024, 1, 1)]),
    ],
)
def test_the_results_of_a_vectorized_handler(type_text: str, result: Any, expected: list[Any]) -> None:
    assert from_series(result, parse_type(type_text), UTC).to_pylist() == expected


@given(JSON)
def test_any_json_is_json_again(value: Any) -> None:
    text = from_python([value], parse_type("VARIANT"), UTC)[0].as_py()
    assert value is None or json.loads(text) == value


def test_a_time_is_kept_to_the_microsecond() -> None:
    exact = time(23, 59, 59, 999_999)
    assert from_python([exact], parse_type("TIME"), UTC).to_pylist() == [exact]
