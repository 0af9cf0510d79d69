from __future__ import annotations

import json

import pytest

from mlops_local.account.errors import AccountError
from tests.account.tasks.conftest import Run

REFUSALS = [
    ("CREATE TASK X WAREHOUSE = W SCHEDULE = 'NOW' AS SELECT 1", 1008, "SCHEDULE"),
    ("CREATE TASK X WAREHOUSE = NOBODY SCHEDULE = '5 MINUTE' AS SELECT 1", 2003, "NOBODY"),
    ("CREATE TASK X WAREHOUSE = W ERROR_INTEGRATION = I AS SELECT 1", 2, "ERROR_INTEGRATION"),
    ("CREATE TASK X WAREHOUSE = W AFTER NOBODY AS SELECT 1", 2003, "NOBODY"),
    ("CREATE TASK X WAREHOUSE = W CONFIG = 'no json' AS SELECT 1", 1008, "CONFIG"),
    ("CREATE TASK X WAREHOUSE = W", 1003, "unexpected"),
    ("CREATE TEMPORARY TASK X WAREHOUSE = W AS SELECT 1", 2, "TEMPORARY TASK"),
    ("CREATE TASK X WAREHOUSE = W SCHEDULE = '5 MINUTE' SCHEDULE = '5 MINUTE' AS SELECT 1", 1003, "duplicate"),
    ("ALTER TASK NOBODY RESUME", 2003, "NOBODY"),
    ("EXECUTE TASK NOBODY", 2003, "NOBODY"),
    ("ALTER TASK ROOT SET COLOUR = 'RED'", 2, "COLOUR"),
    ("ALTER TASK ROOT ADD AFTER CHILD", 91406, "predecessor"),
    ("ALTER TASK CHILD ADD AFTER CHILD", 91407, "cycle"),
    ("ALTER TASK CHILD SET SCHEDULE = '5 MINUTE'", 91406, "schedule"),
    ("ALTER TASK CHILD ADD AFTER OTHER", 91408, "2 root tasks"),
    ("EXECUTE TASK CHILD", 91093, "root tasks only"),
    ("EXECUTE TASK ROOT AWAIT", 2, "AWAIT"),
    ("CREATE TASK X WAREHOUSE = W WHEN (SELECT TRUE) AS SELECT 1", 2, "task condition expression"),
    ("CREATE TASK X WAREHOUSE = W WHEN CURRENT_ROLE() = 'R' AS SELECT 1", 2, "task condition expression"),
    ("CREATE TASK X WAREHOUSE = W WHEN A > 1 AS SELECT 1", 2, "task condition expression"),
    ("CREATE TASK X WAREHOUSE = W WHEN 1 = AS SELECT 1", 1003, "syntax error"),
    ("CREATE TASK X WAREHOUSE = W AS", 1003, "EOF"),
    ("ALTER TASK OTHER MODIFY WHEN RANDOM() > 1", 2, "task condition expression"),
    ("CREATE TASK X WAREHOUSE = W TASK_AUTO_RETRY_ATTEMPTS = 31 AS SELECT 1", 1008, "TASK_AUTO_RETRY_ATTEMPTS"),
    ("CREATE TASK X WAREHOUSE = W USER_TASK_MINIMUM_TRIGGER_INTERVAL_IN_SECONDS = 5 AS SELECT 1", 1008, "TRIGGER_INTERVAL"),
    ("CREATE TASK X TARGET_COMPLETION_INTERVAL = 'SOON' AS SELECT 1", 1008, "TARGET_COMPLETION_INTERVAL"),
    ("ALTER TASK CHILD SET TASK_AUTO_RETRY_ATTEMPTS = 1", 91406, "root task only"),
    ("ALTER TASK CHILD SET CONFIG = '{}'", 91406, "root task only"),
    ("CREATE TASK X WAREHOUSE = W FINALIZE = CHILD AS SELECT 1", 91409, "must be a root task"),
    ("ALTER TASK CHILD SET FINALIZE = OTHER", 91409, "no predecessors"),
    ("ALTER TASK CHILD SET", 1003, "unexpected"),
    ("CREATE TASK X CLONE NOBODY", 2003, "NOBODY"),
    ("CREATE OR ALTER TASK CHILD WAREHOUSE = W AFTER NOBODY AS SELECT 1", 2003, "NOBODY"),
    ("CREATE OR ALTER STREAM X ON TABLE LOG", 2, "CREATE OR ALTER STREAM"),
    ("SELECT SYSTEM$USER_TASK_CANCEL_ONGOING_EXECUTIONS('NOBODY')", 2003, "NOBODY"),
]


