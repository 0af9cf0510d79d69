"""The query history, and what the warehouses have worked, measured by the account's clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from snowflake.connector import ProgrammingError, SnowflakeConnection

from mlops_local.account.account import Account
from mlops_local.account.clock import TestClock
from mlops_local.account.errors import AccountError
from mlops_local.account.history.query_history import query_type
from mlops_local.account.session.session import Session

Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select 1", "SELECT"),
        ("-- a comment\n/* and another */ WITH A AS (SELECT 1) SELECT * FROM A", "SELECT"),
        ("CREATE OR REPLACE TRANSIENT TABLE T (A INT)", "CREATE_TABLE"),
        ("CREATE TABLE T AS (SELECT 1 AS A)", "CREATE_TABLE_AS_SELECT"),
        ("CREATE SECURE VIEW V AS SELECT 1", "CREATE_VIEW"),
        ("CREATE WAREHOUSE W", "CREATE"),
        ("ALTER SESSION SET QUERY_TAG = 'x'", "ALTER_SESSION"),
        ("ALTER TABLE T ADD COLUMN B INT", "ALTER"),
        ("COPY INTO T FROM @ST", "COPY"),
        ("COPY INTO @ST FROM T", "UNLOAD"),
        ("INSERT ALL INTO T SELECT 1", "MULTI_TABLE_INSERT"),
        ("PUT file:///f @ST", "PUT_FILES"),
        ("BEGIN", "BEGIN_TRANSACTION"),
        ("BEGIN RETURN 1; END", "CALL"),
        ("", ""),
    ],
)
def test_statements_have_snowflakes_types(text: str, expected: str) -> None:
    assert query_type(text) == expected


def test_a_statement_is_found_by_session_user_and_warehouse(ask: Ask, client: SnowflakeConnection) -> None:
    ask("ALTER SESSION SET QUERY_TAG = 'found'")
    ask("CREATE TABLE T AS SELECT 1 AS A UNION ALL SELECT 2")
    ask("SELECT A FROM T")
    query_id = ask("SELECT LAST_QUERY_ID()")[0][0]
    with pytest.raises(ProgrammingError):
        ask("SELECT NOTHING FROM T")
    ask("ALTER SESSION UNSET QUERY_TAG")
    for function in (
        "QUERY_HISTORY(RESULT_LIMIT => 1000)",
        "QUERY_HISTORY_BY_SESSION()",
        "QUERY_HISTORY_BY_USER(USER_NAME => 'ADMIN', RESULT_LIMIT => 1000)",
        "QUERY_HISTORY_BY_WAREHOUSE(WAREHOUSE_NAME => 'SHARED_WH', RESULT_LIMIT => 1000)",
    ):
        rows = ask(
            "SELECT QUERY_TYPE, EXECUTION_STATUS, ROWS_PRODUCED, WAREHOUSE_SIZE, TOTAL_ELAPSED_TIME >= 0, BYTES_WRITTEN_TO_RESULT > 0 "
            f"FROM TABLE(INFORMATION_SCHEMA.{function}) WHERE QUERY_TAG = 'found' AND SESSION_ID = CURRENT_SESSION() "
            "AND QUERY_ID = %s",
            (query_id,),
        )
        assert rows == [("SELECT", "SUCCESS", 2, "X-Small", True, True)], function
    found = ask(
        "SELECT QUERY_TYPE, EXECUTION_STATUS, ERROR_CODE FROM SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY "
        "WHERE QUERY_TAG = 'found' AND EXECUTION_STATUS = 'FAIL'"
    )
    assert found == [("SELECT", "FAIL", "000904")]


@pytest.mark.parametrize("function", ["QUERY_HISTORY(RESULT_LIMIT => 0)", "QUERY_HISTORY(NONSENSE => 1)", "QUERY_HISTORY(1)"])
def test_arguments_are_checked(ask: Ask, function: str) -> None:
    with pytest.raises(ProgrammingError, match=r"RESULT_LIMIT|Unsupported"):
        ask(f"SELECT * FROM TABLE(INFORMATION_SCHEMA.{function})")


START = datetime(2026, 1, 1, 10, 59, tzinfo=UTC)


@pytest.fixture
def clock() -> TestClock:
    return TestClock(START)


@pytest.fixture
def session(clock: TestClock) -> Iterator[Session]:
    with Account.open(None, clock=clock) as account:
        opened = account.open_session("ADMIN", role="ACCOUNTADMIN")
        opened.run("CREATE WAREHOUSE W WAREHOUSE_SIZE = 'MEDIUM'")
        yield opened
        opened.close()


def add(session: Session, start: datetime, seconds: float, type_: str = "SELECT") -> None:
    """A statement of the warehouse that ran then, as the history would have it."""
    with session.transaction(write=True):
        session.connection.execute(
            "INSERT INTO account.query_history (query_id, query_type, user_name, warehouse_name, start_time, end_time) "
            "VALUES ('x', ?, 'ADMIN', 'W', ?, ?)",
            [type_, start, start + timedelta(seconds=seconds)],
        )


def metered(session: Session) -> list[tuple[Any, ...]]:
    text = "SELECT START_TIME, WAREHOUSE_NAME, CREDITS_USED_COMPUTE FROM SNOWFLAKE.ACCOUNT_USAGE.WAREHOUSE_METERING_HISTORY ORDER BY 1"
    return [tuple(row.values()) for row in session.run(text).table.to_pylist()]


def test_credits_are_those_of_the_seconds_in_which_statements_ran(session: Session, clock: TestClock) -> None:
    add(session, START, 90)
    add(session, START + timedelta(seconds=30), 30)
    add(session, START, 1000, "ALTER")
    clock.advance(timedelta(hours=2))
    session.run("ALTER WAREHOUSE W SET WAREHOUSE_SIZE = LARGE")
    add(session, START + timedelta(hours=2), 36)
    hour = START.replace(minute=0)
    assert metered(session) == [
        (hour, "W", pytest.approx(60 * 4 / 3600)),
        (hour + timedelta(hours=1), "W", pytest.approx(30 * 4 / 3600)),
        (hour + timedelta(hours=2), "W", pytest.approx(36 * 8 / 3600)),
    ]


def test_only_administrators_see_the_account_and_others_see_their_own(session: Session) -> None:
    session.run("CREATE USER OTHER")
    session.run("SELECT 1")
    other = session.account.open_session("OTHER")
    with pytest.raises(AccountError, match="does not exist or not authorized"):
        other.run("SELECT * FROM SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY")
    other.run("SELECT 2")
    session.run("CREATE DATABASE D")
    session.run("GRANT USAGE ON DATABASE D TO ROLE PUBLIC")
    shown = other.run("SELECT DISTINCT USER_NAME FROM TABLE(D.INFORMATION_SCHEMA.QUERY_HISTORY())").table.to_pylist()
    assert [list(row.values()) for row in shown] == [["OTHER"]]
    other.close()


def test_warehouses_keep_their_settings(session: Session) -> None:
    session.run("ALTER WAREHOUSE W SET AUTO_SUSPEND = NULL MAX_CLUSTER_COUNT = 3 SCALING_POLICY = ECONOMY COMMENT = 'c'")
    session.run("ALTER WAREHOUSE W RENAME TO W2")
    [row] = session.run("SHOW WAREHOUSES LIKE 'W2'").table.to_pylist()
    values = list(row.values())
    assert (values[3], values[5], values[11], values[-2]) == ("Medium", 3, 0, "ECONOMY")
    session.run("ALTER WAREHOUSE UNSET COMMENT, MAX_CLUSTER_COUNT")
    [row] = session.run("SHOW WAREHOUSES LIKE 'W2'").table.to_pylist()
    assert list(row.values())[5] == 1
    for text in ("SET WAREHOUSE_SIZE = HUGE", "SET WAREHOUSE_TYPE = FAST", "SET AUTO_SUSPEND = -1", "SET NONSENSE = 1"):
        with pytest.raises(AccountError, match=r"invalid value|unexpected|SET of no"):
            session.run(f"ALTER WAREHOUSE W2 {text}")
