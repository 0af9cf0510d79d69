from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from mlops_local.account.account import Account
from mlops_local.account.clock import TestClock
from mlops_local.account.errors import AccountError
from mlops_local.account.scheduling import scheduler, task_runs, tasks
from tests.account.tasks.conftest import START, Run

MINUTE = timedelta(minutes=1)


def logged(run: Run) -> list[str]:
    return [row["NAME"] for row in run("SELECT NAME FROM LOG")]


def runs(account: Account) -> list[tuple[Any, ...]]:
    with account.system_session() as session:
        return session.connection.fetch("SELECT name, state, scheduled_time, error_message FROM account.task_runs ORDER BY id")


def states(account: Account) -> dict[str, str]:
    """The last state of every task."""
    return {name: state for name, state, _, _ in runs(account)}


def log(name: str, clauses: str) -> str:
    return f"CREATE OR REPLACE TASK {name} WAREHOUSE = W {clauses} AS INSERT INTO LOG SELECT '{name}', CURRENT_TIMESTAMP()"


def start(run: Run, *names: str) -> None:
    for name in names:
        run(f"ALTER TASK {name} RESUME")


def test_a_suspended_task_does_not_run(run: Run, account: Account, clock: TestClock) -> None:
    run(log("A", "SCHEDULE = '5 MINUTE'"))
    clock.advance(timedelta(hours=1))
    assert scheduler.tick(account) == []
    assert logged(run) == []


def test_runs_at_its_interval_counted_from_its_start(run: Run, account: Account, clock: TestClock) -> None:
    run(log("A", "SCHEDULE = '5 MINUTE'"))
    clock.advance(2 * MINUTE)
    start(run, "A")
    scheduler.advance(account, START + 13 * MINUTE)
    assert [at - START for _, _, at, _ in runs(account)] == [7 * MINUTE, 12 * MINUTE]
    assert [row["AT"] for row in run("SELECT AT FROM LOG")] == [START + 7 * MINUTE, START + 12 * MINUTE]


def test_missed_times_are_one_run(run: Run, account: Account, clock: TestClock) -> None:
    run(log("A", "SCHEDULE = '5 MINUTE'"))
    start(run, "A")
    clock.advance(23 * MINUTE)
    scheduler.tick(account)
    scheduler.tick(account)
    assert [at - START for _, _, at, _ in runs(account)] == [20 * MINUTE]


def test_cron_runs_on_the_zones_clock(run: Run, account: Account) -> None:
    run(log("A", "SCHEDULE = 'USING CRON 0 15 * * * Europe/Berlin'"))
    start(run, "A")
    scheduler.advance(account, START + timedelta(days=2), step=timedelta(minutes=30))
    assert [at.hour for _, _, at, _ in runs(account)] == [14, 14]


def test_a_false_condition_skips_the_run(run: Run, account: Account, clock: TestClock) -> None:
    run(log("A", "SCHEDULE = '5 MINUTE' WHEN 1 = 2"))
    start(run, "A")
    clock.advance(5 * MINUTE)
    scheduler.tick(account)
    assert states(account) == {"A": "SKIPPED"}
    assert logged(run) == []


def test_a_failed_run_says_why(run: Run, account: Account) -> None:
    run("CREATE TASK A WAREHOUSE = W AS SELECT * FROM NOWHERE", "EXECUTE TASK A")
    scheduler.tick(account)
    [(_, state, _, message)] = runs(account)
    assert state == "FAILED"
    assert "'D.S.NOWHERE' does not exist" in message


def test_execute_runs_a_suspended_task_once(run: Run, account: Account) -> None:
    run(log("A", "SCHEDULE = '5 MINUTE'"))
    assert run("EXECUTE TASK A")[0]["status"] == "Task A is scheduled to run immediately."
    scheduler.tick(account)
    scheduler.tick(account)
    assert logged(run) == ["A"]


def test_a_graph_runs_in_its_order(run: Run, account: Account) -> None:
    run(
        log("A", "SCHEDULE = '5 MINUTE'"),
        log("B", "AFTER A"),
        log("C", "AFTER A"),
        log("D", "AFTER B, C"),
        log("E", "AFTER D, A"),
        log("Z", "FINALIZE = A"),
    )
    start(run, "B", "C", "D", "E", "Z", "A")
    run("EXECUTE TASK A")
    scheduler.tick(account)
    order = logged(run)
    assert (order[0], set(order[1:3]), order[3:]) == ("A", {"B", "C"}, ["D", "E", "Z"])


