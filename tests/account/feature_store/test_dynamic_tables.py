from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from mlops_local.account.account import Account
from mlops_local.account.clock import TestClock
from mlops_local.account.errors import AccountError
from mlops_local.account.scheduling import scheduler
from mlops_local.account.scheduling.refresh_mode import incremental_obstacle
from mlops_local.account.sql.parser import parse
from tests.account.tasks.conftest import START, Run

FEATURE_VIEW = """CREATE DYNAMIC TABLE D.S.FV$V1 (K, TOTAL COMMENT 'sum')
    TARGET_LAG = '1 minute'
    COMMENT = 'it''s'
    TAG ( D.S.OBJ = '{"type": "MANAGED_FEATURE_VIEW"}' )
    WAREHOUSE = W
    REFRESH_MODE = AUTO
    INITIALIZE = ON_CREATE
    CLUSTER BY (K) AS SELECT K, SUM(V) FROM T GROUP BY K"""


@pytest.fixture(autouse=True)
def table(run: Run) -> None:
    run("CREATE TABLE T (K VARCHAR, V INT)", "INSERT INTO T VALUES ('a', 1), ('b', 2)", "CREATE TAG OBJ", "CREATE WAREHOUSE W2")


def create(run: Run, name: str, lag: str, query: str) -> None:
    run(f"CREATE OR REPLACE DYNAMIC TABLE {name} TARGET_LAG = {lag} WAREHOUSE = W AS {query}")


def history(run: Run, name: str) -> list[dict[str, Any]]:
    return run(
        "SELECT STATE, REFRESH_ACTION, REFRESH_TRIGGER, REFRESH_START_TIME FROM TABLE (D.INFORMATION_SCHEMA.DYNAMIC_TABLE_REFRESH_HISTORY "
        f"(RESULT_LIMIT => 10000)) WHERE NAME = '{name}' AND SCHEMA_NAME = 'S' ORDER BY REFRESH_START_TIME"
    )


def test_shows_what_the_feature_store_reads(run: Run) -> None:
    run(FEATURE_VIEW)
    [found] = run("SHOW DYNAMIC TABLES LIKE 'FV$V1' IN D.S")
    read = {
        key: found[key]
        for key in ("text", "comment", "target_lag", "scheduling_state", "warehouse", "refresh_mode", "cluster_by", "rows")
    }
    assert read == {
        "text": FEATURE_VIEW.replace("ON_CREATE", "'ON_CREATE'"),
        "comment": "it's",
        "target_lag": "1 minute",
        "scheduling_state": "ACTIVE",
        "warehouse": "W",
        "refresh_mode": "INCREMENTAL",
        "cluster_by": "LINEAR(K)",
        "rows": 2,
    }
    assert [(row["name"], row["comment"]) for row in run("DESC DYNAMIC TABLE FV$V1")] == [("K", None), ("TOTAL", "sum")]


@pytest.mark.parametrize(
    ("lag", "shown"),
    [
        ("'1m'", "1 minute"),
        ("'2 minute'", "2 minutes"),
        ("'1D'", "1 day"),
        ("'90 seconds'", "90 seconds"),
        ("downstream", "DOWNSTREAM"),
    ],
)
def test_lags_are_shown_in_words(run: Run, lag: str, shown: str) -> None:
    create(run, "DT", lag, "SELECT V FROM T")
    assert run("SHOW DYNAMIC TABLES LIKE 'DT'")[0]["target_lag"] == shown


def test_rows_stand_until_the_refresh(run: Run) -> None:
    run(FEATURE_VIEW, "INSERT INTO T VALUES ('b', 5)")
    assert run("SELECT TOTAL FROM FV$V1 WHERE K = 'b'") == [{"TOTAL": 2}]
    run("ALTER DYNAMIC TABLE FV$V1 REFRESH")
    assert run("SELECT TOTAL FROM FV$V1 WHERE K = 'b'") == [{"TOTAL": 7}]


def test_refreshes_when_the_lag_reaches_its_target(run: Run, account: Account, clock: TestClock) -> None:
    create(run, "DT", "'5 minutes'", "SELECT COUNT(*) AS N FROM T")
    run("INSERT INTO T VALUES ('c', 3)")
    clock.advance(timedelta(minutes=4))
    scheduler.tick(account)
    assert run("SELECT N FROM DT") == [{"N": 2}]
    clock.advance(timedelta(minutes=1))
    scheduler.tick(account)
    assert run("SELECT N FROM DT") == [{"N": 3}]
    assert [(row["REFRESH_ACTION"], row["REFRESH_TRIGGER"]) for row in history(run, "DT")] == [
        ("REINITIALIZE", "CREATION"),
        ("INCREMENTAL", "SCHEDULED"),
    ]


