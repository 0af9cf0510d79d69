"""Lineage as the clients ask for it: feature views, datasets and models know what they were made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from snowflake.connector.errors import ProgrammingError
from snowflake.ml.dataset import Dataset
from snowflake.ml.feature_store import CreationMode, Entity, FeatureStore, FeatureView
from snowflake.snowpark import Session as Snowpark
from snowflake.snowpark.lineage import LineageDirection

from tests.account.conftest import Ask

MANIFEST = {
    "manifest_version": "1.0",
    "runtimes": {"r": {"language": "PYTHON", "version": "3.11", "imports": [], "dependencies": {}}},
    "methods": [
        {
            "name": "PREDICT",
            "runtime": "r",
            "type": "FUNCTION",
            "handler": "f.main",
            "inputs": [{"name": "A", "type": "FLOAT"}],
            "outputs": [{"type": "OBJECT"}],
        }
    ],
}


@pytest.fixture(scope="module")
def database(snowpark: Snowpark) -> str:
    return str(snowpark.get_current_database()).strip('"')


@pytest.fixture(scope="module")
def view(snowpark: Snowpark, ask: Ask, database: str) -> FeatureView:
    ask("CREATE TABLE READINGS AS SELECT 1 AS K, 2.5::FLOAT AS A")
    store = FeatureStore(snowpark, database, "FS", "SHARED_WH", creation_mode=CreationMode.CREATE_IF_NOT_EXIST)
    entity = store.register_entity(Entity("READER", ["K"]))
    view = FeatureView("READ", [entity], snowpark.table(f"{database}.S.READINGS"))
    return store.register_feature_view(view, "V1")


@pytest.fixture(scope="module")
def dataset(snowpark: Snowpark, view: FeatureView, database: str) -> Dataset:
    store = FeatureStore(snowpark, database, "FS", "SHARED_WH")
    spine = snowpark.create_dataframe([[1]], schema=["K"])
    return store.generate_dataset(f'{database}.S."set"', spine, [view], version="v1", output_type="dataset")


@pytest.fixture(scope="module")
def model(ask: Ask, dataset: Dataset, database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """As the registry writes it: the manifest says which data the model has seen."""
    folder: Path = tmp_path_factory.mktemp("model")
    seen = [
        {"type": "DATASET", "entity": f'{database}.S."set"', "version": "v1"},
        {"type": "QUERY", "entity": "SELECT * FROM READINGS"},
    ]
    (folder / "MANIFEST.yml").write_text(yaml.safe_dump({**MANIFEST, "lineage_sources": seen}))
    ask(f"USE SCHEMA {database}.S")
    ask("CREATE STAGE FILES")
    ask(f"PUT file://{folder}/MANIFEST.yml @FILES AUTO_COMPRESS = FALSE")
    ask("CREATE MODEL M WITH VERSION V1 FROM @FILES")
    return f"{database}.S.M"


def traced(snowpark: Snowpark, name: str, domain: str, direction: LineageDirection, **options: Any) -> list[tuple[Any, ...]]:
    """Name, domain, version and distance of each object found."""
    found = []
    for row in snowpark.lineage.trace(name, domain, direction=direction, **options).collect():
        other = json.loads(row["TARGET_OBJECT" if direction == LineageDirection.DOWNSTREAM else "SOURCE_OBJECT"])
        found.append((other["name"].split(".", 1)[1], other["domain"], other.get("version"), row["DISTANCE"]))
    return sorted(found, key=str)


def test_feature_views_know_their_tables_and_datasets(view: FeatureView, dataset: Dataset) -> None:
    assert [
        (node._lineage_node_name.split(".", 1)[1], node._lineage_node_domain) for node in view.lineage(direction="upstream")
    ] == [("S.READINGS", "table")]
    [made] = view.lineage()
    assert isinstance(made, Dataset)
    assert made.selected_version is not None
    assert made.selected_version.name == "v1"


def test_datasets_find_their_feature_views(dataset: Dataset, database: str) -> None:
    [read] = dataset.lineage(direction="upstream")
    assert isinstance(read, FeatureView)
    assert (read.name, read.version, read.schema) == ("READ", "V1", "FS")


def test_the_way_from_a_table_to_a_model(snowpark: Snowpark, model: str, database: str) -> None:
    down = traced(snowpark, f"{database}.S.READINGS", "table", LineageDirection.DOWNSTREAM, distance=3)
    assert down == [
        ("FS.READ", "FEATURE_VIEW", "V1", 1),
        ('S."set"', "DATASET", "v1", 2),
        ("S.M", "MODEL", "V1", 1),
        ("S.M", "MODEL", "V1", 3),
    ]
    up = traced(snowpark, model, "model", LineageDirection.UPSTREAM, object_version="V1", distance=1)
    assert up == [('S."set"', "DATASET", "v1", 1), ("S.READINGS", "TABLE", None, 1)]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE MADE AS SELECT * FROM SEEN",
        "INSERT INTO EMPTY SELECT * FROM SEEN",
        "INSERT OVERWRITE INTO EMPTY SELECT * FROM SEEN",
        "MERGE INTO EMPTY USING SEEN ON EMPTY.A = SEEN.A WHEN NOT MATCHED THEN INSERT VALUES (SEEN.A)",
        "UPDATE EMPTY SET A = SEEN.A FROM SEEN",
        "CREATE DYNAMIC TABLE MADE TARGET_LAG = '1 hour' WAREHOUSE = SHARED_WH AS SELECT * FROM SEEN",
        "CREATE VIEW MADE AS SELECT * FROM SEEN",
    ],
)
def test_what_leaves_an_edge(ask: Ask, snowpark: Snowpark, database: str, statement: str) -> None:
    """From the view, not from the table behind it; once, however often."""
    ask(f"CREATE OR REPLACE SCHEMA {database}.E")
    ask("CREATE TABLE BASE AS SELECT 1 AS A")
    ask("CREATE VIEW SEEN AS SELECT A FROM BASE")
    ask("CREATE TABLE EMPTY (A INT)")
    ask(statement)
    if not statement.startswith("CREATE"):
        ask(statement)
    [(name, _, _, _)] = traced(snowpark, f"{database}.E.SEEN", "view", LineageDirection.DOWNSTREAM)
    assert name in {"E.MADE", "E.EMPTY"}
    assert traced(snowpark, f"{database}.{name}", "table", LineageDirection.UPSTREAM, distance=1) == [("E.SEEN", "VIEW", None, 1)]


def test_the_way_leads_through_temporary_tables(ask: Ask, snowpark: Snowpark, database: str) -> None:
    ask(f"CREATE OR REPLACE SCHEMA {database}.E")
    ask("CREATE TABLE BASE AS SELECT 1 AS A")
    ask("CREATE TEMPORARY TABLE ONE AS SELECT A FROM BASE")
    ask("CREATE TEMPORARY TABLE TWO (A INT)")
    ask("INSERT INTO TWO SELECT A FROM ONE")
    ask("CREATE TABLE MADE AS SELECT A FROM TWO")
    assert traced(snowpark, f"{database}.E.MADE", "table", LineageDirection.UPSTREAM) == [("E.BASE", "TABLE", None, 1)]


def test_what_is_gone_or_temporary_is_left_out(ask: Ask, snowpark: Snowpark, database: str) -> None:
    ask(f"CREATE OR REPLACE SCHEMA {database}.E")
    ask("CREATE TABLE BASE AS SELECT 1 AS A")
    ask("CREATE TEMPORARY TABLE PASSING AS SELECT A FROM BASE")
    ask("CREATE TABLE DROPPED AS SELECT A FROM BASE")
    ask("DELETE FROM BASE USING PASSING WHERE BASE.A = PASSING.A")
    ask("DROP TABLE DROPPED")
    assert traced(snowpark, f"{database}.E.BASE", "table", LineageDirection.DOWNSTREAM) == []
    assert traced(snowpark, f"{database}.E.BASE", "table", LineageDirection.UPSTREAM) == []


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ('{V(domain: TABLE, name:"NOWHERE") {x: E(direction:IN){S {name}}}}', "'NOWHERE'|NOWHERE"),
        ('{V(domain: COLUMN, name:"T") {x: E(direction:IN){S {name}}}}', "COLUMN"),
        ('{V(domain: TABLE, name:"READINGS") {x: E(direction:OUT){S {size}}}}', "size"),
        ('{V(domain: TABLE, name:"READINGS") {x: E(edgeType:[OTHER],direction:IN){S {name}}}}', "OTHER"),
        ('{V(domain: TABLE, id:"7777777") {x: E(direction:IN){S {name}}}}', "7777777"),
        ('{V(domain: DATASET, name:"v1") {x: E(direction:IN){S {name}}}}', "parentName"),
        ("{V(domain: TABLE", "EOF|position"),
    ],
)
def test_questions_that_are_refused(ask: Ask, view: FeatureView, database: str, question: str, message: str) -> None:
    ask(f"USE SCHEMA {database}.S")
    with pytest.raises(ProgrammingError, match=message):
        ask(f"SELECT SYSTEM$DGQL('{question}')")
