from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mlops_local.account.account import Account
from mlops_local.account.clock import TestClock
from mlops_local.account.errors import AccountError
from mlops_local.account.scheduling import scheduler
from mlops_local.account.session.session import Session
from tests.account.tasks.conftest import Run

Seen = list[tuple[Any, ...]]


@pytest.fixture(autouse=True)
def table(run: Run) -> None:
    run(
        "CREATE TABLE T (K VARCHAR, V INT)",
        "INSERT INTO T VALUES ('a', 1), ('b', 2)",
        "CREATE STREAM ST ON TABLE T",
        "CREATE TABLE SINK (K VARCHAR, V INT)",
    )


def seen(run: Run, stream: str = "ST") -> Seen:
    rows = run(f"SELECT K, V, METADATA$ACTION, METADATA$ISUPDATE FROM {stream}")
    return sorted(tuple(row.values()) for row in rows)


def has_data(run: Run, stream: str = "ST") -> bool:
    [row] = run(f"SELECT SYSTEM$STREAM_HAS_DATA('{stream}') AS X")
    return bool(row["X"])


def test_begins_empty(run: Run) -> None:
    assert seen(run) == []
    assert not has_data(run)


def test_shows_inserts_updates_and_deletes(run: Run) -> None:
    run("INSERT INTO T VALUES ('c', 3)", "UPDATE T SET V = 10 WHERE K = 'a'", "DELETE FROM T WHERE K = 'b'")
    assert seen(run) == [
        ("a", 1, "DELETE", True),
        ("a", 10, "INSERT", True),
        ("b", 2, "DELETE", False),
        ("c", 3, "INSERT", False),
    ]
    assert has_data(run)


def test_both_halves_of_an_update_have_one_row_id(run: Run) -> None:
    run("UPDATE T SET V = V + 10")
    rows = run("SELECT K, METADATA$ACTION AS A, METADATA$ROW_ID AS ID FROM ST")
    ids = {row["K"]: {other["ID"] for other in rows if other["K"] == row["K"]} for row in rows}
    assert {key: len(found) for key, found in ids.items()} == {"a": 1, "b": 1}
    assert len({row["ID"] for row in rows}) == 2


def test_what_cancels_out_does_not_show(run: Run) -> None:
    run("INSERT INTO T VALUES ('c', 3)", "UPDATE T SET V = 4 WHERE K = 'c'", "DELETE FROM T WHERE K = 'c'", "UPDATE T SET V = V")
    assert seen(run) == []


def test_a_merge_shows_what_it_did(run: Run) -> None:
    run(
        "MERGE INTO T USING (SELECT 'a' AS K, 5 AS V UNION ALL SELECT 'z', 9) S ON T.K = S.K "
        "WHEN MATCHED THEN UPDATE SET V = S.V WHEN NOT MATCHED THEN INSERT (K, V) VALUES (S.K, S.V)"
    )
    assert seen(run) == [("a", 1, "DELETE", True), ("a", 5, "INSERT", True), ("z", 9, "INSERT", False)]


def test_truncate_and_overwrite_show(run: Run) -> None:
    run("TRUNCATE TABLE T")
    assert seen(run) == [("a", 1, "DELETE", False), ("b", 2, "DELETE", False)]
    run("INSERT OVERWRITE INTO T SELECT 'n', 7")
    assert seen(run) == [("a", 1, "DELETE", False), ("b", 2, "DELETE", False), ("n", 7, "INSERT", False)]


def test_reading_does_not_consume(run: Run) -> None:
    run("INSERT INTO T VALUES ('c', 3)")
    assert seen(run) == seen(run) != []


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO SINK SELECT K, V FROM ST",
        "CREATE TABLE COPY AS SELECT * FROM ST",
        "MERGE INTO SINK USING ST ON SINK.K = ST.K WHEN NOT MATCHED THEN INSERT (K, V) VALUES (ST.K, ST.V)",
        "INSERT INTO SINK SELECT K, V FROM (SELECT * FROM ST WHERE 1 = 2)",
        "DELETE FROM SINK USING ST WHERE SINK.K = ST.K",
        "UPDATE SINK SET V = 0 FROM ST WHERE SINK.K = ST.K",
    ],
)
def test_dml_consumes(run: Run, statement: str) -> None:
    run("INSERT INTO T VALUES ('c', 3)", statement)
    assert seen(run) == []
    run("INSERT INTO T VALUES ('d', 4)")
    assert seen(run) == [("d", 4, "INSERT", False)]


def test_a_failed_statement_does_not_consume(run: Run) -> None:
    run("INSERT INTO T VALUES ('c', 3)")
    with pytest.raises(AccountError):
        run("INSERT INTO SINK SELECT K FROM ST")
    assert len(seen(run)) == 1