def test_a_refresh_without_news_says_so(run: Run) -> None:
    run(FEATURE_VIEW, "ALTER DYNAMIC TABLE FV$V1 REFRESH")
    assert history(run, "FV$V1")[-1]["REFRESH_ACTION"] == "NO_DATA"


def test_downstream_follows_its_readers(run: Run, account: Account, clock: TestClock) -> None:
    create(run, "FIRST", "DOWNSTREAM", "SELECT K, V FROM T")
    run("CREATE VIEW BETWEEN_THEM AS SELECT V FROM FIRST")
    create(run, "SECOND", "'5 minutes'", "SELECT SUM(V) AS S FROM BETWEEN_THEM")
    run("INSERT INTO T VALUES ('c', 3)")
    clock.advance(timedelta(minutes=5))
    scheduler.tick(account)
    assert run("SELECT S FROM SECOND") == [{"S": 6}]
    assert len(history(run, "FIRST")) == 2


def test_downstream_alone_waits_for_a_command(run: Run, account: Account, clock: TestClock) -> None:
    create(run, "ALONE", "'DOWNSTREAM'", "SELECT COUNT(*) AS N FROM T")
    run("INSERT INTO T VALUES ('c', 3)")
    clock.advance(timedelta(days=1))
    scheduler.tick(account)
    assert run("SELECT N FROM ALONE") == [{"N": 2}]
    assert run("SHOW DYNAMIC TABLES LIKE 'ALONE'")[0]["target_lag"] == "DOWNSTREAM"


def test_suspended_tables_and_what_reads_them_stand_still(run: Run, account: Account, clock: TestClock) -> None:
    create(run, "FIRST", "'1 minute'", "SELECT K, V FROM T")
    create(run, "SECOND", "'1 minute'", "SELECT COUNT(*) AS N FROM FIRST")
    run("ALTER DYNAMIC TABLE FIRST SUSPEND", "INSERT INTO T VALUES ('c', 3)")
    assert {row["scheduling_state"] for row in run("SHOW DYNAMIC TABLES")} == {"SUSPENDED"}
    clock.advance(timedelta(minutes=2))
    scheduler.tick(account)
    assert run("SELECT N FROM SECOND") == [{"N": 2}]
    run("ALTER DYNAMIC TABLE FIRST RESUME")
    assert {row["scheduling_state"] for row in run("SHOW DYNAMIC TABLES")} == {"ACTIVE"}
    scheduler.tick(account)
    assert run("SELECT N FROM SECOND") == [{"N": 3}]


def test_failures_are_recorded_and_suspend_in_the_end(run: Run, account: Account) -> None:
    create(run, "DT", "'1 minute'", "SELECT V FROM T")
    run("DROP TABLE T")
    scheduler.advance(account, START + timedelta(minutes=10))
    assert [row["STATE"] for row in history(run, "DT")] == ["SUCCEEDED"] + ["FAILED"] * 5
    assert run("SHOW DYNAMIC TABLES")[0]["scheduling_state"] == "SUSPENDED"
    assert len(run("SELECT * FROM DT")) == 2


def test_a_failed_command_is_an_error_and_changes_nothing(run: Run) -> None:
    create(run, "DT", "'1 minute'", "SELECT 10 / V AS X FROM T")
    run("INSERT INTO T VALUES ('z', 0)")
    with pytest.raises(AccountError):
        run("ALTER DYNAMIC TABLE DT REFRESH")
    assert len(run("SELECT * FROM DT")) == 2


def test_changes_its_settings(run: Run) -> None:
    run(
        FEATURE_VIEW,
        "ALTER DYNAMIC TABLE FV$V1 SET TARGET_LAG = '2 minutes' WAREHOUSE = W2 COMMENT = 'n' INITIALIZATION_WAREHOUSE = W",
    )
    [found] = run("SHOW DYNAMIC TABLES")
    assert (found["target_lag"], found["warehouse"], found["comment"], found["initialization_warehouse"]) == (
        "2 minutes",
        "W2",
        "n",
        "W",
    )
    run("ALTER DYNAMIC TABLE FV$V1 UNSET INITIALIZATION_WAREHOUSE")
    assert run("SHOW DYNAMIC TABLES")[0]["initialization_warehouse"] is None


