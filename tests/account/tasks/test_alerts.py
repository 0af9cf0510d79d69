from __future__ import annotations

from datetime import timedelta

import pytest

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.scheduling import scheduler
from tests.account.tasks.conftest import START, Rows, Run

MINUTE = timedelta(minutes=1)
ALERT = (
    "CREATE ALERT A WAREHOUSE = W SCHEDULE = '5 MINUTE' IF (EXISTS (SELECT NAME FROM SEEN WHERE AT > "
    "SNOWFLAKE.ALERT.LAST_SUCCESSFUL_SCHEDULED_TIME() AND AT <= SNOWFLAKE.ALERT.SCHEDULED_TIME())) THEN INSERT INTO LOG "
    "SELECT NAME, SNOWFLAKE.ALERT.SCHEDULED_TIME() FROM TABLE(RESULT_SCAN(SNOWFLAKE.ALERT.GET_CONDITION_QUERY_UUID()))"
)


@pytest.fixture(autouse=True)
def alert(run: Run) -> None:
    run("CREATE TABLE SEEN (NAME VARCHAR, AT TIMESTAMP_LTZ)", ALERT)


def history(run: Run, columns: str = "STATE", arguments: str = "") -> Rows:
    return run(f"SELECT {columns} FROM TABLE(INFORMATION_SCHEMA.ALERT_HISTORY({arguments}))")


def test_acts_when_its_condition_has_rows(run: Run, account: Account) -> None:
    run("ALTER ALERT A RESUME")
    scheduler.advance(account, START + 6 * MINUTE)
    run("INSERT INTO SEEN SELECT 'new', CURRENT_TIMESTAMP()")
    scheduler.advance(account, START + 20 * MINUTE)
    assert run("SELECT * FROM LOG") == [{"NAME": "new", "AT": START + 10 * MINUTE}]
    found = history(run, "STATE, SCHEDULED_TIME AS AT, COMPLETED_TIME AS DONE, NVL2(ACTION_QUERY_ID, 1, 0) AS ACTED")
    assert [(row["STATE"], row["AT"] - START, row["ACTED"]) for row in found] == [
        ("SCHEDULED", 25 * MINUTE, 0),
        ("CONDITION_FALSE", 20 * MINUTE, 0),
        ("CONDITION_FALSE", 15 * MINUTE, 0),
        ("TRIGGERED", 10 * MINUTE, 1),
        ("CONDITION_FALSE", 5 * MINUTE, 0),
    ]


def test_a_suspended_alert_is_not_asked_but_when_told(run: Run, account: Account) -> None:
    scheduler.advance(account, START + 10 * MINUTE)
    assert history(run) == []
    run("INSERT INTO SEEN SELECT 'new', CURRENT_TIMESTAMP()", "EXECUTE ALERT A")
    scheduler.tick(account)
    assert history(run) == [{"STATE": "TRIGGERED"}]
    run("ALTER ALERT A RESUME", "ALTER ALERT A SUSPEND")
    scheduler.advance(account, START + 30 * MINUTE)
    assert len(history(run)) == 1


@pytest.mark.parametrize(
    ("change", "state", "word"),
    [
        ("MODIFY CONDITION EXISTS (SELECT * FROM NOWHERE)", "CONDITION_FAILED", "NOWHERE"),
        ("MODIFY CONDITION EXISTS (SHOW TABLES LIKE 'SEEN')", "TRIGGERED", None),
        ("MODIFY ACTION SELECT * FROM NOWHERE", "ACTION_FAILED", "NOWHERE"),
        ("MODIFY ACTION BEGIN LET x := 1; INSERT INTO LOG SELECT 'block', NULL; END", "TRIGGERED", None),
    ],
)
def test_tells_what_became_of_it(run: Run, account: Account, change: str, state: str, word: str | None) -> None:
    run(
        "INSERT INTO SEEN SELECT 'new', DATEADD('minute', 1, CURRENT_TIMESTAMP())",
        f"ALTER ALERT A {change}",
        "ALTER ALERT A RESUME",
    )
    if "CONDITION" in change:
        run("ALTER ALERT A MODIFY ACTION SELECT 1")
    scheduler.advance(account, START + 5 * MINUTE)
    [row] = history(
        run,
        "STATE, SQL_ERROR_CODE AS CODE, SQL_ERROR_MESSAGE AS WHY",
        "RESULT_LIMIT => 5, SCHEDULED_TIME_RANGE_END => CURRENT_TIMESTAMP()",
    )
    assert row["STATE"] == state
    assert (row["WHY"] is None) == (word is None)
    assert word is None or (word in row["WHY"] and row["CODE"] == 2003)