def test_consumes_with_its_transaction(run: Run) -> None:
    run("INSERT INTO T VALUES ('c', 3)", "BEGIN", "INSERT INTO SINK SELECT K, V FROM ST", "ROLLBACK")
    assert len(seen(run)) == 1
    run("BEGIN", "INSERT INTO SINK SELECT K, V FROM ST", "COMMIT")
    assert seen(run) == []
    assert run("SELECT * FROM SINK") == [{"K": "c", "V": 3}]


def test_all_reads_of_a_transaction_see_the_same_changes(run: Run) -> None:
    run("INSERT INTO T VALUES ('c', 3)", "BEGIN")
    before = seen(run)
    run("INSERT INTO SINK SELECT K, V FROM ST", "INSERT INTO T VALUES ('d', 4)")
    assert seen(run) == before
    run("INSERT INTO SINK SELECT K, V FROM ST", "COMMIT")
    assert seen(run) == [("d", 4, "INSERT", False)]
    assert len(run("SELECT * FROM SINK")) == 2


def test_a_transaction_does_not_see_its_own_changes_in_a_stream(run: Run) -> None:
    run("INSERT INTO T VALUES ('c', 3)", "BEGIN", "INSERT INTO T VALUES ('d', 4)")
    assert seen(run) == [("c", 3, "INSERT", False)]
    run("INSERT INTO SINK SELECT K, V FROM ST", "COMMIT")
    assert seen(run) == [("d", 4, "INSERT", False)]


def test_changes_that_all_streams_have_consumed_are_forgotten(run: Run, session: Session) -> None:
    table = session.get("TABLE", ("T",))

    def kept() -> int:
        return int(session.connection.fetch(f"SELECT count(*) FROM main.c{table.id}")[0][0])

    run("CREATE STREAM OTHER ON TABLE T", "INSERT INTO T VALUES ('c', 3)", "INSERT INTO SINK SELECT K, V FROM ST")
    assert kept() == 1
    run("INSERT INTO SINK SELECT K, V FROM OTHER")
    assert kept() == 0
    run("INSERT INTO T VALUES ('d', 4)", "CREATE STREAM LATE ON TABLE T")
    assert (len(seen(run)), len(seen(run, "OTHER")), len(seen(run, "LATE"))) == (1, 1, 0)


def test_two_streams_move_apart(run: Run) -> None:
    run("CREATE STREAM OTHER ON TABLE T", "INSERT INTO T VALUES ('c', 3)", "INSERT INTO SINK SELECT K, V FROM ST")
    assert (seen(run), len(seen(run, "OTHER"))) == ([], 1)


def test_append_only_tells_inserted_rows_only(run: Run) -> None:
    run(
        "CREATE STREAM APPENDED ON TABLE T APPEND_ONLY = TRUE",
        "INSERT INTO T VALUES ('c', 3)",
        "UPDATE T SET V = 0",
        "DELETE FROM T WHERE K = 'c'",
    )
    assert seen(run, "APPENDED") == [("c", 3, "INSERT", False)]


@pytest.mark.parametrize("mode", ["", "APPEND_ONLY = TRUE"])
def test_initial_rows_show_until_the_first_consumption(run: Run, mode: str) -> None:
    run(f"CREATE STREAM FIRST_ROWS ON TABLE T {mode} SHOW_INITIAL_ROWS = TRUE", "INSERT INTO T VALUES ('c', 3)")
    assert seen(run, "FIRST_ROWS") == [("a", 1, "INSERT", False), ("b", 2, "INSERT", False), ("c", 3, "INSERT", False)]
    run("INSERT INTO SINK SELECT K, V FROM FIRST_ROWS")
    assert seen(run, "FIRST_ROWS") == []


def test_a_star_has_the_metadata_columns_last(run: Run) -> None:
    run("INSERT INTO T VALUES ('c', 3)")
    assert list(run("SELECT * FROM ST")[0]) == ["K", "V", "METADATA$ACTION", "METADATA$ISUPDATE", "METADATA$ROW_ID"]


def test_a_stream_whose_table_is_gone_is_stale(run: Run) -> None:
    run("CREATE OR REPLACE TABLE T (K VARCHAR, V INT)")
    [stream] = run("SHOW STREAMS LIKE 'ST'")
    assert stream["stale"] == "true"
    with pytest.raises(AccountError, match=r"Base table 'D\.S\.T' dropped, cannot read from stream 'ST'"):
        run("SELECT * FROM ST")


