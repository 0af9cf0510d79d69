"""Tasks of a served account, as the clients use them."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from snowflake.snowpark import Session as Snowpark

from mlops_local.account.scheduling import scheduler
from mlops_local.account.scheduling.scheduler import Scheduler
from mlops_local.account.wire.server import Server
from tests.account.conftest import Ask


def last_runs(ask: Ask, name: str) -> list[tuple[Any, ...]]:
    return ask(
        "SELECT STATE, ERROR_MESSAGE FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY(TASK_NAME => %s)) WHERE COMPLETED_TIME IS NOT NULL "
        "ORDER BY COMPLETED_TIME DESC",
        (name,),
    )


def wait_for(ask: Ask, name: str, count: int, seconds: float = 20.0) -> list[tuple[Any, ...]]:
    pause, end = threading.Event(), time.monotonic() + seconds
    while len(found := last_runs(ask, name)) < count and time.monotonic() < end:
        pause.wait(0.05)
    return found


def test_a_procedure_consumes_the_stream_that_starts_its_task(ask: Ask, snowpark: Snowpark, shared_server: Server) -> None:
    ask("CREATE TABLE PATIENTS (ID INT)")
    ask("CREATE TABLE TRAINED (N INT)")
    ask("CREATE STREAM PATIENTS_CHANGED ON TABLE PATIENTS")
    ask(
        "CREATE PROCEDURE TRAIN() RETURNS VARCHAR LANGUAGE PYTHON RUNTIME_VERSION = '3.11' PACKAGES = ('snowflake-snowpark-python') "
        "HANDLER = 'train' AS $$\ndef train(session):\n"
        "    session.sql('INSERT INTO TRAINED SELECT COUNT(*) FROM PATIENTS_CHANGED').collect()\n"
        "    session.sql(\"SELECT SYSTEM$SET_RETURN_VALUE('trained')\").collect()\n    return 'done'\n$$"
    )
    ask("CREATE TASK RETRAIN WAREHOUSE = SHARED_WH WHEN SYSTEM$STREAM_HAS_DATA('PATIENTS_CHANGED') AS CALL TRAIN()")
    ask("ALTER TASK RETRAIN RESUME")
    ask("INSERT INTO PATIENTS VALUES (1), (2)")
    scheduler.tick(shared_server.account)
    assert last_runs(ask, "RETRAIN") == [("SUCCEEDED", None)]
    assert ask("SELECT N FROM TRAINED") == [(2,)]
    assert ask("SELECT SYSTEM$STREAM_HAS_DATA('PATIENTS_CHANGED')") == [(False,)]
    assert ask("SELECT RETURN_VALUE FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY(TASK_NAME => 'RETRAIN'))") == [("trained",)]
    ask("DROP TASK RETRAIN")


def test_the_scheduler_runs_in_the_background(ask: Ask, shared_server: Server) -> None:
    ask("CREATE TABLE RAN (X INT)")
    ask("CREATE TASK ROOT WAREHOUSE = SHARED_WH AS INSERT INTO RAN VALUES (1)")
    ask("CREATE TASK CHILD WAREHOUSE = SHARED_WH AFTER ROOT AS INSERT INTO RAN SELECT MAX(X) + 1 FROM RAN")
    ask("ALTER TASK CHILD RESUME")
    background = Scheduler(shared_server.account).start()
    try:
        ask("EXECUTE TASK ROOT")
        assert wait_for(ask, "CHILD", 1) == [("SUCCEEDED", None)]
        assert ask("SELECT X FROM RAN ORDER BY X") == [(1,), (2,)]
    finally:
        background.stop()
    ask("EXECUTE TASK ROOT")
    assert len(last_runs(ask, "ROOT")) == 1


def test_a_task_that_takes_too_long_fails(ask: Ask, shared_server: Server) -> None:
    ask(
        "CREATE TASK SLOW WAREHOUSE = SHARED_WH USER_TASK_TIMEOUT_MS = 50 AS "
        "SELECT COUNT(*) FROM TABLE(GENERATOR(ROWCOUNT => 3000000)) A, TABLE(GENERATOR(ROWCOUNT => 3000000)) B"
    )
    ask("EXECUTE TASK SLOW")
    scheduler.tick(shared_server.account)
    assert [state for state, _ in last_runs(ask, "SLOW")] == ["FAILED"]


@pytest.mark.parametrize("body", ["SELECT 1; SELECT 2", "BEGIN RETURN 1; END; SELECT 2"])
def test_a_task_has_one_body(ask: Ask, body: str) -> None:
    with pytest.raises(Exception, match="000008"):
        ask(f"CREATE TASK TWO WAREHOUSE = SHARED_WH AS {body}")