@pytest.fixture
def graph(run: Run) -> None:
    run(
        "CREATE TASK ROOT WAREHOUSE = W SCHEDULE = '5 MINUTE' AS SELECT 1",
        "CREATE TASK CHILD WAREHOUSE = W AFTER ROOT AS SELECT 2",
        "CREATE TASK OTHER WAREHOUSE = W SCHEDULE = '5 MINUTE' AS SELECT 3",
    )


@pytest.mark.usefixtures("graph")
@pytest.mark.parametrize(("text", "number", "word"), REFUSALS)
def test_refuses(run: Run, text: str, number: int, word: str) -> None:
    with pytest.raises(AccountError, match=word) as refusal:
        run(text)
    assert refusal.value.number == number
    assert {row["name"] for row in run("SHOW TASKS")} == {"ROOT", "CHILD", "OTHER"}


def test_a_task_is_created_suspended_and_keeps_its_body_verbatim(run: Run) -> None:
    body = "INSERT INTO LOG\n  SELECT 'a;b', /* why */ CURRENT_TIMESTAMP()"
    run(
        f"CREATE TASK T WAREHOUSE = W SCHEDULE = 'USING CRON 0 4 * * * UTC' CONFIG = '{{\"a\": 1}}' COMMENT = 'it''s' "
        f"ALLOW_OVERLAPPING_EXECUTION = TRUE USER_TASK_TIMEOUT_MS = 1000 WHEN 1 = 1 AND (2 > 1) AS {body}"
    )
    [task] = run("SHOW TASKS LIKE 't' IN SCHEMA D.S")
    assert task["definition"] == body
    assert (task["state"], task["schedule"], task["condition"]) == ("suspended", "USING CRON 0 4 * * * UTC", "1 = 1 AND (2 > 1)")
    assert (task["warehouse"], task["comment"], task["config"]) == ("W", "it's", '{"a": 1}')
    assert task["allow_overlapping_execution"] == "true"
    assert run("DESC TASK T") == [task]


def test_a_block_is_one_body(run: Run) -> None:
    body = "BEGIN\n  IF (1 = 1) THEN\n    SELECT 1;\n  END IF;\n  SELECT CASE WHEN TRUE THEN 1 END;\nEND"
    run(f"CREATE TASK T WAREHOUSE = W AS {body};")
    assert run("SHOW TASKS")[0]["definition"] == body


@pytest.mark.usefixtures("graph")
def test_changes_properties(run: Run) -> None:
    run(
        "ALTER TASK OTHER SET SCHEDULE = '10 MINUTE', COMMENT = 'new' SUSPEND_TASK_AFTER_NUM_FAILURES = 2",
        "ALTER TASK OTHER MODIFY AS SELECT 30",
        "ALTER TASK OTHER MODIFY WHEN 1 = 2",
        "ALTER TASK OTHER SET QUERY_TAG = 'nightly'",
    )
    [other] = run("SHOW TASKS LIKE 'OTHER'")
    assert (other["schedule"], other["comment"], other["definition"], other["condition"]) == (
        "10 MINUTE",
        "new",
        "SELECT 30",
        "1 = 2",
    )
    run("ALTER TASK OTHER UNSET SCHEDULE, COMMENT", "ALTER TASK OTHER REMOVE WHEN")
    [other] = run("SHOW TASKS LIKE 'OTHER'")
    assert (other["schedule"], other["comment"], other["condition"]) == (None, "", None)


