"""Procedures, with Snowpark inside the worker and the account itself at the other end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
import snowflake.connector

from mlops_local.account.sandbox import Handler, HandlerError, ProcedureConnection, Sandbox

Batch = Callable[..., pa.RecordBatch]
CHECKOUT = Path(__file__).resolve().parents[3]
SNOWPARK = ("snowflake-snowpark-python",)
Connect = Callable[[], ProcedureConnection]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Of a served account, from the lines that it prints."""
    folder = tmp_path_factory.mktemp("account")
    command = [sys.executable, "-m", "mlops_local", "serve", "--data", str(folder / "data")]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder) as server:
        assert server.stdout is not None
        found: dict[str, str] = {}
        while "SNOWFLAKE_ROLE" not in found:
            line = server.stdout.readline()
            assert line, "the account did not start"
            if line.startswith("export SNOWFLAKE_"):
                name, _, value = line.removeprefix("export ").strip().partition("=")
                found[name] = value
        yield found
        server.terminate()


@pytest.fixture
def connect(settings: dict[str, str]) -> Connect:
    """A session for each procedure, because it signs out at its end."""

    def open_session() -> ProcedureConnection:
        host, port = settings["SNOWFLAKE_HOST"], int(settings["SNOWFLAKE_PORT"])
        caller = snowflake.connector.connect(
            host=host,
            port=port,
            protocol="http",
            account=settings["SNOWFLAKE_ACCOUNT"],
            user=settings["SNOWFLAKE_USER"],
            authenticator=settings["SNOWFLAKE_AUTHENTICATOR"],
            private_key_file=settings["SNOWFLAKE_PRIVATE_KEY_FILE"],
        )
        return ProcedureConnection(
            host=host,
            port=port,
            protocol="http",
            account=settings["SNOWFLAKE_ACCOUNT"],
            user=settings["SNOWFLAKE_USER"],
            session_token=caller.rest.token,
            master_token=caller.rest.master_token,
        )

    return open_session


def test_a_procedure_has_a_session(sandbox: Sandbox, batch: Batch, connect: Connect) -> None:
    body = (
        "from snowflake.snowpark.context import get_active_session\n"
        "def main(session, number, text):\n"
        "    assert get_active_session() is session\n"
        "    print('counting')\n"
        "    return {'sum': session.sql(f'select 1 + {number}').collect()[0][0], 'text': text}"
    )
    handler = Handler("P", "main", body, packages=SNOWPARK)
    result = sandbox.call_procedure(handler, ["INT", "VARCHAR"], "VARIANT", batch([41], ["x"]), connect())
    assert result.value is not None
    assert result.value.to_pylist() == ['{"sum": 42, "text": "x"}']
    assert (result.query_id, result.log) == (None, "counting\n")


def test_a_table_result_is_a_query(sandbox: Sandbox, connect: Connect) -> None:
    body = "def main(session):\n    return session.sql('select 1 as a, 2 as b')"
    result = sandbox.call_procedure(Handler("T", "main", body, packages=SNOWPARK), [], None, None, connect())
    assert result.value is None
    assert len(result.query_id or "") == 36


def test_a_procedure_that_promised_a_table(sandbox: Sandbox, connect: Connect) -> None:
    handler = Handler("T", "main", "def main(session):\n    return 5", packages=SNOWPARK)
    with pytest.raises(HandlerError, match="the procedure returned int, RETURNS TABLE takes a Snowpark DataFrame"):
        sandbox.call_procedure(handler, [], None, None, connect())


def test_an_error_of_the_account_is_seen_inside(sandbox: Sandbox, connect: Connect) -> None:
    handler = Handler("P", "main", "def main(session):\n    session.sql('selec 1').collect()", packages=SNOWPARK)
    with pytest.raises(HandlerError, match=r"SnowparkSQLException(.|\n)*in function P with handler main"):
        sandbox.call_procedure(handler, [], "VARCHAR", None, connect())


def test_each_call_is_a_process_of_its_own(sandbox: Sandbox, connect: Connect) -> None:
    handler = Handler("P", "main", "import os\ndef main(session):\n    return os.getpid()", packages=SNOWPARK)
    first, second = (sandbox.call_procedure(handler, [], "INT", None, connect()).value for _ in range(2))
    assert first != second


def test_tokens_do_not_show() -> None:
    connection = ProcedureConnection("127.0.0.1", 1, "http", "A", "U", "planted-session", "planted-master")
    assert "planted" not in repr(connection)


def test_invalid_tokens_are_refused(sandbox: Sandbox, connect: Connect) -> None:
    connection = replace(connect(), session_token="wrong", master_token="wrong")
    handler = Handler("P", "main", "def main(session):\n    return 1", packages=SNOWPARK)
    with pytest.raises(HandlerError, match="tokens invalid"):
        sandbox.call_procedure(handler, [], "INT", None, connection, seconds=30)
