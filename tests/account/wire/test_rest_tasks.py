"""Tasks and graphs by snowflake.core's classes, which speak the REST API."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.core import CreateMode, Root
from snowflake.core.exceptions import APIError, ConflictError, NotFoundError
from snowflake.core.schema import SchemaResource
from snowflake.core.task import Cron, Task, TaskCollection
from snowflake.core.task.context import TaskContext
from snowflake.core.task.dagv1 import DAG, DAGOperation, DAGTask, DAGTaskBranch
from snowflake.snowpark import Session as Snowpark

from mlops_local.account.scheduling import scheduler
from mlops_local.account.wire.server import Server
from tests.account.conftest import Ask


@pytest.fixture(scope="module")
def schema(client: SnowflakeConnection, ask: Ask) -> SchemaResource:
    return Root(client).databases[ask("SELECT CURRENT_DATABASE()")[0][0]].schemas["S"]


@pytest.fixture
def tasks(schema: SchemaResource) -> Iterator[TaskCollection]:
    yield schema.tasks
    for task in schema.tasks.iter():
        schema.tasks[task.name].drop()


def test_a_task_comes_back_as_it_was_made(tasks: TaskCollection) -> None:
    made = Task(
        "t",
        "select 'it''s'",
        warehouse="SHARED_WH",
        schedule=Cron("0 4 * * *", "Europe/Berlin"),
        condition="1 = 1",
        config={"a": "c'\\", "b": 2},
        comment="it's",
        session_parameters={"QUERY_TAG": "nightly"},
        allow_overlapping_execution=True,
        user_task_timeout_ms=60_000,
        suspend_task_after_num_failures=3,
        task_auto_retry_attempts=2,
    )
    found = tasks.create(made).fetch()
    sent = made.to_dict(hide_readonly_properties=True)
    assert {key: value for key, value in found.to_dict().items() if key in sent} == {**sent, "name": "T"}
    assert (found.state, found.owner, found.schema_name) == ("suspended", "ACCOUNTADMIN", "S")


def test_create_modes(tasks: TaskCollection) -> None:
    tasks.create(Task("T", "select 1", schedule=timedelta(minutes=5)))
    with pytest.raises(ConflictError):
        tasks.create(Task("T", "select 2"))
    tasks.create(Task("T", "select 2"), mode=CreateMode.if_not_exists)
    assert tasks["T"].fetch().definition == "select 1"
    tasks.create(Task("T", "select 3"), mode=CreateMode.or_replace)
    assert (tasks["T"].fetch().definition, tasks["T"].fetch().schedule) == ("select 3", None)


def test_create_or_alter_and_the_state_of_a_task(tasks: TaskCollection) -> None:
    task = tasks.create(Task("T", "select 1", schedule=timedelta(minutes=5), comment="c"))
    changed = task.fetch()
    changed.definition, changed.comment = "select 2", None
    task.create_or_alter(changed)
    assert (task.fetch().definition, task.fetch().comment) == ("select 2", "")
    task.resume()
    assert task.fetch().state == "started"
    task.suspend()
    assert task.fetch().state == "suspended"
    task.drop()
    task.drop(if_exists=True)
    with pytest.raises(NotFoundError):
        task.drop()


def test_lists_tasks(tasks: TaskCollection) -> None:
    for name, before in (("A1", None), ("A2", ["A1"]), ("B1", None)):
        tasks.create(Task(name, "select 1", predecessors=before))
    assert [task.name for task in tasks.iter(like="a%")] == ["A1", "A2"]
    assert [task.name for task in tasks.iter(root_only=True)] == ["A1", "B1"]
    assert [task.name for task in tasks.iter(starts_with="A", limit=1, from_name="A1")] == ["A2"]
    assert {task.name for task in tasks["A1"].fetch_task_dependents()} == {"A1", "A2"}


@pytest.mark.parametrize(
    ("task", "word"),
    [
        (Task("T", "select 1", error_integration="I"), "ERROR_INTEGRATION"),
        (Task("T", "select 1", warehouse="NOBODY"), "NOBODY"),
        (Task("T", "select 1", condition="(select true)"), "task condition"),
        (Task("T x", "select 1"), "T x"),
    ],
)
def test_refuses_what_the_statement_refuses(tasks: TaskCollection, task: Task, word: str) -> None:
    with pytest.raises((APIError, ValueError), match=word):
        tasks.create(task)
    assert list(tasks.iter()) == []


def test_retry_needs_a_failure(tasks: TaskCollection) -> None:
    task = tasks.create(Task("T", "select 1"))
    with pytest.raises(APIError, match="Cannot perform retry") as refusal:
        task.execute(retry_last=True)
    assert refusal.value.status == 400


def test_a_client_that_has_signed_out_is_told_so(client: SnowflakeConnection, shared_server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(f"{shared_server.base_url}/api/v2/databases/D/schemas/S/tasks")
    assert refusal.value.code == 401


def test_a_graph_of_functions(ask: Ask, schema: SchemaResource, snowpark: Snowpark, shared_server: Server) -> None:
    """Deployed, run, looked at, failed, tried again and dropped by the DAG classes alone."""

    def branch_of(session: Snowpark) -> str:
        return "LEFT"

    def note(session: Snowpark) -> str:
        context = TaskContext(session)
        name = context.get_current_task_short_name()
        session.sql(f"INSERT INTO SEEN VALUES ('{name}')").collect()
        return str(context.get_task_graph_config_property("size"))

    ask("CREATE STAGE CODE")
    operation = DAGOperation(Root(snowpark).databases[str(schema.database.name)].schemas["S"])
    with DAG(
        "DAG",
        schedule=timedelta(hours=1),
        warehouse="SHARED_WH",
        stage_location="@CODE",
        packages=["snowflake-snowpark-python", "snowflake.core"],
        use_func_return_value=True,
        config={"size": 7},
    ) as dag:
        branch = DAGTaskBranch("BRANCH", branch_of)
        left, right = DAGTask("LEFT", note), DAGTask("RIGHT", "SELECT 1")
        DAGTask("BEHIND", "INSERT INTO SEEN SELECT SYSTEM$GET_PREDECESSOR_RETURN_VALUE('DAG$LEFT')").add_predecessors(left)
        DAGTask("FIN", "INSERT INTO SEEN SELECT 'FIN'", is_finalizer=True)
        branch >> [left, right]
    operation.deploy(dag)
    assert {task.name for task in schema.tasks["DAG"].fetch_task_dependents()} == {
        *("DAG", "DAG$BRANCH", "DAG$LEFT", "DAG$RIGHT", "DAG$BEHIND", "DAG$FIN")
    }
    assert [run.state for run in operation.get_current_dag_runs(dag)] == ["SCHEDULED"]
    operation.run(dag)
    scheduler.tick(shared_server.account)
    assert [run.first_error_task_name for run in operation.get_complete_dag_runs(dag)] == ["DAG$LEFT"]
    ask("CREATE TABLE SEEN (NAME VARCHAR)")
    operation.run(dag, retry_last=True)
    scheduler.tick(shared_server.account)
    assert [run.state for run in operation.get_complete_dag_runs(dag, error_only=False)] == ["SUCCEEDED", "FAILED"]
    assert ask("SELECT NAME FROM SEEN") == [("LEFT",), ("7",), ("FIN",)]
    operation.drop(dag, drop_finalizer=True)
    assert list(schema.tasks.iter()) == []