@pytest.mark.usefixtures("graph")
def test_nothing_in_a_graph_changes_while_its_root_is_started(run: Run) -> None:
    run("ALTER TASK ROOT RESUME")
    for text in (
        "ALTER TASK CHILD RESUME",
        "ALTER TASK CHILD SUSPEND",
        "ALTER TASK ROOT SET SCHEDULE = '9 MINUTE'",
        "DROP TASK CHILD",
        "CREATE TASK LATE WAREHOUSE = W AFTER CHILD AS SELECT 1",
    ):
        with pytest.raises(AccountError, match=r"root task D\.S\.ROOT since that root task is not suspended"):
            run(text)
    run("ALTER TASK ROOT SUSPEND", "ALTER TASK CHILD RESUME")
    assert run("SHOW TASKS LIKE 'CHILD'")[0]["state"] == "started"


@pytest.mark.usefixtures("graph")
def test_predecessors_are_listed_and_go_with_a_dropped_task(run: Run) -> None:
    run("CREATE TASK LAST WAREHOUSE = W AFTER ROOT, CHILD AS SELECT 1")
    [last] = run("SHOW TASKS LIKE 'LAST'")
    assert json.loads(last["predecessors"]) == ["D.S.ROOT", "D.S.CHILD"]
    run("ALTER TASK LAST REMOVE AFTER ROOT", "DROP TASK CHILD")
    assert json.loads(run("SHOW TASKS LIKE 'LAST'")[0]["predecessors"]) == []


@pytest.mark.usefixtures("graph")
def test_replaces_and_keeps(run: Run) -> None:
    assert run("CREATE TASK IF NOT EXISTS ROOT WAREHOUSE = W AS SELECT 9")[0]["status"].endswith(
        "already exists, statement succeeded."
    )
    with pytest.raises(AccountError) as refusal:
        run("CREATE TASK ROOT WAREHOUSE = W AS SELECT 9")
    assert refusal.value.number == 2002
    run("CREATE OR REPLACE TASK ROOT WAREHOUSE = W SCHEDULE = '7 MINUTE' AS SELECT 9")
    assert run("SHOW TASKS LIKE 'ROOT'")[0]["definition"] == "SELECT 9"
    assert run("DROP TASK IF EXISTS NOBODY")[0]["status"] == "Drop statement executed successfully (NOBODY already dropped)."
    assert run("ALTER TASK IF EXISTS NOBODY SUSPEND")[0]["status"] == "Statement executed successfully."


def test_create_or_alter_makes_a_task_what_the_statement_says(run: Run) -> None:
    text = "CREATE OR ALTER TASK T WAREHOUSE = W SCHEDULE = '5 MINUTE' COMMENT = 'c' CONFIG = '{{}}' WHEN 1 = 1 AS SELECT {}"
    assert run(text.format(1))[0]["status"] == "Task T successfully created."
    [before] = run("SHOW TASKS")
    assert run("CREATE OR ALTER TASK T SCHEDULE = '6 MINUTE' AS SELECT 2")[0]["status"] == "Task T successfully altered."
    [after] = run("SHOW TASKS")
    changed = {
        "definition": "SELECT 2",
        "schedule": "6 MINUTE",
        "warehouse": None,
        "comment": "",
        "config": None,
        "condition": None,
    }
    assert after == {**before, **changed}
    run("ALTER TASK T RESUME")
    with pytest.raises(AccountError, match="not suspended"):
        run(text.format(3))
    assert run("SHOW TASKS")[0]["state"] == "started"


@pytest.mark.usefixtures("graph")
def test_a_clone_is_a_suspended_copy(run: Run) -> None:
    run("ALTER TASK CHILD SET COMMENT = 'c'", "ALTER TASK CHILD RESUME", "CREATE TASK COPY CLONE CHILD")
    [child], [copy] = run("SHOW TASKS LIKE 'CHILD'"), run("SHOW TASKS LIKE 'COPY'")
    own = {"name", "id", "state", "last_committed_on"}
    assert {key: copy[key] for key in copy if key not in own} == {key: child[key] for key in child if key not in own}
    assert (copy["state"], copy["last_committed_on"], json.loads(copy["predecessors"])) == ("suspended", None, ["D.S.ROOT"])


