"""Results as users of the real connector get them: rows, data frames, batches, of every type and of any size."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from snowflake.connector import DictCursor, SnowflakeConnection

from mlops_local.account.account import Account
from mlops_local.account.clock import TestClock
from mlops_local.account.wire.server import Server

from .conftest import NEW_YEAR, Connect, Key, account_of

COLUMNS: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "I": ("number(38,0)", st.integers(-(2**62), 2**62)),
    "N": ("number(18,4)", st.integers(-(10**15), 10**15).map(lambda units: Decimal(units).scaleb(-4))),
    "F": ("float", st.floats(allow_nan=False, allow_infinity=False)),
    "S": ("varchar", st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))),
    "B": ("boolean", st.booleans()),
    "D": ("date", st.dates(date(1900, 1, 1), date(2200, 1, 1))),
    "T": ("time", st.times()),
    "TS": ("timestamp_ntz", st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))),
    "X": ("binary", st.binary(max_size=50)),
}
CREATE = f"create or replace table E ({', '.join(f'{name} {type_}' for name, (type_, _) in COLUMNS.items())})"
LARGE = 2**18


@pytest.fixture(scope="module")
def account(key: Key) -> Iterator[Account]:
    """One for all tests of this file: every test signs in anew."""
    with account_of(TestClock(NEW_YEAR), key) as opened:
        yield opened


@pytest.fixture(scope="module")
def server(account: Account) -> Iterator[Server]:
    with Server(account) as running:
        yield running


@pytest.fixture
def connection(connect: Connect) -> SnowflakeConnection:
    return connect(paramstyle="qmark")


@pytest.fixture
def every_type(connection: SnowflakeConnection) -> SnowflakeConnection:
    connection.cursor().execute(CREATE)
    return connection


@pytest.fixture
def large(connection: SnowflakeConnection) -> SnowflakeConnection:
    """A table of 262,144 rows of 33 bytes or so."""
    cursor = connection.cursor()
    cursor.execute("create or replace table L (A int, B varchar, C float)")
    cursor.execute("insert into L values (0, 'a text of some length', 0.5)")
    for doubling in range(18):
        cursor.execute(f"insert into L select A + {2**doubling}, B, C + {2**doubling} from L")
    return connection


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.tuples(*(st.none() | strategy for _, strategy in COLUMNS.values())))
def test_bound_values_come_back_as_they_were(every_type: SnowflakeConnection, row: tuple[Any, ...]) -> None:
    cursor = every_type.cursor()
    cursor.execute(CREATE)
    bound = [("TIMESTAMP_NTZ", value) if isinstance(value, datetime) else value for value in row]
    cursor.execute(f"insert into E values ({', '.join('?' * len(row))})", bound)
    assert cursor.execute("select * from E").fetchall() == [row]


def test_columns_are_described_as_snowflake_does(every_type: SnowflakeConnection) -> None:
    cursor = every_type.cursor()
    cursor.execute("select * from E")
    described = {column.name: column for column in cursor.description}
    assert [described[name].type_code for name in COLUMNS] == [0, 0, 1, 2, 13, 3, 12, 8, 11]
    assert (described["N"].precision, described["N"].scale) == (18, 4)
    assert (described["S"].internal_size, described["TS"].scale) == (16_777_216, 9)
    assert cursor.fetchall() == []
    assert cursor.execute("select * from E").fetch_pandas_all().shape == (0, len(COLUMNS))


def test_rows_by_name(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor(DictCursor)
    assert cursor.execute("""select 1 as A, 'x' as "b" """).fetchall() == [{"A": 1, "b": "x"}]


def test_a_large_result_comes_in_chunks(large: SnowflakeConnection) -> None:
    cursor = large.cursor()
    cursor.execute("select A, B, C from L order by A")
    assert len(cursor.get_result_batches()) > 2
    assert cursor.rowcount == LARGE
    total = 0
    for place, (number, text, half) in enumerate(cursor):
        assert (number, text, half) == (place, "a text of some length", place + 0.5)
        total += 1
    assert total == LARGE


def test_a_large_result_as_data_frames(large: SnowflakeConnection) -> None:
    cursor = large.cursor()
    frame = cursor.execute("select A, C from L order by A").fetch_pandas_all()
    assert frame["A"].tolist() == list(range(LARGE))
    assert sum(len(batch) for batch in cursor.execute("select * from L").fetch_pandas_batches()) == LARGE


def test_a_chunk_needs_its_address(server: Server, large: SnowflakeConnection) -> None:
    batch = large.cursor().execute("select * from L").get_result_batches()[1]
    url = batch._remote_chunk_info.url
    assert requests.get(url, timeout=10).status_code == 200
    assert requests.get(url.rsplit("/", 1)[0] + "/999", timeout=10).status_code == 404
    assert requests.get(f"{server.base_url}/chunks/guessed/0", timeout=10).status_code == 404


def test_a_reader_that_stops_half_way_does_not_keep_others_from_their_chunks(large: SnowflakeConnection) -> None:
    urls = [batch._remote_chunk_info.url for batch in large.cursor().execute("select * from L").get_result_batches()[1:]]
    with requests.get(urls[0], stream=True, timeout=10) as stopped:
        assert stopped.status_code == 200
        assert requests.get(urls[-1], timeout=10).status_code == 200


@pytest.fixture
def as_json(connection: SnowflakeConnection) -> SnowflakeConnection:
    connection.cursor().execute("alter session set PYTHON_CONNECTOR_QUERY_RESULT_FORMAT = 'JSON'")
    return connection


def test_rows_as_json_when_the_client_asks(as_json: SnowflakeConnection) -> None:
    cursor = as_json.cursor()
    cursor.execute("select 1 as A, true as B, null as C, '2024-01-02'::date as D, 1.50::number(10,2) as N")
    assert cursor._query_result_format == "json"
    assert cursor.fetchall() == [(1, True, None, date(2024, 1, 2), Decimal("1.50"))]


def test_instants_come_back_in_utc(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    cursor.execute("create table Z (A timestamp_ltz)")
    moment = datetime(2024, 7, 1, 12, tzinfo=UTC)
    cursor.execute("insert into Z values (?)", [("TIMESTAMP_LTZ", moment)])
    cursor.execute("alter session set TIMEZONE = 'UTC'")
    [(shown,)] = cursor.execute("select A from Z").fetchall()
    assert shown == moment
    assert shown.utcoffset() == timedelta(0)


def test_show_answers_are_rows_with_moments(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor(DictCursor)
    [row] = cursor.execute("show databases like 'D'").fetchall()
    assert row["created_on"] == datetime(2026, 1, 1, tzinfo=UTC)


def test_time_of_day_is_kept_to_the_microsecond(connection: SnowflakeConnection) -> None:
    moment = time(23, 59, 59, 999999)
    assert connection.cursor().execute("select ?::time", (moment,)).fetchall() == [(moment,)]