def test_the_shadow_swap_of_an_overwrite(run: Run) -> None:
    """The Feature Store changes a view into a dynamic table by renaming, the dynamic table with ALTER TABLE."""
    run("CREATE VIEW FV$V1 AS SELECT K FROM T")
    with pytest.raises(AccountError):
        run(FEATURE_VIEW.replace("CREATE DYNAMIC", "CREATE OR REPLACE DYNAMIC"))
    run(
        FEATURE_VIEW.replace("FV$V1", '"FV$V1_TMP_TABLE_0a1b2c3d"'),
        'ALTER VIEW IF EXISTS FV$V1 RENAME TO D.S."FV$V1_TMP_VIEW_0a1b2c3d"',
        'ALTER TABLE IF EXISTS "FV$V1_TMP_TABLE_0a1b2c3d" RENAME TO D.S.FV$V1',
        'DROP VIEW IF EXISTS "FV$V1_TMP_VIEW_0a1b2c3d"',
    )
    [found] = run("SHOW DYNAMIC TABLES LIKE 'FV$V1'")
    assert "TMP_TABLE" in found["text"]
    assert run("SELECT SYSTEM$GET_TAG('OBJ', 'FV$V1', 'TABLE') AS X")[0]["X"]
    assert len(run("SELECT * FROM FV$V1")) == 2


def test_on_schedule_has_no_rows_before_its_first_refresh(run: Run, account: Account) -> None:
    run("CREATE DYNAMIC TABLE DT TARGET_LAG = '1 minute' WAREHOUSE = W INITIALIZE = ON_SCHEDULE AS SELECT V FROM T")
    with pytest.raises(AccountError):
        run("SELECT * FROM DT")
    scheduler.tick(account)
    assert len(run("SELECT * FROM DT")) == 2


def test_keeps_equal_rows(run: Run) -> None:
    create(run, "DT", "'1 minute'", "SELECT 1 AS X FROM T")
    run("INSERT INTO T VALUES ('c', 3)", "ALTER DYNAMIC TABLE DT REFRESH")
    assert run("SELECT COUNT(*) AS N FROM DT") == [{"N": 3}]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("CREATE DYNAMIC TABLE X WAREHOUSE = W AS SELECT 1 AS A", 2017),
        ("CREATE DYNAMIC TABLE X TARGET_LAG = '1 minute' AS SELECT 1 AS A", 2017),
        ("CREATE DYNAMIC TABLE X TARGET_LAG = '5 seconds' WAREHOUSE = W AS SELECT 1 AS A", 2755),
        ("CREATE DYNAMIC TABLE X TARGET_LAG = '1 minute' WAREHOUSE = NOBODY AS SELECT 1 AS A", 2003),
        ("CREATE DYNAMIC TABLE X TARGET_LAG = '1 minute' WAREHOUSE = W REFRESH_MODE = SOMETIMES AS SELECT 1 AS A", 1008),
        ("CREATE DYNAMIC TABLE X TARGET_LAG = '1 minute' WAREHOUSE = W REFRESH_MODE = INCREMENTAL AS SELECT V FROM T LIMIT 1", 2),
        ("CREATE DYNAMIC TABLE X TARGET_LAG = '1 minute' WAREHOUSE = W IMMUTABLE WHERE (TRUE) AS SELECT 1 AS A", 1003),
        ("CREATE DYNAMIC TABLE T TARGET_LAG = '1 minute' WAREHOUSE = W AS SELECT 1 AS A", 2002),
        ("CREATE OR REPLACE DYNAMIC TABLE T TARGET_LAG = '1 minute' WAREHOUSE = W AS SELECT 1 AS A", 2002),
        ("CREATE DYNAMIC ICEBERG TABLE X TARGET_LAG = '1 minute' WAREHOUSE = W AS SELECT 1 AS A", 1003),
        ("ALTER DYNAMIC TABLE NOBODY REFRESH", 2003),
        ("ALTER DYNAMIC TABLE T REFRESH", 2203),
        ("DROP DYNAMIC TABLE T", 2203),
    ],
)
def test_refuses(run: Run, text: str, number: int) -> None:
    with pytest.raises(AccountError) as refusal:
        run(text)
    assert refusal.value.number == number


