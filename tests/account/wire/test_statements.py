"""Statements as the real connector sends them: once, several at a time, in the background, slow, aborted, refused."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from snowflake.connector import SnowflakeConnection
from snowflake.connector.constants import QueryStatus
from snowflake.connector.errors import DatabaseError, IntegrityError, OperationalError, ProgrammingError

from mlops_local.account.account import Account
from mlops_local.account.clock import TestClock
from mlops_local.account.wire.server import Server

from .conftest import NEW_YEAR, Connect, Key, account_of, until


@pytest.fixture(scope="module")
def account(key: Key) -> Iterator[Account]:
    """One for all tests of this file: every test signs in anew."""
    with account_of(TestClock(NEW_YEAR), key) as opened:
        yield opened


@pytest.fixture(scope="module")
def server(account: Account) -> Iterator[Server]:
    with Server(account, answer_seconds=0.2) as running:
        yield running


@pytest.fixture
def connection(connect: Connect) -> SnowflakeConnection:
    connection = connect(paramstyle="qmark")
    connection.cursor().execute("create or replace table T (A int, B varchar)")
    return connection


@pytest.fixture
def writer(connect: Connect, connection: SnowflakeConnection) -> SnowflakeConnection:
    """Holds the right to write: other sessions' writes wait until it commits."""
    blocking = connect()
    blocking.cursor().execute("begin")
    blocking.cursor().execute("insert into T values (0, 'first')")
    return blocking


@pytest.fixture
def background() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def count(connection: SnowflakeConnection) -> int:
    return int(connection.cursor().execute("select count(*) from T").fetchall()[0][0])