def test_behind_a_failed_task_nothing_runs_but_the_finalizer(run: Run, account: Account) -> None:
    run(
        log("A", ""),
        "CREATE TASK BAD WAREHOUSE = W AFTER A AS SELECT 1 / 'x'",
        log("BEHIND", "AFTER BAD"),
        log("BESIDE", "AFTER A"),
        log("BOTH", "AFTER BAD, BESIDE"),
        log("Z", "FINALIZE = A"),
    )
    start(run, "BAD", "BEHIND", "BESIDE", "BOTH", "Z")
    run("EXECUTE TASK A")
    scheduler.tick(account)
    assert sorted(logged(run)) == ["A", "BESIDE", "Z"]
    assert states(account) == {"A": "SUCCEEDED", "BAD": "FAILED", "BESIDE": "SUCCEEDED", "Z": "SUCCEEDED"}


def test_skipped_and_suspended_predecessors(run: Run, account: Account) -> None:
    run(
        log("A", ""),
        log("RAN", "AFTER A"),
        log("SKIPS", "AFTER A WHEN 1 = 2"),
        log("SLEEPS", "AFTER A"),
        log("BEHIND_SKIPPED", "AFTER SKIPS"),
        log("BEHIND_SLEEPING", "AFTER SLEEPS"),
        log("BEHIND_BOTH", "AFTER SKIPS, RAN"),
    )
    start(run, "RAN", "SKIPS", "BEHIND_SKIPPED", "BEHIND_SLEEPING", "BEHIND_BOTH")
    run("EXECUTE TASK A")
    scheduler.tick(account)
    assert sorted(logged(run)) == ["A", "BEHIND_BOTH", "BEHIND_SLEEPING", "RAN"]
    assert states(account)["BEHIND_SKIPPED"] == "SKIPPED"


def test_failures_in_a_row_suspend_the_root(run: Run, account: Account) -> None:
    run("CREATE TASK A WAREHOUSE = W SCHEDULE = '1 MINUTE' SUSPEND_TASK_AFTER_NUM_FAILURES = 3 AS SELECT * FROM NOWHERE")
    start(run, "A")
    scheduler.advance(account, START + 10 * MINUTE)
    assert len(runs(account)) == 3
    [task] = run("SHOW TASKS")
    assert (task["state"], task["last_suspended_reason"]) == ("suspended", "SUSPENDED_DUE_TO_ERRORS")


def test_a_failing_statement_leaves_nothing_behind(run: Run, account: Account) -> None:
    run(
        "CREATE TASK A WAREHOUSE = W AS BEGIN BEGIN TRANSACTION; INSERT INTO LOG SELECT 'half', NULL; SELECT * FROM NOWHERE; COMMIT; END",
        "EXECUTE TASK A",
    )
    scheduler.tick(account)
    assert (states(account), logged(run)) == ({"A": "FAILED"}, [])


def test_a_task_runs_as_its_owner_in_its_schema(run: Run, account: Account) -> None:
    run(
        "CREATE TABLE WHO (R VARCHAR, S VARCHAR, U VARCHAR)",
        "CREATE SCHEMA ELSEWHERE",
        "CREATE TASK D.S.A WAREHOUSE = W AS INSERT INTO WHO SELECT CURRENT_ROLE(), CURRENT_SCHEMA(), CURRENT_USER()",
        "EXECUTE TASK D.S.A",
    )
    scheduler.tick(account)
    assert run("SELECT * FROM D.S.WHO") == [{"R": "ACCOUNTADMIN", "S": "S", "U": "SYSTEM"}]


