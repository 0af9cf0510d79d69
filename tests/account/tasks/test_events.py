"""What is logged, and where it is read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from tests.account.conftest import Ask
from tests.account.tasks.conftest import START, Run

EVENTS = "SELECT * FROM SNOWFLAKE.TELEMETRY.EVENTS"
BODY = (
    "AS $$\nimport logging\nlog = logging.getLogger('mine')\ndef f({}):\n    log.info('seen %s', x)\n    log.warning('warned')\n"
)


def told(run: Run, query: str = EVENTS) -> list[tuple[str, Any]]:
    return [(json.loads(row["RECORD"])["severity_text"], json.loads(row["VALUE"])) for row in run(query)]


@pytest.mark.parametrize(
    ("level", "severities"),
    [("OFF", []), ("ERROR", ["ERROR", "FATAL"]), ("INFO", ["INFO", "WARN", "ERROR", "FATAL"])],
)
def test_a_script_logs_from_the_level_on(run: Run, level: str, severities: list[str]) -> None:
    run(f"ALTER SESSION SET LOG_LEVEL = {level}")
    names = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
    run("BEGIN " + " ".join(f"SYSTEM$LOG_{name}('at {name}');" for name in names) + " END")
    assert told(run) == [(name, f"at {name}") for name in severities]


def test_a_record_tells_where_it_comes_from(run: Run) -> None:
    run(
        "ALTER DATABASE D SET LOG_LEVEL = DEBUG",
        "CREATE PROCEDURE P() RETURNS VARCHAR LANGUAGE SQL AS BEGIN SYSTEM$LOG('info', 'hello'); RETURN 'x'; END",
        "CALL P()",
    )
    [row] = run(EVENTS)
    assert (row["TIMESTAMP"], row["RECORD_TYPE"], row["SCOPE"]) == (START.replace(tzinfo=None), "LOG", None)
    resource = json.loads(row["RESOURCE_ATTRIBUTES"])
    assert resource.pop("snow.query.id")
    assert resource.pop("snow.session.id")
    assert resource == {
        "db.user": "ADMIN",
        "snow.database.name": "D",
        "snow.schema.name": "S",
        "snow.warehouse.name": "W",
        "snow.executable.name": "P()",
        "snow.executable.type": "PROCEDURE",
        "snow.owner.name": "ACCOUNTADMIN",
        "snow.session.role.primary.name": "ACCOUNTADMIN",
        "telemetry.sdk.language": "sql",
    }


def test_records_outlive_the_failure_of_their_statement(run: Run) -> None:
    run("ALTER ACCOUNT SET LOG_LEVEL = INFO")
    with pytest.raises(AccountError, match="NOWHERE"):
        run("BEGIN SYSTEM$LOG_WARN('before'); SELECT * FROM NOWHERE; END")
    assert told(run) == [("WARN", "before")]
    run("ALTER ACCOUNT UNSET LOG_LEVEL", "BEGIN SYSTEM$LOG_WARN('after'); END")
    assert told(run) == [("WARN", "before")]


def test_a_python_function_logs_and_tells_of_its_exception(run: Run) -> None:
    run(
        "ALTER SESSION SET LOG_LEVEL = INFO",
        f"CREATE FUNCTION F(X INT) RETURNS INT LANGUAGE PYTHON RUNTIME_VERSION = '3.11' HANDLER = 'f' {BODY.format('x')}    return 1 // x\n$$",
        "SELECT F(1)",
    )
    assert told(run) == [("INFO", "seen 1"), ("WARN", "warned")]
    [first, _] = run(EVENTS)
    assert json.loads(first["SCOPE"]) == {"name": "mine"}
    assert {"code.function": "f", "code.lineno": 5}.items() <= json.loads(first["RECORD_ATTRIBUTES"]).items()
    assert json.loads(first["RESOURCE_ATTRIBUTES"])["telemetry.sdk.language"] == "python"
    run("SELECT 1 WHERE F(1) = 1")
    assert told(run)[2:] == [("INFO", "seen 1"), ("WARN", "warned")]
    run("ALTER SESSION SET LOG_LEVEL = ERROR")
    with pytest.raises(AccountError, match="ZeroDivisionError"):
        run("SELECT F(0)")
    last = run(EVENTS)[-1]
    assert (json.loads(last["RECORD"]), json.loads(last["VALUE"])) == ({"severity_text": "FATAL"}, "exception")
    attributes = json.loads(last["RECORD_ATTRIBUTES"])
    assert attributes["exception.type"] == "ZeroDivisionError"
    assert "division" in attributes["exception.message"]
    assert len(run(EVENTS)) == 5


def test_a_procedure_logs(ask: Ask) -> None:
    ask("ALTER SESSION SET LOG_LEVEL = INFO")
    ask(
        "CREATE PROCEDURE LOGS(X INT) RETURNS INT LANGUAGE PYTHON RUNTIME_VERSION = '3.11' PACKAGES = ('snowflake-snowpark-python') "
        f"HANDLER = 'f' {BODY.format('session, x')}    return x\n$$"
    )
    ask("CALL LOGS(7)")
    found = ask(
        'SELECT VALUE::VARCHAR, RECORD:severity_text::VARCHAR, RESOURCE_ATTRIBUTES:"snow.executable.type"::VARCHAR '
        "FROM SNOWFLAKE.TELEMETRY.EVENTS WHERE SCOPE:name = 'mine' AND RESOURCE_ATTRIBUTES:\"snow.executable.name\" LIKE 'LOGS%'"
    )
    assert found == [("seen 7", "INFO", "PROCEDURE"), ("warned", "WARN", "PROCEDURE")]


def test_an_event_table_of_ones_own(run: Run, account: Account) -> None:
    run(
        "CREATE EVENT TABLE MINE COMMENT = 'c'",
        "CREATE EVENT TABLE D.S.OTHERS",
        "ALTER SESSION SET LOG_LEVEL = INFO",
        "ALTER ACCOUNT SET EVENT_TABLE = D.S.MINE",
        "BEGIN SYSTEM$LOG_INFO('to mine'); END",
        "ALTER DATABASE D SET EVENT_TABLE = D.S.OTHERS",
        "BEGIN SYSTEM$LOG_INFO('to others'); END",
        "ALTER DATABASE D UNSET EVENT_TABLE",
        "ALTER ACCOUNT UNSET EVENT_TABLE",
        "BEGIN SYSTEM$LOG_INFO('to all'); END",
    )
    assert [told(run, f"SELECT * FROM {name}") for name in ("MINE", "OTHERS", "SNOWFLAKE.TELEMETRY.EVENTS")] == [
        [("INFO", "to mine")],
        [("INFO", "to others")],
        [("INFO", "to all")],
    ]
    [mine, _] = run("SHOW EVENT TABLES")
    assert (mine["name"], mine["comment"], mine["rows"]) == ("MINE", "c", 1)
    assert [row["name"] for row in run("DESCRIBE EVENT TABLE MINE")][:2] == ["TIMESTAMP", "START_TIMESTAMP"]
    run("DROP EVENT TABLE MINE", "DROP EVENT TABLE IF EXISTS MINE")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("ALTER SESSION SET LOG_LEVEL = LOUD", "LOUD"),
        ("ALTER DATABASE D SET LOG_LEVEL = LOUD", "LOUD"),
        ("ALTER ACCOUNT SET TIMEZONE = 'UTC'", "ALTER ACCOUNT SET TIMEZONE"),
        ("ALTER ACCOUNT SET EVENT_TABLE = LOG", "LOG"),
        ("SELECT SYSTEM$LOG('loud', 'x')", "level"),
        ("CREATE EVENT TABLE LOG", "exists"),
    ],
)
def test_refuses(run: Run, text: str, word: str) -> None:
    with pytest.raises(AccountError, match=word):
        run(text)


def test_only_accountadmin_sets_what_the_account_has(run: Run) -> None:
    run("CREATE ROLE R", "GRANT ROLE R TO USER ADMIN", "USE ROLE R", "USE SECONDARY ROLES NONE")
    with pytest.raises(AccountError, match="Insufficient privileges"):
        run("ALTER ACCOUNT SET LOG_LEVEL = INFO")
    with pytest.raises(AccountError, match="does not exist or not authorized"):
        run(EVENTS)
