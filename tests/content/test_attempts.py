"""Attempts to take production away: by settings, names, plan files, variables, and through every client that the machine uses.

They are made by a role that may do everything, so that nothing but the machine itself stands in their way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from snowflake.ml.feature_store import CreationMode, Entity, FeatureStore
from snowflake.snowpark import Session

from mlops.errors import MlopsError
from mlops.rows import fetch
from mlops.session import open_session
from mlops.settings import read_settings

from ..mlops.content import TASKS, write_content
from .conftest import Pipeline

EVIL = 'X"; DROP DATABASE MLOPS_PROD; --'
QUOTED = "X'; DROP DATABASE MLOPS_PROD; --"
KEPT = (42,)


@pytest.fixture(scope="module")
def exposed(small: Pipeline) -> Pipeline:
    small.administrate(
        "CREATE TABLE SEEN (ID INT, AT TIMESTAMP_NTZ, OK BOOLEAN)",
        "CREATE TABLE PERSONS (ID INT, AT TIMESTAMP_NTZ, AGE INT)",
        "CREATE DATABASE MLOPS_PROD",
        "CREATE SCHEMA MLOPS_PROD.ML",
        "CREATE SCHEMA MLOPS_PROD.FEATURE_STORE",
        "CREATE TABLE MLOPS_PROD.ML.KEPT AS SELECT 42 AS A",
        "CREATE VIEW MLOPS_PROD.FEATURE_STORE.KEPT$V1 AS SELECT 42 AS A",
        f"GRANT ROLE ACCOUNTADMIN TO USER {small.environ['SNOWFLAKE_USER']}",
    )
    small.environ["SNOWFLAKE_ROLE"] = "ACCOUNTADMIN"
    return small


@pytest.fixture(autouse=True)
def _nothing_is_lost(session: Session) -> Iterator[None]:
    yield
    assert fetch(session, "SELECT A FROM MLOPS_PROD.ML.KEPT UNION ALL SELECT A FROM MLOPS_PROD.FEATURE_STORE.KEPT$V1") == [
        KEPT,
        KEPT,
    ]


@pytest.fixture(scope="module")
def session(exposed: Pipeline) -> Iterator[Session]:
    with open_session(read_settings(exposed.environ)) as found:
        yield found


def delete_entity(session: Session) -> None:
    store = FeatureStore(session, "MLOPS_PROD", "FEATURE_STORE", "MLOPS_DEV_WH", creation_mode=CreationMode.CREATE_IF_NOT_EXIST)
    store.register_entity(Entity("PERSON", ["ID"]))
    store.delete_entity("PERSON")


THROUGH_CLIENTS: dict[str, Callable[[Session], Any]] = {
    "the machine": lambda session: fetch(session, "DROP DATABASE MLOPS_PROD"),
    "a statement of Snowpark": lambda session: session.sql("DROP DATABASE MLOPS_PROD").collect(),
    "one that is not waited for": lambda session: session.sql("DROP DATABASE MLOPS_PROD").collect_nowait(),
    "a table of Snowpark": lambda session: session.table("MLOPS_PROD.ML.KEPT").drop_table(),
    "a frame written over": lambda session: session.range(1).write.mode("overwrite").save_as_table("MLOPS_PROD.ML.KEPT"),
    "a frame written after emptying": lambda session: session.range(1).write.mode("truncate").save_as_table("MLOPS_PROD.ML.KEPT"),
    "a view written over": lambda session: session.range(1).create_or_replace_view("MLOPS_PROD.ML.KEPT"),
    "a cursor": lambda session: session.connection.cursor().execute("DROP SCHEMA MLOPS_PROD.ML"),
    "a cursor that does not wait": lambda session: session.connection.cursor().execute_async("DROP SCHEMA MLOPS_PROD.ML"),
    "several statements": lambda session: session.connection.execute_string("SELECT 1; DROP DATABASE MLOPS_PROD"),
    "several in one": lambda session: session.connection.cursor().execute("SELECT 1; DROP DATABASE MLOPS_PROD", num_statements=2),
    "a value put in by the client": lambda session: session.connection.cursor().execute("DROP TABLE IDENTIFIER(?)", ("KEPT",)),
    "a Feature Store": delete_entity,
    "a feature view": lambda session: session.sql("DROP VIEW MLOPS_PROD.FEATURE_STORE.KEPT$V1").collect(),
    "a pandas frame": lambda session: session.write_pandas(
        pd.DataFrame({"A": [1]}), "KEPT", database="MLOPS_PROD", schema="ML", auto_create_table=True, overwrite=True
    ),
}


@pytest.mark.parametrize("attempt", THROUGH_CLIENTS.values(), ids=THROUGH_CLIENTS)
def test_no_client_sends_what_takes_away(session: Session, attempt: Callable[[Session], Any]) -> None:
    with pytest.raises((MlopsError, RuntimeError, ValueError), match="Refused before it was sent"):
        attempt(session)


# Settings, and the exit code: 3 they are wrong, 6 there is no such place or it is production.
SETTINGS: dict[str, tuple[dict[str, str], int]] = {
    "another database": ({"SNOWFLAKE_DATABASE": "MLOPS_PROD"}, 6),
    "in quotes": ({"SNOWFLAKE_DATABASE": '"MLOPS_PROD"'}, 6),
    "a quote in the database": ({"SNOWFLAKE_DATABASE": EVIL}, 6),
    "a quote in the schema": ({"SNOWFLAKE_SCHEMA": EVIL}, 6),
    "a comment in the schema": ({"SNOWFLAKE_SCHEMA": "ML/**/; DROP DATABASE MLOPS_PROD"}, 6),
    "a backslash in the schema": ({"SNOWFLAKE_SCHEMA": "ML\\'; DROP DATABASE MLOPS_PROD; --"}, 6),
    "a quote in the warehouse": ({"SNOWFLAKE_WAREHOUSE": EVIL}, 6),
    "a word that is none": ({"SNOWFLAKE_DATABASE": "MLOPS_PROD", "MLOPS_PRODUCTION": "yes"}, 6),
    "a word that was not replaced": ({"SNOWFLAKE_DATABASE": "MLOPS_PROD", "MLOPS_PRODUCTION": "$(production)"}, 6),
    "an authenticator": ({"SNOWFLAKE_AUTHENTICATOR": QUOTED}, 3),
    "a port": ({"SNOWFLAKE_PORT": "1; DROP DATABASE MLOPS_PROD"}, 3),
}


@pytest.mark.parametrize(("changed", "code"), SETTINGS.values(), ids=SETTINGS)
def test_no_setting_points_at_production(exposed: Pipeline, tmp_path: Path, changed: dict[str, str], code: int) -> None:
    found, summary = exposed.run("apply", "features", content=write_content(tmp_path), **changed)
    assert found == code, summary


def test_what_only_names_a_run_is_no_more_than_a_text(exposed: Pipeline, tmp_path: Path) -> None:
    """A commit, a run and a repository may be called anything: they are written down as they are."""
    names = dict.fromkeys(("BUILD_SOURCEVERSION", "BUILD_BUILDID", "BUILD_REPOSITORY_NAME"), f"{QUOTED} ] */ $$ {EVIL}")
    content = write_content(tmp_path, models="", features="", tasks=TASKS.partition("AGAIN =")[0])
    code, summary = exposed.run("apply", "tasks", content=content, **names)
    assert code == 0, summary
    stored = "SELECT COMMIT_ID, RUN_ID FROM CHANGE_LEDGER WHERE NAME = 'SEEN_STREAM'"
    assert exposed.query(stored) == [(names["BUILD_SOURCEVERSION"],) * 2]


@pytest.mark.parametrize(
    "arguments",
    [
        ("rollback", "GUESS", "--to", EVIL),
        ("promote", "GUESS", QUOTED),
        ("retrain", QUOTED),
    ],
)
def test_no_word_of_the_command_line_is_a_statement(exposed: Pipeline, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    code, _ = exposed.run(*arguments, "--reason", QUOTED, content=write_content(tmp_path))
    assert code in (5, 6)


PLANS: dict[str, Callable[[dict[str, Any]], object]] = {
    "another database": lambda plan: plan["place"].update(database="MLOPS_PROD"),
    "another schema": lambda plan: plan["place"].update(schema=EVIL),
    "another hash": lambda plan: plan["changes"][0].update(definition="0" * 16),
    "a name that is a statement": lambda plan: plan["changes"][0].update(name=QUOTED),
    "to retire what is wanted": lambda plan: plan["changes"][0].update(action="retire", definition=None),
    "to retire a database": lambda plan: plan["changes"].append(
        {**plan["changes"][0], "action": "retire", "kind": "database", "name": "MLOPS_PROD", "definition": "1"}
    ),
    "a statement beside it": lambda plan: plan.update(families=["DROP DATABASE MLOPS_PROD"]),
}


@pytest.mark.parametrize("craft", PLANS.values(), ids=PLANS)
def test_no_plan_file_asks_for_more(exposed: Pipeline, tmp_path: Path, craft: Callable[[dict[str, Any]], object]) -> None:
    file = tmp_path / "plan.json"
    content = write_content(tmp_path, models="", tasks="")
    assert exposed.run("plan", "features", "--format", "json", "--out", str(file), content=content)[0] == 2
    plan = json.loads(file.read_text())
    craft(plan)
    file.write_text(json.dumps(plan))
    code, summary = exposed.run("apply", "--plan", str(file), content=content)
    assert code == 8, summary
