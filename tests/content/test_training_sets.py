"""Declared versions of a Dataset: made once, kept with their rows, and nobody else's are touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from snowflake.connector import DictCursor
from snowflake.snowpark import Row, Session

from mlops.datasets import list_versions, told_versions
from mlops.names import Schema

from .conftest import Pipeline, edit

FEATURES = """
from mlops.definitions import Entity, FeatureView
PERSON = Entity(name="PERSON", join_keys=("ID",), description="A person.")
AGE = FeatureView(
    name="AGE", version="V1", entities=("PERSON",), timestamp="AT", reads=("SOURCE.PERSONS",),
    query="SELECT ID, AT, AGE FROM SOURCE.PERSONS", features={"AGE": "Age."}, description="Age.",
)
"""
MODELS = """
from dataclasses import replace
from mlops.definitions import Quality, TrainingSet
SEEN_V1 = TrainingSet(
    name="SEEN", version="V1", spine="SELECT ID, AT, OK FROM SOURCE.SEEN", keys=("ID",), timestamp="AT", label="OK",
    feature_views=("AGE/V1",), reads=("SOURCE.SEEN",), description="Who's seen.", quality=Quality(oldest_days=9999),
)
SEEN_V2 = replace(SEEN_V1, version="V2", spine="SELECT ID, AT, OK FROM SOURCE.SEEN WHERE ID > 2")
"""
V1 = "training set", "SEEN/V1"


@pytest.fixture(scope="module")
def applied(small: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    small.administrate(
        "CREATE TABLE PERSONS AS SELECT COLUMN1 AS ID, '2025-01-01'::TIMESTAMP_NTZ AS AT, 40 AS AGE FROM VALUES (1), (2), (3), (4)",
        "CREATE TABLE SEEN AS SELECT ID, AT, ID % 2 = 0 AS OK FROM PERSONS",
    )
    small.content = written(tmp_path_factory.mktemp("content"))
    code, summary = small.run("apply")
    assert code == 0, summary
    return small


def written(folder: Path) -> Path:
    for family, text in (("features", FEATURES), ("models", MODELS)):
        (folder / family).mkdir()
        (folder / family / "all.py").write_text(text)
    return folder


def stored(pipeline: Pipeline) -> dict[str, tuple[object, str]]:
    """When each version was made, and its comment."""
    with pipeline.connect() as connection, connection.cursor(DictCursor) as cursor:
        rows = cursor.execute("SHOW VERSIONS IN DATASET SEEN").fetchall()
    return {row["version"]: (row["created_on"], row["comment"]) for row in rows}  # type: ignore[call-overload]


def ledger(pipeline: Pipeline) -> list[tuple[str, ...]]:
    return pipeline.query("SELECT ACTION, NAME FROM CHANGE_LEDGER WHERE KIND = 'training set' ORDER BY CHANGED_AT")


def drift(pipeline: Pipeline) -> list[str]:
    return [line for line in pipeline.run("drift")[1].splitlines() if line.startswith("| ")][2:]


def test_each_version_is_made_once_and_is_in_the_ledger(applied: Pipeline) -> None:
    before = stored(applied)
    assert sorted(before) == ["V1", "V2"]
    assert all(comment.startswith("Who's seen. [mlops definition=") for _, comment in before.values())
    assert ledger(applied) == [("create", "SEEN/V1"), ("create", "SEEN/V2")]
    gates = applied.query("SELECT MODEL_NAME, COUNT(*) FROM GATE_RESULTS WHERE PASSED GROUP BY 1 ORDER BY 1")
    assert [name for name, _ in gates] == ["SEEN/V1", "SEEN/V2"]
    code, summary = applied.run("plan")
    assert code == 0, summary
    assert "| none | training set | SEEN/V1 | as declared |" in summary
    assert applied.run("apply")[0] == 0
    assert stored(applied) == before
    assert drift(applied) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (
            "models",
            "OK FROM SOURCE.SEEN WHERE ID > 2",
            "OK FROM SOURCE.SEEN WHERE ID > 1",
            "Training set SEEN/V2 is in the account",
        ),
        ("features", "AGE FROM SOURCE.PERSONS", "AGE + 1 AS AGE FROM SOURCE.PERSONS", "(feature view AGE/V1 changed)"),
    ],
)
def test_a_version_keeps_its_rows_whatever_is_to_be_changed(
    applied: Pipeline, tmp_path: Path, file: str, old: str, new: str, told: str
) -> None:
    content = written(tmp_path)
    edit(content / file / "all.py", old, new)
    for command in (("plan",), ("apply", "features")):
        code, summary = applied.run(*command, content=content)
        assert (code, told in summary) == (6, True), summary


def test_what_is_judged_by_is_no_reason_to_make_rows_again(applied: Pipeline, tmp_path: Path) -> None:
    content = written(tmp_path)
    edit(content / "models" / "all.py", "oldest_days=9999", "oldest_days=8888")
    assert applied.run("plan", content=content)[0] == 0


def test_left_by_a_killed_apply_it_is_recorded_and_not_made_again(applied: Pipeline) -> None:
    before = stored(applied)
    applied.query("DELETE FROM CHANGE_LEDGER WHERE NAME = 'SEEN/V2'")
    assert "| create | training set | SEEN/V2 | there without a record" in applied.run("plan")[1]
    assert applied.run("apply")[0] == 0
    assert applied.run("plan")[0] == 0
    assert stored(applied) == before


def test_dropped_by_hand_it_is_drift_and_somebody_elses_is_left_alone(applied: Pipeline) -> None:
    applied.query("ALTER DATASET SEEN DROP VERSION 'V1'")
    assert drift(applied) == ["| training set | SEEN/V1 | object | there | dropped |"]
    applied.query("ALTER DATASET SEEN ADD VERSION 'V1' FROM (SELECT 1 AS A)")
    assert drift(applied) == ["| training set | SEEN/V1 | record | there | none: made anew by somebody else |"]
    before = stored(applied)
    applied.query("DELETE FROM CHANGE_LEDGER WHERE NAME = 'SEEN/V1'")
    code, summary = applied.run("apply")
    assert (code, "Version V1 of dataset MLOPS_DEV.ML.SEEN is there, and was not made from this definition" in summary) == (
        6,
        True,
    )
    assert stored(applied) == before
    applied.query("ALTER DATASET SEEN DROP VERSION 'V1'")
    assert applied.run("apply")[0] == 0
    assert drift(applied) == []


THIRD = 'SEEN_V3 = replace(SEEN_V1, version="V3")\n'


def test_rows_that_are_not_fit_are_not_kept_and_better_ones_are(applied: Pipeline) -> None:
    with (applied.content / "models" / "all.py").open("a") as file:
        file.write(THIRD)
    before = stored(applied)
    applied.administrate("INSERT INTO SEEN SELECT * FROM SEEN LIMIT 1")
    code, summary = applied.run("apply")
    assert code == 7
    assert (
        "Training set SEEN/V3 is not kept. 1 rows of SEEN have the same ID, AT as another one; at most 0 are wanted." in summary
    )
    assert stored(applied) == before
    applied.administrate("DELETE FROM SEEN WHERE ID IN (SELECT ID FROM SEEN GROUP BY ID HAVING COUNT(*) > 1)")
    assert applied.run("apply")[0] == 0
    assert sorted(stored(applied)) == ["V1", "V2", "V3"]


def test_declared_no_longer_it_stays_with_its_rows(applied: Pipeline, tmp_path: Path) -> None:
    """What the test before has left."""
    edit(applied.content / "models" / "all.py", THIRD, "")
    document = tmp_path / "plan.json"
    assert applied.run("plan", "--format", "json", "--out", str(document))[0] == 2
    (change,) = json.loads(document.read_text())["changes"]
    assert (change["action"], change["kind"], change["name"]) == ("retire", "training set", "SEEN/V3")
    assert applied.run("apply", "--plan", str(document))[0] == 0
    assert "V3" in stored(applied)
    assert drift(applied) == []


def test_versions_are_asked_for_where_the_list_of_datasets_does_not_tell_them(applied: Pipeline) -> None:
    home = Schema("MLOPS_DEV", "ML")
    with applied.connect() as connection, Session.builder.configs({"connection": connection}).create() as session:
        told = dict(list_versions(session, home))
        asked = {name: told_versions(session, home / name, Row(name=name)) for name in told}
    assert set(told["SEEN"]) == set(asked["SEEN"]) != set()
