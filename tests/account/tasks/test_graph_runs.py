"""Runs of whole graphs: their versions, their attempts, and what the account tells of them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from mlops_local.account.account import Account
from mlops_local.account.clock import TestClock
from mlops_local.account.errors import AccountError
from mlops_local.account.scheduling import scheduler
from tests.account.tasks.conftest import START, Rows, Run

MINUTE = timedelta(minutes=1)
GRAPHS = "SELECT * FROM TABLE(INFORMATION_SCHEMA.{}_TASK_GRAPHS({}))"


def history(run: Run, columns: str = "NAME, STATE", order: str = "QUERY_START_TIME") -> Rows:
    return run(f"SELECT {columns} FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY()) WHERE STATE <> 'SCHEDULED' ORDER BY {order}")


@pytest.fixture
def graph(run: Run) -> None:
    """ROOT counts its runs; BAD fails until table DOOR is there; LAST comes behind it, END at the end."""
    run(
        "CREATE TASK ROOT WAREHOUSE = W SCHEDULE = '10 MINUTE' AS BEGIN INSERT INTO LOG SELECT 'ROOT', NULL; "
        "CALL SYSTEM$SET_RETURN_VALUE('from root'); END",
        "CREATE TASK BAD WAREHOUSE = W AFTER ROOT AS INSERT INTO LOG SELECT 'BAD', NULL FROM DOOR",
        "CREATE TASK LAST WAREHOUSE = W AFTER BAD, ROOT AS INSERT INTO LOG "
        "SELECT 'LAST ' || SYSTEM$GET_PREDECESSOR_RETURN_VALUE('ROOT'), NULL",
        "CREATE TASK FIN WAREHOUSE = W FINALIZE = ROOT AS INSERT INTO LOG SELECT 'FIN', NULL",
        "ALTER TASK BAD RESUME",
        "ALTER TASK LAST RESUME",
        "ALTER TASK FIN RESUME",
    )


def logged(run: Run) -> list[str]:
    return [row["NAME"] for row in run("SELECT NAME FROM LOG")]


@pytest.mark.usefixtures("graph")
def test_retry_last_goes_on_where_the_graph_failed(run: Run, account: Account) -> None:
    run("EXECUTE TASK ROOT")
    scheduler.tick(account)
    run("CREATE TABLE DOOR (A INT)", "INSERT INTO DOOR VALUES (1)", "EXECUTE TASK ROOT RETRY LAST")
    scheduler.tick(account)
    assert logged(run) == ["ROOT", "FIN", "BAD", "LAST from root", "FIN"]
    found = history(run, "NAME, STATE, ATTEMPT_NUMBER, GRAPH_RUN_GROUP_ID", "ATTEMPT_NUMBER, NAME")
    assert [(row["NAME"], row["STATE"], row["ATTEMPT_NUMBER"]) for row in found] == [
        ("BAD", "FAILED", 1),
        ("FIN", "SUCCEEDED", 1),
        ("ROOT", "SUCCEEDED", 1),
        ("BAD", "SUCCEEDED", 2),
        ("FIN", "SUCCEEDED", 2),
        ("LAST", "SUCCEEDED", 2),
    ]
    assert len({row["GRAPH_RUN_GROUP_ID"] for row in found}) == 1


@pytest.mark.usefixtures("graph")
def test_retry_last_needs_a_failed_run_of_the_same_graph(run: Run, account: Account) -> None:
    def refusal() -> str:
        with pytest.raises(AccountError) as caught:
            run("EXECUTE TASK ROOT RETRY LAST")
        return f"{caught.value.number} {caught.value.message}"

    assert refusal() == "91457 Cannot perform retry: no suitable run of graph with root task ROOT to retry."
    run("EXECUTE TASK ROOT")
    scheduler.tick(account)
    run("ALTER TASK BAD MODIFY AS SELECT 1")
    assert "the graph has been modified since" in refusal()
    run("EXECUTE TASK ROOT")
    scheduler.tick(account)
    assert refusal().startswith("91456 Cannot perform retry: run (graph_run_group_id = ")
    assert refusal().endswith("of graph with root task ROOT had no failures.")


def test_a_failed_graph_tries_again_by_itself_and_counts_once(run: Run, account: Account) -> None:
    run(
        "CREATE TASK A WAREHOUSE = W SCHEDULE = '10 MINUTE' TASK_AUTO_RETRY_ATTEMPTS = 2 SUSPEND_TASK_AFTER_NUM_FAILURES = 2 "
        "AS INSERT INTO NOWHERE SELECT 1",
        "ALTER TASK A RESUME",
    )
    scheduler.advance(account, START + 10 * MINUTE)
    assert [row["ATTEMPT_NUMBER"] for row in history(run, "ATTEMPT_NUMBER", "1")] == [1, 2, 3]
    assert run("SHOW TASKS")[0]["state"] == "started"
    scheduler.advance(account, START + 20 * MINUTE)
    assert (len(history(run)), run("SHOW TASKS")[0]["state"]) == (6, "suspended")
    run("ALTER TASK A RESUME")
    scheduler.advance(account, START + 30 * MINUTE)
    assert run("SHOW TASKS")[0]["state"] == "started"


@pytest.mark.usefixtures("graph")
def test_a_run_keeps_the_version_of_its_graph(run: Run, account: Account) -> None:
    run("EXECUTE TASK ROOT", "DROP TASK LAST", "ALTER TASK BAD MODIFY AS INSERT INTO LOG SELECT 'NEW', NULL", "EXECUTE TASK ROOT")
    scheduler.tick(account)
    assert logged(run) == ["ROOT", "FIN", "ROOT", "NEW", "FIN"]
    versions = history(run, "DISTINCT GRAPH_VERSION", "1")
    assert [row["GRAPH_VERSION"] for row in versions] == [1, 2]
    run("ALTER TASK ROOT RESUME", "ALTER TASK ROOT SUSPEND", "EXECUTE TASK ROOT")
    scheduler.tick(account)
    assert run("SELECT MAX(GRAPH_VERSION) AS V FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY())") == [{"V": 2}]


def test_a_finalizer_is_skipped_with_its_root(run: Run, account: Account) -> None:
    run(
        "CREATE TASK A WAREHOUSE = W SCHEDULE = '1 MINUTE' WHEN 1 = 2 AS SELECT 1",
        "CREATE TASK Z WAREHOUSE = W FINALIZE = A AS INSERT INTO LOG SELECT 'Z', NULL",
        "ALTER TASK Z RESUME",
        "ALTER TASK A RESUME",
    )
    scheduler.advance(account, START + MINUTE)
    assert [(row["NAME"], row["STATE"]) for row in history(run, order="NAME")] == [("A", "SKIPPED"), ("Z", "SKIPPED")]
    assert logged(run) == []
    assert run(GRAPHS.format("COMPLETE", "")) == []


@pytest.mark.usefixtures("graph")
def test_graphs_are_listed_while_they_wait_and_when_they_are_done(run: Run, account: Account, clock: TestClock) -> None:
    run("ALTER TASK ROOT RESUME")
    scheduler.advance(account, START + 10 * MINUTE)
    [done] = run(GRAPHS.format("COMPLETE", "ROOT_TASK_NAME => 'root', ERROR_ONLY => TRUE"))
    assert (done["ROOT_TASK_NAME"], done["STATE"], done["FIRST_ERROR_TASK_NAME"]) == ("ROOT", "FAILED", "BAD")
    assert (done["FIRST_ERROR_CODE"], done["SCHEDULED_FROM"], done["GRAPH_VERSION"]) == (2003, "SCHEDULE", 1)
    assert "'D.S.DOOR' does not exist" in done["FIRST_ERROR_MESSAGE"]
    assert done["NEXT_SCHEDULED_TIME"] == START + 20 * MINUTE
    assert done["ROOT_TASK_ID"] == run("SHOW TASKS LIKE 'ROOT'")[0]["id"]
    [waiting] = run(GRAPHS.format("CURRENT", ""))
    assert (waiting["STATE"], waiting["SCHEDULED_TIME"]) == ("SCHEDULED", START + 20 * MINUTE)
    assert "COMPLETED_TIME" not in waiting
    run("ALTER TASK ROOT SUSPEND")
    clock.advance(61 * MINUTE)
    assert run(GRAPHS.format("COMPLETE", "")) == run(GRAPHS.format("CURRENT", "")) == []


def test_an_asked_run_is_told_of_before_it_runs(run: Run, account: Account) -> None:
    run("CREATE TASK A WAREHOUSE = W AS SELECT 1", "EXECUTE TASK A")
    [row] = run("SELECT STATE, SCHEDULED_FROM, QUERY_ID FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY(TASK_NAME => 'a'))")
    assert row == {"STATE": "SCHEDULED", "SCHEDULED_FROM": "EXECUTE TASK", "QUERY_ID": None}


def test_a_configuration_for_one_run_is_laid_over_the_graphs_own(run: Run, account: Account) -> None:
    run(
        """CREATE TASK A WAREHOUSE = W CONFIG = '{"a": 1, "b": 2}' AS INSERT INTO LOG SELECT SYSTEM$GET_TASK_GRAPH_CONFIG(), NULL""",
        """EXECUTE TASK A USING CONFIG = '{"b": 3, "c": 4}'""",
    )
    scheduler.tick(account)
    assert json.loads(logged(run)[0]) == {"a": 1, "b": 3, "c": 4}
    with pytest.raises(AccountError, match="CONFIG"):
        run("EXECUTE TASK A USING CONFIG = 'nothing'")


def test_statements_of_tasks_are_in_the_query_history(run: Run, account: Account) -> None:
    run("CREATE TASK A WAREHOUSE = W WHEN 1 = 1 AS INSERT INTO LOG SELECT 'x', NULL", "EXECUTE TASK A")
    scheduler.tick(account)
    [task] = history(run, "QUERY_ID")
    [query] = run(
        "SELECT QUERY_TEXT, USER_NAME, ROLE_NAME, EXECUTION_STATUS FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY_BY_USER("
        f"USER_NAME => 'SYSTEM')) WHERE QUERY_ID = '{task['QUERY_ID']}'"
    )
    assert query == {
        "QUERY_TEXT": "INSERT INTO LOG SELECT 'x', NULL",
        "USER_NAME": "SYSTEM",
        "ROLE_NAME": "ACCOUNTADMIN",
        "EXECUTION_STATUS": "SUCCESS",
    }
    assert run("SELECT 1 AS A FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY_BY_USER(USER_NAME => 'SYSTEM'))") == [{"A": 1}]


def test_the_run_knows_itself_and_the_last_that_succeeded(run: Run, account: Account, clock: TestClock) -> None:
    asked = (
        "CURRENT_ROOT_TASK_NAME",
        "CURRENT_TASK_NAME",
        "CURRENT_TASK_GRAPH_ORIGINAL_SCHEDULED_TIMESTAMP",
        "LAST_SUCCESSFUL_TASK_GRAPH_ORIGINAL_SCHEDULED_TIMESTAMP",
    )
    told = " || '|' || ".join(f"NVL(SYSTEM$TASK_RUNTIME_INFO('{name}'), '-')" for name in asked)
    run(f"CREATE TASK A WAREHOUSE = W AS INSERT INTO LOG SELECT {told}, NULL")
    for _ in range(2):
        run("EXECUTE TASK A")
        scheduler.tick(account)
        clock.advance(MINUTE)
    assert logged(run) == [
        "D.S.A|D.S.A|2024-03-01 12:00:00+00:00|-",
        "D.S.A|D.S.A|2024-03-01 12:01:00+00:00|2024-03-01 12:00:00+00:00",
    ]


def test_a_task_that_takes_too_long_fails(run: Run, account: Account) -> None:
    run(
        "CREATE TASK A WAREHOUSE = W USER_TASK_TIMEOUT_MS = 50 AS SELECT COUNT(*) FROM TABLE(GENERATOR(ROWCOUNT => 100000)) A, "
        "TABLE(GENERATOR(ROWCOUNT => 1000000)) B WHERE UNIFORM(1, 10, RANDOM()) = 11",
        "EXECUTE TASK A",
    )
    scheduler.tick(account)
    [row] = history(run, "STATE, ERROR_CODE, ERROR_MESSAGE")
    assert (row["STATE"], row["ERROR_CODE"]) == ("FAILED", "000630")
    assert "timeout" in row["ERROR_MESSAGE"]


def test_an_execution_can_be_cancelled(run: Run, account: Account) -> None:
    run(
        "CREATE TASK A WAREHOUSE = W AS BEGIN SELECT SYSTEM$USER_TASK_CANCEL_ONGOING_EXECUTIONS('A'); "
        "INSERT INTO LOG SELECT 'after', NULL; END",
        "CREATE TASK B WAREHOUSE = W AFTER A AS SELECT 2",
        "ALTER TASK B RESUME",
        "EXECUTE TASK A",
    )
    scheduler.tick(account)
    assert (history(run), logged(run)) == ([{"NAME": "A", "STATE": "CANCELLED"}], [])
    assert [row["STATE"] for row in run(GRAPHS.format("COMPLETE", "ERROR_ONLY => TRUE"))] == ["CANCELLED"]