def test_values_and_configuration_reach_the_tasks_behind(run: Run, account: Account) -> None:
    run(
        "CREATE TABLE FOUND (A VARCHAR)",
        """CREATE TASK A WAREHOUSE = W CONFIG = '{"size": {"rows": 7}}' AS SELECT SYSTEM$SET_RETURN_VALUE('from a')""",
        "CREATE TASK B WAREHOUSE = W AFTER A AS INSERT INTO FOUND SELECT SYSTEM$GET_PREDECESSOR_RETURN_VALUE('A') || ' ' "
        "|| SYSTEM$GET_TASK_GRAPH_CONFIG('size.rows')",
        "ALTER TASK B RESUME",
        "EXECUTE TASK A",
    )
    scheduler.tick(account)
    assert run("SELECT * FROM FOUND") == [{"A": "from a 7"}]
    [root] = run("SELECT RETURN_VALUE FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY(TASK_NAME => 'A')) WHERE STATE = 'SUCCEEDED'")
    assert root["RETURN_VALUE"] == "from a"


def test_history_tells_past_and_next_runs(run: Run, account: Account) -> None:
    run(log("A", "SCHEDULE = '5 MINUTE'"))
    start(run, "A")
    scheduler.advance(account, START + 6 * MINUTE)
    history = run(
        "SELECT NAME, STATE, SCHEDULED_TIME, QUERY_ID, COMPLETED_TIME, RUN_ID, SCHEDULED_FROM FROM TABLE(D.INFORMATION_SCHEMA.TASK_HISTORY("
        "SCHEDULED_TIME_RANGE_START => '2024-03-01'::TIMESTAMP_LTZ, RESULT_LIMIT => 10)) ORDER BY SCHEDULED_TIME DESC"
    )
    assert [(row["STATE"], row["SCHEDULED_TIME"] - START) for row in history] == [
        ("SCHEDULED", 10 * MINUTE),
        ("SUCCEEDED", 5 * MINUTE),
    ]
    assert history[0]["QUERY_ID"] is None
    assert history[1]["QUERY_ID"]
    assert history[1]["RUN_ID"] == int((START + 5 * MINUTE).timestamp() * 1000)


def test_dependents_are_listed_and_enabled(run: Run) -> None:
    run(log("A", "SCHEDULE = '5 MINUTE'"), log("B", "AFTER A"), log("C", "AFTER B"))
    dependents = run("SELECT NAME FROM TABLE(INFORMATION_SCHEMA.TASK_DEPENDENTS(TASK_NAME => 'D.S.A', RECURSIVE => TRUE))")
    assert {row["NAME"] for row in dependents} == {"A", "B", "C"}
    run("SELECT SYSTEM$TASK_DEPENDENTS_ENABLE('D.S.A')")
    assert {row["state"] for row in run("SHOW TASKS")} == {"started"}


def test_a_run_that_was_cut_off_is_a_failure_after_the_restart(run: Run, account: Account) -> None:
    run(log("A", ""), "EXECUTE TASK A")
    with account.system_session() as session:
        [waiting] = task_runs.pending_runs(session)
        with session.transaction(write=True):
            task_runs.set_graph_state(session, waiting.id, task_runs.EXECUTING)
            [root] = session.catalogue.list(tasks.KIND)
            id_ = task_runs.add_task_run(session, waiting, tasks.Task(root))
            task_runs.set_state(session, id_, task_runs.EXECUTING)
        task_runs.fail_interrupted(session)
    assert states(account) == {"A": "FAILED"}
    assert [row["STATE"] for row in run("SELECT STATE FROM TABLE(INFORMATION_SCHEMA.COMPLETE_TASK_GRAPHS())")] == ["FAILED"]


def test_due_tasks_is_a_pure_decision(run: Run, account: Account) -> None:
    run(log("A", "SCHEDULE = '5 MINUTE'"))
    start(run, "A")
    with account.system_session() as session:
        [entry] = session.catalogue.list(tasks.KIND)
    task = tasks.Task(entry)

    def due(now: datetime, **more: Any) -> list[datetime]:
        known: dict[str, Any] = {"served": {}, "busy": set(), **more}
        return [one.at for one in scheduler.due_tasks([task], now, **known)]

    assert due(START + 4 * MINUTE) == []
    assert due(START + 5 * MINUTE) == [START + 5 * MINUTE]
    assert due(START + 9 * MINUTE, served={entry.id: START + 5 * MINUTE}) == []
    assert due(START + 10 * MINUTE, busy={entry.id}) == []


def test_refuses_functions_of_a_run_outside_of_one(run: Run) -> None:
    with pytest.raises(AccountError, match="must be called from within a task"):
        run("SELECT SYSTEM$SET_RETURN_VALUE('x')")