def test_runs_as_its_owner_and_needs_the_privilege(run: Run, account: Account) -> None:
    run("CREATE ROLE R", "GRANT ROLE R TO USER ADMIN", "GRANT USAGE ON DATABASE D TO ROLE R", "GRANT ALL ON SCHEMA D.S TO ROLE R")
    run("GRANT USAGE ON WAREHOUSE W TO ROLE R", "GRANT ALL ON TABLE LOG TO ROLE R", "USE ROLE R")
    run(
        "CREATE ALERT B WAREHOUSE = W SCHEDULE = '1 MINUTE' IF (EXISTS (SELECT 1)) THEN INSERT INTO LOG SELECT CURRENT_ROLE(), NULL"
    )
    for text in ("ALTER ALERT B RESUME", "EXECUTE ALERT B"):
        with pytest.raises(AccountError, match="EXECUTE ALERT privilege must be granted to owner role"):
            run(text)
    run("USE ROLE ACCOUNTADMIN", "GRANT EXECUTE ALERT ON ACCOUNT TO ROLE R", "ALTER ALERT B RESUME")
    scheduler.advance(account, START + MINUTE)
    assert run("SELECT NAME FROM LOG") == [{"NAME": "R"}]


def test_who_may_operate_it_starts_and_stops_it(run: Run) -> None:
    run(
        "CREATE ROLE R",
        "GRANT ROLE R TO USER ADMIN",
        "GRANT USAGE ON DATABASE D TO ROLE R",
        "GRANT USAGE ON SCHEMA D.S TO ROLE R",
    )
    run("GRANT MONITOR ON ALERT A TO ROLE R", "USE ROLE R", "USE SECONDARY ROLES NONE")
    for text in ("ALTER ALERT A RESUME", "EXECUTE ALERT A", "DROP ALERT A"):
        with pytest.raises(AccountError, match="Insufficient privileges"):
            run(text)
    run(
        "USE ROLE ACCOUNTADMIN",
        "GRANT OPERATE ON ALERT A TO ROLE R",
        "USE ROLE R",
        "ALTER ALERT A RESUME",
        "ALTER ALERT A SUSPEND",
    )
    run("EXECUTE ALERT A")


def test_shows_changes_and_drops(run: Run) -> None:
    run(
        "CREATE ALERT B CLONE A",
        "ALTER ALERT B SET SCHEDULE = 'USING CRON 0 4 * * * UTC' COMMENT = 'c'",
        "ALTER ALERT B UNSET WAREHOUSE",
    )
    run("CREATE TAG TG", "ALTER ALERT B SET TAG TG = 'x'")
    [first, second] = run("SHOW ALERTS IN SCHEMA D.S")
    assert {**first, **{key: second[key] for key in ("name", "comment", "schedule", "warehouse")}} == second
    assert (second["schedule"], second["comment"], second["warehouse"]) == ("USING CRON 0 4 * * * UTC", "c", None)
    assert (first["state"], first["condition"][:16], first["action"][:15]) == ("suspended", "SELECT NAME FROM", "INSERT INTO LOG")
    assert run("DESCRIBE ALERT A") == [first]
    run("CREATE ALERT IF NOT EXISTS A SCHEDULE = '1 MINUTE' IF (EXISTS (SELECT 1)) THEN SELECT 1", "CREATE SCHEMA D.S2 CLONE D.S")
    assert [row["name"] for row in run("SHOW ALERTS IN SCHEMA D.S2")] == ["A", "B"]
    run("DROP ALERT D.S.A", "DROP ALERT IF EXISTS D.S.A")
    with pytest.raises(AccountError, match="does not exist"):
        run("DROP ALERT D.S.A")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("CREATE ALERT X IF (EXISTS (SELECT 1)) THEN SELECT 1", "SCHEDULE"),
        ("CREATE ALERT X SCHEDULE = 'SOON' IF (EXISTS (SELECT 1)) THEN SELECT 1", "SOON"),
        ("CREATE ALERT X WAREHOUSE = NOBODY SCHEDULE = '1 MINUTE' IF (EXISTS (SELECT 1)) THEN SELECT 1", "NOBODY"),
        ("CREATE ALERT X SCHEDULE = '1 MINUTE' IF (EXISTS (DELETE FROM LOG)) THEN SELECT 1", "DELETE"),
        ("CREATE ALERT X SCHEDULE = '1 MINUTE' IF (SELECT 1) THEN SELECT 1", "unexpected 'SELECT'"),
        ("CREATE ALERT X SCHEDULE = '1 MINUTE' IF (EXISTS (SELECT 1)) THEN", "EOF"),
        ("CREATE ALERT X SCHEDULE = '1 MINUTE' CONFIG = '{}' IF (EXISTS (SELECT 1)) THEN SELECT 1", "CONFIG"),
        ("ALTER ALERT A SET", "unexpected"),
        ("SELECT SNOWFLAKE.ALERT.SCHEDULED_TIME()", "within the condition or action of an alert"),
        ("SELECT * FROM TABLE(INFORMATION_SCHEMA.ALERT_HISTORY(COLOUR => 1))", "COLOUR"),
    ],
)
def test_refuses(run: Run, text: str, word: str) -> None:
    with pytest.raises(AccountError, match=word):
        run(text)