def test_dml_tells_how_many_rows(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    assert cursor.execute("insert into T values (1, 'x'), (2, null)").rowcount == 2
    assert cursor.execute("update T set B = 'y' where A = 2").rowcount == 1
    assert cursor.execute("delete from T").rowcount == 2
    assert uuid.UUID(cursor.sfqid)


def test_a_refusal_carries_number_state_and_query_id(connection: SnowflakeConnection) -> None:
    with pytest.raises(ProgrammingError, match="does not exist or not authorized") as refusal:
        connection.cursor().execute("select * from NOPE")
    assert (refusal.value.errno, refusal.value.sqlstate) == (2003, "42S02")
    assert uuid.UUID(refusal.value.sfqid)


def test_use_moves_the_client_too(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    cursor.execute("create database OTHER")
    cursor.execute("use schema D.PUBLIC")
    assert (connection.database, connection.schema) == ("D", "PUBLIC")
    cursor.execute("use database OTHER")
    cursor.execute("use role SYSADMIN")
    assert (connection.database, connection.role) == ("OTHER", "SYSADMIN")


def test_describing_runs_nothing(connection: SnowflakeConnection) -> None:
    described = connection.cursor().describe('select A, B as "b" from T')
    assert [(column.name, column.type_code) for column in described] == [("A", 0), ("b", 2)]
    connection.cursor().describe("insert into T values (1, 'x')")
    assert count(connection) == 0


def test_two_statements_need_to_be_announced(connection: SnowflakeConnection) -> None:
    with pytest.raises(ProgrammingError, match="Actual statement count 2 did not match the desired statement count 1") as refusal:
        connection.cursor().execute("insert into T values (1, 'x'); select 1")
    assert refusal.value.errno == 8
    with pytest.raises(ProgrammingError, match="Actual statement count 2 did not match the desired statement count 3"):
        connection.cursor().execute("insert into T values (1, 'x'); select 1", num_statements=3)
    assert count(connection) == 0


@pytest.mark.parametrize("announced", [0, 3])
def test_several_statements_answer_one_by_one(connection: SnowflakeConnection, announced: int) -> None:
    cursor = connection.cursor()
    cursor.execute("insert into T values (1, 'x;y'); select A, B from T; select 'last'", num_statements=announced)
    assert cursor.rowcount == 1
    assert cursor.nextset()
    assert cursor.fetchall() == [(1, "x;y")]
    assert cursor.nextset()
    assert cursor.fetchall() == [("last",)]
    assert not cursor.nextset()


def test_several_statements_share_the_values_in_order(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    cursor.execute("insert into T values (?, ?); select B from T where A = ?", (1, "x", 1), num_statements=2)
    cursor.nextset()
    assert cursor.fetchall() == [("x",)]


def test_several_statements_stop_at_the_first_that_fails(connection: SnowflakeConnection) -> None:
    with pytest.raises(ProgrammingError, match="NOPE"):
        connection.cursor().execute("insert into T values (1, 'x'); select * from NOPE; delete from T", num_statements=0)
    assert count(connection) == 1


def test_values_are_bound_by_type(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    assert cursor.execute("select ?, ?, ?", (1, "it's", None)).fetchall() == [(1, "it's", None)]


def test_many_rows_are_bound_in_one_request(connection: SnowflakeConnection) -> None:
    rows = [(i, None if i % 7 == 0 else f"b{i}") for i in range(5_000)]
    cursor = connection.cursor()
    cursor.executemany("insert into T values (?, ?)", rows)
    assert cursor.rowcount == 5_000
    assert cursor.execute("select A, B from T order by A").fetchall() == rows


def test_very_many_rows_are_bound_by_way_of_a_stage(connection: SnowflakeConnection) -> None:
    """Above the session's threshold, the connector puts the rows into a stage first."""
    moment = datetime(2026, 1, 2, 3, 4, 5, 678000)
    odd = [(0, None, None, None), (1, "", 1.5, moment), (2, 'a "b", c\nd', -0.25, moment), (3, "back\\slash", 1e300, None)]
    rows = [*odd, *((i, f"b{i}", float(i), moment) for i in range(4, 20_000))]
    cursor = connection.cursor()
    cursor.execute("create or replace table MANY (A int, B varchar, C float, D timestamp_ntz)")
    cursor.executemany("insert into MANY (A, B, C, D) values (?, ?, ?, ?)", rows)
    assert cursor.rowcount == 20_000
    assert [row[0] for row in cursor.execute("show stages").fetchall() if "BIND" in row[1]]
    assert cursor.execute("select A, B, C, D from MANY order by A").fetchall() == rows


def test_parameters_of_a_statement_hold_for_it_alone(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    cursor.execute("alter session set query_tag = 'session'")
    cursor.execute("select 'tagged'", _statement_params={"QUERY_TAG": "mine", "SOMETHING_OF_A_DRIVER": "x"})
    cursor.execute("select 'several'; select 'more'", _statement_params={"QUERY_TAG": "ours"}, num_statements=2)
    with pytest.raises(ProgrammingError) as refusal:
        cursor.execute("select system$wait(30)", _statement_params={"STATEMENT_TIMEOUT_IN_SECONDS": 1})
    assert refusal.value.errno == 630
    told = cursor.execute(
        "select query_text, query_tag from table(information_schema.query_history_by_session()) order by start_time desc"
    ).fetchall()
    tags = dict(reversed(told))
    assert [tags[text] for text in ("select 'tagged'", "select 'several'", "select 'more'")] == ["mine", "ours", "ours"]
    assert cursor.execute("show parameters like 'query_tag' in session").fetchone()[1] == "session"


def test_another_session_of_the_user_fetches_the_answer(connect: Connect, connection: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    cursor.execute_async("select 'mine'")
    other = connect().cursor()
    other.get_results_from_sfqid(cursor.sfqid)
    assert other.fetchall() == [("mine",)]


def test_session_parameters_are_set_at_sign_in_and_kept_alive(connect: Connect) -> None:
    connection = connect(session_parameters={"QUERY_TAG": "from the start"}, client_session_keep_alive=True)
    shown = connection.cursor().execute("show parameters like 'query_tag' in session").fetchone()
    assert shown is not None
    assert shown[1] == "from the start"
    assert connection.rest._heartbeat()["success"]
    with pytest.raises(DatabaseError, match="invalid value"):
        connect(session_parameters={"STATEMENT_TIMEOUT_IN_SECONDS": "soon"})


def test_an_address_where_nobody_listens_is_told(connect: Connect) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(OperationalError):
            connect(port=unused.getsockname()[1], login_timeout=1)


def test_a_background_statement_is_followed_and_fetched(connection: SnowflakeConnection, writer: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    cursor.execute_async("insert into T values (1, 'x')")
    query_id = cursor.sfqid
    assert connection.get_query_status(query_id) == QueryStatus.RUNNING
    writer.commit()
    until(lambda: connection.get_query_status(query_id) == QueryStatus.SUCCESS)
    cursor.get_results_from_sfqid(query_id)
    assert cursor.fetchall() == [(1,)]


def test_a_background_failure_is_told_with_its_number(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    cursor.execute_async("select * from NOPE")
    until(lambda: connection.get_query_status(cursor.sfqid) == QueryStatus.FAILED_WITH_ERROR)
    with pytest.raises(ProgrammingError, match="NOPE") as refusal:
        connection.get_query_status_throw_if_error(cursor.sfqid)
    assert refusal.value.errno == 2003


def test_an_unknown_statement_has_no_status_and_no_result(connection: SnowflakeConnection) -> None:
    unknown = str(uuid.uuid4())
    assert connection.get_query_status(unknown) == QueryStatus.NO_DATA
    with pytest.raises(DatabaseError) as refusal:
        connection.cursor().query_result(unknown)
    assert refusal.value.errno == 709


def test_results_are_fetched_again_by_id(connection: SnowflakeConnection, server: Server) -> None:
    cursor = connection.cursor()
    cursor.execute("select 'once', 1")
    query_id = cursor.sfqid
    assert connection.cursor().query_result(query_id).fetchall() == [("once", 1)]
    job = server.wire.queries.jobs.by_query(query_id)
    assert job is not None
    job.body = None
    assert connection.cursor().query_result(query_id).fetchall() == [("once", 1)]


def test_another_user_does_not_see_it(account: Account, connect: Connect, connection: SnowflakeConnection) -> None:
    with account.system_session() as session:
        session.run("CREATE OR REPLACE USER PETER PASSWORD = 'a long enough one'")
    cursor = connection.cursor()
    cursor.execute("select 1")
    peter = connect(user="peter", password="a long enough one", authenticator="snowflake", private_key=None)
    assert peter.get_query_status(cursor.sfqid) == QueryStatus.NO_DATA
    with pytest.raises(DatabaseError):
        peter.cursor().query_result(cursor.sfqid)


def test_a_slow_statement_is_asked_for_until_it_is_there(
    connection: SnowflakeConnection, writer: SnowflakeConnection, background: ThreadPoolExecutor, server: Server, account: Account
) -> None:
    running = background.submit(lambda: connection.cursor().execute("insert into T values (1, 'x')").rowcount)
    session = account.sessions[connection.session_id]
    until(lambda: bool(server.wire.queries.jobs.running(session)))
    assert not running.done()
    writer.commit()
    assert running.result(timeout=10) == 1
    assert count(connection) == 2


def send(connection: SnowflakeConnection, text: str, request_id: str) -> dict[str, Any]:
    """One query request as the connector writes it, so that it can be written twice."""
    answer = requests.post(
        f"http://{connection.host}:{connection.port}/queries/v1/query-request?requestId={request_id}",
        data=gzip.compress(json.dumps({"sqlText": text}).encode()),
        headers={"Content-Encoding": "gzip", "Authorization": f'Snowflake Token="{connection.rest.token}"'},
        timeout=30,
    )
    assert answer.status_code == 200
    parsed: dict[str, Any] = answer.json()
    return parsed


def test_a_repeated_request_joins_the_first(
    connection: SnowflakeConnection, writer: SnowflakeConnection, background: ThreadPoolExecutor
) -> None:
    request_id = str(uuid.uuid4())
    both = [background.submit(send, connection, "insert into T values (1, 'x')", request_id) for _ in range(2)]
    first, second = (each.result(timeout=10) for each in both)
    assert first["code"] == second["code"] == "333333"
    assert first["data"]["queryId"] == second["data"]["queryId"]
    writer.commit()
    connection.cursor().query_result(first["data"]["queryId"])
    third = send(connection, "insert into T values (1, 'x')", request_id)
    assert third["data"]["queryId"] == first["data"]["queryId"]
    assert count(connection) == 2


def test_a_running_statement_is_aborted(
    connection: SnowflakeConnection, writer: SnowflakeConnection, background: ThreadPoolExecutor
) -> None:
    cursor = connection.cursor()
    cursor.execute_async("insert into T values (1, 'x')")
    assert connection.cursor().abort_query(cursor.sfqid)
    until(lambda: connection.get_query_status(cursor.sfqid) == QueryStatus.ABORTED)
    writer.commit()
    assert count(connection) == 1
    assert not connection.cursor().abort_query(cursor.sfqid)


def test_the_clients_own_timeout_aborts(connection: SnowflakeConnection, writer: SnowflakeConnection) -> None:
    # The client's wording depends on which comes first: the statement's end or the answer to its own request to end it.
    with pytest.raises(ProgrammingError) as refusal:
        connection.cursor().execute("insert into T values (1, 'x')", timeout=1)
    assert refusal.value.errno == 604
    writer.commit()
    assert count(connection) == 1


def test_signing_out_lets_background_statements_finish(
    account: Account, connect: Connect, connection: SnowflakeConnection, writer: SnowflakeConnection
) -> None:
    leaving = connect()
    leaving.cursor().execute_async("insert into T values (1, 'kept')")
    leaving.rest.delete_session()
    assert leaving.session_id in account.sessions
    writer.commit()
    until(lambda: leaving.session_id not in account.sessions)
    assert count(connection) == 2


def test_signing_out_stops_what_is_waited_for(
    account: Account,
    connect: Connect,
    connection: SnowflakeConnection,
    writer: SnowflakeConnection,
    background: ThreadPoolExecutor,
    server: Server,
) -> None:
    leaving = connect()
    waiting = background.submit(leaving.cursor().execute, "insert into T values (1, 'x')")
    until(lambda: bool(server.wire.queries.jobs.running(account.sessions[leaving.session_id])))
    leaving.rest.delete_session()
    with pytest.raises(DatabaseError):
        waiting.result(timeout=10)
    until(lambda: leaving.session_id not in account.sessions)
    writer.commit()
    assert count(connection) == 1


def test_a_defect_is_an_answer_and_not_a_hang(
    account: Account, connection: SnowflakeConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(account, "run", fail)
    with pytest.raises(ProgrammingError, match=r"ZeroDivisionError: a defect. Incident") as refusal:
        connection.cursor().execute("select 1")
    assert refusal.value.errno == 604


def test_null_in_a_column_that_has_none_is_an_integrity_error(connection: SnowflakeConnection) -> None:
    connection.cursor().execute("create table N (A int not null)")
    with pytest.raises(IntegrityError):
        connection.cursor().execute("insert into N values (null)")


def test_transactions_of_the_client(connection: SnowflakeConnection) -> None:
    connection.autocommit(False)
    connection.cursor().execute("insert into T values (1, 'x')")
    connection.rollback()
    assert count(connection) == 0


@pytest.mark.parametrize("path", ["/api/v2/databases/D", "/nowhere"])
def test_what_is_not_offered_is_told_in_the_rest_form(server: Server, path: str) -> None:
    answer = requests.get(server.base_url + path, timeout=10)
    assert answer.status_code == 404
    assert set(answer.json()) == {"error_code", "message", "request_id"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", gzip.compress(b"{}", mtime=0)[:10]])
def test_a_broken_body_is_an_answer_too(connection: SnowflakeConnection, body: bytes) -> None:
    encoding = {"Content-Encoding": "gzip"} if body[:1] == b"\x1f" else {}
    answer = requests.post(
        f"http://{connection.host}:{connection.port}/queries/v1/query-request",
        data=body,
        headers={**encoding, "Authorization": f'Snowflake Token="{connection.rest.token}"'},
        timeout=10,
    )
    assert answer.status_code == 200
    assert answer.json()["success"] is False


def test_without_a_token_nothing_runs(server: Server) -> None:
    answer = requests.post(f"{server.base_url}/queries/v1/query-request", json={"sqlText": "select 1"}, timeout=10)
    assert answer.json()["code"] == "390111"


def test_a_second_way_in_through_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "account.sock"
    with Account.open(None) as account, Server(account, unix=path):
        connection = http.client.HTTPConnection("account")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(path))
        connection.request("GET", "/api/v2/nothing")
        assert connection.getresponse().status == 404
        connection.close()
