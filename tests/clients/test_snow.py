"""Snowflake CLI as its documentation shows it. https://docs.snowflake.com/en/developer-guide/snowflake-cli/index"""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

from mlops_local.pytest_plugin import SnowflakeAccount

from .conftest import Run

PROJECT = """\
definition_version: "2"
entities:
  greet:
    type: procedure
    stage: deployments
    artifacts: [app.py]
    handler: app.greet
    runtime: "3.11"
    returns: string
    signature: [{name: who, type: string}]
  double:
    type: function
    stage: deployments
    artifacts: [app.py]
    identifier: double_it
    handler: app.double
    runtime: "3.11"
    returns: int
    signature: [{name: number, type: int}]
"""
APP = """\
def greet(session, who):
    return session.sql("select 'Hello '").collect()[0][0] + who

def double(number):
    return 2 * number
"""


def test_a_connection_is_tested(run: Run) -> None:
    told = json.loads(run("snow", "connection", "test", "-c", "local", "--format", "json").stdout)
    assert (told["Status"], told["Database"], told["Warehouse"]) == ("OK", "CLIENTS", "CLIENTS_WH")


def test_a_file_of_statements_with_variables_runs_and_objects_are_listed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "made.sql").write_text("create table <% name %> (a int);\ninsert into <% name %> values (1), (2);\n")
    run("snow", "sql", "-c", "local", "-f", "made.sql", "-D", "name=counted")
    listed: list[dict[str, Any]] = json.loads(
        run("snow", "object", "list", "table", "-c", "local", "--like", "COUNT%", "--format", "json").stdout
    )
    assert [(row["name"], row["rows"]) for row in listed] == [("COUNTED", 2)]


def test_files_are_copied_to_a_stage_and_back(run: Run, tmp_path: Path) -> None:
    (tmp_path / "there" / "below").mkdir(parents=True)
    (tmp_path / "there" / "below" / "x.txt").write_text("kept as it is")
    (tmp_path / "back").mkdir()
    run("snow", "sql", "-c", "local", "-q", "create stage copied")
    run("snow", "stage", "copy", "there", "@copied/a", "--recursive", "-c", "local")
    run("snow", "stage", "copy", "@copied/a", "back", "--recursive", "-c", "local")
    assert (tmp_path / "back" / "below" / "x.txt").read_text() == "kept as it is"


def test_snowpark_code_is_built_deployed_and_called(run: Run, tmp_path: Path, snowflake_account: SnowflakeAccount) -> None:
    (tmp_path / "snowflake.yml").write_text(PROJECT)
    (tmp_path / "requirements.txt").write_text("snowflake-snowpark-python\n")
    (tmp_path / "app.py").write_text(dedent(APP))
    run("snow", "snowpark", "build", "-c", "local")
    run("snow", "snowpark", "deploy", "-c", "local")
    with snowflake_account.connect(role="ACCOUNTADMIN", database="CLIENTS", warehouse="CLIENTS_WH") as connection:
        assert connection.cursor().execute("call greet('Ada')").fetchall() == [("Hello Ada",)]
        assert connection.cursor().execute("select double_it(21)").fetchall() == [(42,)]


def test_what_is_not_offered_is_refused_with_its_reason(run: Run) -> None:
    refused = run("snow", "dcm", "create", "project", "-c", "local", may_fail=True)
    assert refused.returncode == 1
    assert "Unsupported feature 'CREATE DCM PROJECT'" in " ".join(refused.stderr.replace("│", " ").split())