@pytest.mark.parametrize(
    ("text", "obstacle"),
    [
        ("SELECT a, SUM(b) FROM t GROUP BY a", None),
        ("SELECT a, AVG(b) OVER (PARTITION BY a ORDER BY c) FROM t", None),
        ("WITH x AS (SELECT * FROM t) SELECT * FROM x JOIN u ON x.a = u.a", None),
        ("SELECT * FROM (SELECT a FROM t UNION ALL SELECT a FROM u)", None),
        ("SELECT * FROM t LIMIT 5", "LIMIT"),
        ("SELECT a FROM t EXCEPT SELECT a FROM u", "EXCEPT or MINUS"),
        ("SELECT a, (SELECT MAX(b) FROM u) FROM t", "scalar subquery"),
        ("SELECT RANDOM() FROM t", "RANDOM"),
        ("SELECT * FROM t ASOF JOIN u MATCH_CONDITION (t.a >= u.a) ON t.b = u.b", "ASOF JOIN"),
    ],
)
def test_tells_which_queries_cannot_refresh_incrementally(text: str, obstacle: str | None) -> None:
    assert incremental_obstacle(parse(text)) == obstacle


def test_behind_a_failure_nothing_is_refreshed_and_what_stands_before_it_is(run: Run, account: Account) -> None:
    create(run, "FIRST", "DOWNSTREAM", "SELECT K, V FROM T")
    create(run, "BROKEN", "DOWNSTREAM", "SELECT K, 10 / V AS X FROM FIRST")
    create(run, "LAST", "'1 minute'", "SELECT COUNT(*) AS N FROM BROKEN")
    run("INSERT INTO T VALUES ('z', 0)")
    scheduler.advance(account, START + timedelta(minutes=1))
    found = {name: history(run, name)[-1] for name in ("FIRST", "BROKEN", "LAST")}
    assert {name: row["STATE"] for name, row in found.items()} == {
        "FIRST": "SUCCEEDED",
        "BROKEN": "FAILED",
        "LAST": "UPSTREAM_FAILED",
    }
    [why] = run(
        "SELECT STATE_MESSAGE FROM TABLE(INFORMATION_SCHEMA.DYNAMIC_TABLE_REFRESH_HISTORY(ERROR_ONLY => TRUE)) WHERE NAME = 'BROKEN'"
    )
    assert "zero" in why["STATE_MESSAGE"]
    assert len(run("SELECT * FROM FIRST")) == 3
    run("DELETE FROM T WHERE V = 0")
    scheduler.advance(account, START + timedelta(minutes=2))
    assert [history(run, name)[-1]["STATE"] for name in ("FIRST", "BROKEN", "LAST")] == ["SUCCEEDED"] * 3


def test_the_graph_tells_what_reads_what(run: Run, clock: TestClock) -> None:
    create(run, "FIRST", "DOWNSTREAM", "SELECT K, V FROM T")
    run("CREATE VIEW SEEN AS SELECT K FROM FIRST")
    create(run, "SECOND", "'2 minutes'", "SELECT K FROM SEEN")
    clock.advance(timedelta(minutes=1))
    run("ALTER DYNAMIC TABLE SECOND SET TARGET_LAG = '3 minutes'", "ALTER DYNAMIC TABLE SECOND SUSPEND")
    first, second = run("SELECT * FROM TABLE(INFORMATION_SCHEMA.DYNAMIC_TABLE_GRAPH_HISTORY()) ORDER BY NAME")
    assert (first["TARGET_LAG_TYPE"], first["TARGET_LAG_SEC"], json.loads(first["ALTER_TRIGGER"])) == (
        "DOWNSTREAM",
        None,
        ["CREATE_DYNAMIC_TABLE"],
    )
    assert [one["kind"] for one in json.loads(first["INPUTS"])] == ["TABLE"]
    read = {one["name"].split(".")[-1]: one["kind"] for one in json.loads(second["INPUTS"])}
    assert (read["SEEN"], read["FIRST"]) == ("VIEW", "DYNAMIC TABLE")
    assert (second["TARGET_LAG_SEC"], second["VALID_FROM"] - first["VALID_FROM"]) == (180, timedelta(minutes=1))
    state = json.loads(second["SCHEDULING_STATE"])
    assert (state["state"], state["reason_code"]) == ("SUSPENDED", "USER_SUSPENDED")