@pytest.mark.usefixtures("graph")
def test_tells_what_belongs_together(run: Run) -> None:
    run("CREATE TASK FIN WAREHOUSE = W FINALIZE = ROOT AS SELECT 1")
    related = {row["name"]: json.loads(row["task_relations"]) for row in run("SHOW TASKS")}
    assert related == {
        "ROOT": {"Predecessors": [], "FinalizerTask": "D.S.FIN"},
        "CHILD": {"Predecessors": ["D.S.ROOT"]},
        "OTHER": {"Predecessors": []},
        "FIN": {"Predecessors": [], "FinalizedRootTask": "D.S.ROOT"},
    }
    assert [row["name"] for row in run("SHOW TASKS IN SCHEMA D.S ROOT ONLY LIMIT 5")] == ["OTHER", "ROOT"]
    with pytest.raises(AccountError, match="'FIN' is one already"):
        run("CREATE TASK FIN2 WAREHOUSE = W FINALIZE = ROOT AS SELECT 1")


def test_a_root_that_nothing_would_start_cannot_be_resumed(run: Run) -> None:
    run("CREATE TASK T AS SELECT 1")
    with pytest.raises(AccountError, match="needs a schedule or a condition") as refusal:
        run("ALTER TASK T RESUME")
    assert refusal.value.number == 91087


def test_a_started_task_is_not_changed(run: Run) -> None:
    run("CREATE TASK T SCHEDULE = '5 MINUTE' AS SELECT 1", "ALTER TASK T RESUME")
    with pytest.raises(AccountError, match="not suspended"):
        run("ALTER TASK T SET SCHEDULE = '6 MINUTE'")
    run("ALTER TASK T SUSPEND", "ALTER TASK T SET SCHEDULE = '6 MINUTE'", "ALTER TASK T RESUME", "DROP TASK T")


def test_the_feature_stores_statements_for_a_scheduled_refresh(run: Run) -> None:
    run(
        "CREATE TAG D.S.OBJ",
        "CREATE OR REPLACE TASK D.S.FV$V1 WAREHOUSE = W SCHEDULE = 'USING CRON 0 * * * * UTC' AS ALTER DYNAMIC TABLE D.S.FV$V1 REFRESH",
        """ALTER TASK D.S.FV$V1 SET TAG D.S.OBJ='{"type": "TASK"}'""",
        "ALTER TASK D.S.FV$V1 RESUME",
        "ALTER TASK IF EXISTS D.S.FV$V1 SUSPEND",
        "ALTER TASK D.S.FV$V1 SET SCHEDULE = 'USING CRON 5 * * * * UTC'",
    )
    [task] = run("SHOW TASKS LIKE 'FV$V1' IN SCHEMA D.S")
    assert (task["schedule"], task["state"]) == ("USING CRON 5 * * * * UTC", "suspended")


def test_the_owner_must_have_the_privilege_to_run_tasks(run: Run) -> None:
    run(
        "CREATE ROLE R",
        "GRANT ROLE R TO USER ADMIN",
        "GRANT USAGE ON DATABASE D TO ROLE R",
        "GRANT USAGE, CREATE TASK ON SCHEMA D.S TO ROLE R",
        "GRANT USAGE ON WAREHOUSE W TO ROLE R",
        "USE ROLE R",
        "CREATE TASK T WAREHOUSE = W SCHEDULE = '5 MINUTE' AS SELECT 1",
    )
    for text in ("ALTER TASK T RESUME", "EXECUTE TASK T"):
        with pytest.raises(AccountError, match="EXECUTE TASK privilege must be granted to owner role") as refusal:
            run(text)
        assert refusal.value.number == 91089
    run("USE ROLE ACCOUNTADMIN", "GRANT EXECUTE TASK ON ACCOUNT TO ROLE R", "ALTER TASK T RESUME", "EXECUTE TASK T")
    assert run("SHOW TASKS")[0]["state"] == "started"