def test_a_renamed_table_keeps_its_stream(run: Run) -> None:
    run("ALTER TABLE T RENAME TO T2", "INSERT INTO T2 VALUES ('c', 3)")
    assert seen(run) == [("c", 3, "INSERT", False)]
    assert run("DESC STREAM ST")[0]["table_name"] == "D.S.T2"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("CREATE STREAM X ON VIEW V", "VIEW"),
        ("CREATE STREAM X ON TABLE NOBODY", "NOBODY"),
        ("CREATE STREAM ST ON TABLE T", "exists"),
        ("CREATE STREAM X ON TABLE T INSERT_ONLY = TRUE", "INSERT_ONLY"),
        ("CREATE STREAM X ON TABLE T AT (OFFSET => -60)", "AT"),
    ],
)
def test_refuses(run: Run, text: str, word: str) -> None:
    with pytest.raises(AccountError, match=word):
        run(text)


def test_a_stream_on_a_dynamic_table_tells_what_refreshes_change(run: Run) -> None:
    run(
        "CREATE DYNAMIC TABLE DT TARGET_LAG = '1 hour' WAREHOUSE = W AS SELECT K, SUM(V) AS V FROM T GROUP BY K",
        "CREATE STREAM DS ON DYNAMIC TABLE DT",
        "INSERT INTO T VALUES ('a', 10), ('c', 3)",
    )
    assert seen(run, "DS") == []
    run("ALTER DYNAMIC TABLE DT REFRESH")
    assert seen(run, "DS") == [("a", 1, "DELETE", False), ("a", 11, "INSERT", False), ("c", 3, "INSERT", False)]
    assert has_data(run, "DS")
    run("INSERT INTO SINK SELECT K, V FROM DS WHERE METADATA$ACTION = 'INSERT'", "ALTER DYNAMIC TABLE DT REFRESH")
    assert seen(run, "DS") == []
    assert {row["name"]: row["source_type"] for row in run("SHOW STREAMS")} == {"DS": "Dynamic Table", "ST": "Table"}
    run("CREATE DYNAMIC TABLE WHOLE TARGET_LAG = '1 hour' WAREHOUSE = W REFRESH_MODE = FULL AS SELECT K FROM T")
    for text in ("ON DYNAMIC TABLE WHOLE", "ON DYNAMIC TABLE DT APPEND_ONLY = TRUE", "ON TABLE DT", "ON DYNAMIC TABLE T"):
        with pytest.raises(AccountError, match=r"dynamic table|DYNAMIC TABLE"):
            run(f"CREATE STREAM X {text}")


def test_shows_and_drops(run: Run) -> None:
    [stream] = run("SHOW STREAMS IN SCHEMA D.S")
    assert (stream["name"], stream["table_name"], stream["mode"], stream["type"], stream["stale"]) == (
        "ST",
        "D.S.T",
        "DEFAULT",
        "DELTA",
        "false",
    )
    run("ALTER STREAM ST SET COMMENT = 'c'")
    assert run("DESC STREAM ST")[0]["comment"] == "c"
    run("CREATE OR REPLACE STREAM ST ON TABLE T", "DROP STREAM ST", "DROP STREAM IF EXISTS ST")
    assert run("SHOW STREAMS") == []


def test_a_task_that_waits_for_the_stream_runs_once_per_change(run: Run, account: Account, clock: TestClock) -> None:
    run(
        "CREATE TASK RETRAIN WAREHOUSE = W SCHEDULE = '1 MINUTE' WHEN SYSTEM$STREAM_HAS_DATA('ST') AS INSERT INTO SINK SELECT K, V FROM ST",
        "ALTER TASK RETRAIN RESUME",
        "INSERT INTO T VALUES ('c', 3)",
    )
    scheduler.advance(account, clock.now() + timedelta(minutes=3))
    assert run("SELECT * FROM SINK") == [{"K": "c", "V": 3}]
    history = run("SELECT STATE FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY(TASK_NAME => 'RETRAIN')) ORDER BY SCHEDULED_TIME")
    assert [row["STATE"] for row in history] == ["SUCCEEDED", "SKIPPED", "SKIPPED", "SCHEDULED"]


def test_a_triggered_task_needs_no_schedule(run: Run, account: Account, clock: TestClock) -> None:
    run(
        "CREATE TASK TRIGGERED WAREHOUSE = W WHEN SYSTEM$STREAM_HAS_DATA('ST') AS INSERT INTO SINK SELECT K, V FROM ST",
        "ALTER TASK TRIGGERED RESUME",
    )
    assert scheduler.tick(account) == []
    run("INSERT INTO T VALUES ('c', 3)")
    assert len(scheduler.tick(account)) == 1
    clock.advance(timedelta(minutes=1))
    assert scheduler.tick(account) == []
