"""The real Feature Store client, over HTTP, through its public methods."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd
import pytest
from snowflake.ml.feature_store import (
    CreationMode,
    Entity,
    Feature,
    FeatureStore,
    FeatureView,
    FeatureViewStatus,
    setup_feature_store,
)
from snowflake.ml.feature_store.feature_view import OnlineConfig
from snowflake.snowpark import DataFrame
from snowflake.snowpark import Session as Snowpark

from mlops_local.account.scheduling import scheduler
from mlops_local.account.wire.server import Server
from tests.account.conftest import Ask

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
VIEWS: dict[str, dict[str, Any]] = {
    "view": {},
    "dynamic table": {"refresh_freq": "1 minute"},
    "cron": {"refresh_freq": "0 * * * * UTC"},
}


def day(number: int) -> datetime:
    return datetime(2024, 1, number)


@pytest.fixture(scope="module")
def source(ask: Ask) -> None:
    ask("CREATE TABLE READINGS (K VARCHAR, TS TIMESTAMP_NTZ, A INT, B FLOAT)")
    ask("INSERT INTO READINGS VALUES ('a', '2024-01-01', 1, 1.5), ('a', '2024-01-03', 2, NULL), ('b', '2024-01-02', 3, 3.5)")
    ask("CREATE TABLE SPINE (K VARCHAR, TS TIMESTAMP_NTZ, LABEL INT)")
    ask("INSERT INTO SPINE VALUES ('a', '2024-01-02', 0), ('a', '2024-01-04', 1), ('b', '2024-01-01', 0), ('z', '2024-01-05', 1)")


@pytest.fixture(scope="module")
def database(snowpark: Snowpark) -> str:
    return str(snowpark.get_current_database()).strip('"')


@pytest.fixture(scope="module")
def store(snowpark: Snowpark, database: str, source: None) -> FeatureStore:
    return FeatureStore(snowpark, database, "FS", "SHARED_WH", creation_mode=CreationMode.CREATE_IF_NOT_EXIST)


@pytest.fixture(scope="module")
def entity(store: FeatureStore) -> Entity:
    return store.register_entity(Entity("READER", ["K"], desc="it's a key"))


@pytest.fixture(scope="module")
def features(snowpark: Snowpark, database: str) -> DataFrame:
    return snowpark.sql(f"SELECT K, TS, A, B FROM {database}.S.READINGS")


@pytest.fixture(scope="module")
def spine(snowpark: Snowpark, database: str) -> DataFrame:
    return snowpark.table(f"{database}.S.SPINE")


@pytest.fixture(scope="module")
def registered(store: FeatureStore, entity: Entity, features: DataFrame) -> FeatureView:
    view = FeatureView("READ", [entity], features, timestamp_col="TS", desc="it's read").attach_feature_desc({"A": "the a"})
    return store.register_feature_view(view, "V1")


@pytest.fixture(params=VIEWS, ids=lambda name: name.replace(" ", "_"))
def each(request: pytest.FixtureRequest, store: FeatureStore, entity: Entity, features: DataFrame) -> Iterator[FeatureView]:
    """A feature view of each kind, deleted afterwards."""
    view = FeatureView("EACH", [entity], features, timestamp_col="TS", desc="d", **VIEWS[request.param])
    yield store.register_feature_view(view, "V1")
    store.delete_feature_view("EACH", "V1")


def rows(frame: DataFrame) -> list[dict[str, Any]]:
    return [row.as_dict() for row in frame.order_by("K", "TS").collect()]


def test_a_store_that_is_there_can_be_opened(store: FeatureStore, snowpark: Snowpark, database: str) -> None:
    FeatureStore(snowpark, database, "FS", "SHARED_WH", creation_mode=CreationMode.FAIL_IF_NOT_EXIST)
    with pytest.raises(ValueError, match="NOWHERE"):
        FeatureStore(snowpark, database, "NOWHERE", "SHARED_WH", creation_mode=CreationMode.FAIL_IF_NOT_EXIST)
    with pytest.raises(ValueError, match="NO_DATABASE"):
        FeatureStore(snowpark, "NO_DATABASE", "FS", "SHARED_WH", creation_mode=CreationMode.CREATE_IF_NOT_EXIST)


def test_entities(store: FeatureStore, entity: Entity) -> None:
    store.register_entity(Entity("PAIR", ["X", '"y"'], desc="two"))
    store.update_entity("PAIR", desc="both")
    listed = {row["NAME"]: row for row in store.list_entities().collect()}
    assert listed["PAIR"]["JOIN_KEYS"] == '["X", "y"]'
    found = store.get_entity("PAIR")
    assert ([str(key) for key in found.join_keys], found.desc, found.owner) == (["X", '"y"'], "both", "ACCOUNTADMIN")
    store.delete_entity("PAIR")
    assert [row["NAME"] for row in store.list_entities().collect()] == ["READER"]


def test_an_entity_in_use_is_not_deleted(store: FeatureStore, registered: FeatureView) -> None:
    with pytest.raises(Exception, match="READ"):
        store.delete_entity("READER")


def test_reads_back_what_was_registered(store: FeatureStore, each: FeatureView) -> None:
    found = store.get_feature_view("EACH", "V1")
    assert found == each
    assert (found.desc, str(found.timestamp_col), [str(e.name) for e in found.entities]) == ("d", "TS", ["READER"])
    assert rows(store.read_feature_view(found)) == [
        {"K": "a", "TS": day(1), "A": 1, "B": 1.5},
        {"K": "a", "TS": day(3), "A": 2, "B": None},
        {"K": "b", "TS": day(2), "A": 3, "B": 3.5},
    ]
    assert len(store.read_feature_view(found, keys=[["b"]]).collect()) == 1


def test_lists(store: FeatureStore, each: FeatureView, registered: FeatureView) -> None:
    listed = {row["NAME"]: row for row in store.list_feature_views().collect()}
    assert set(listed) == {"EACH", "READ"}
    assert listed["READ"]["DESC"] == "it's read"
    assert {row["NAME"] for row in store.list_feature_views(entity_name="READER").collect()} == {"EACH", "READ"}


def test_a_description_can_change(store: FeatureStore, each: FeatureView) -> None:
    assert store.update_feature_view("EACH", "V1", desc="x's").desc == "x's"


def test_columns_keep_their_descriptions(store: FeatureStore, registered: FeatureView) -> None:
    described = {row["NAME"]: (row["CATEGORY"], row["DESC"]) for row in registered.list_columns().collect()}
    assert described == {
        "K": ("ENTITY", "it's a key"),
        "TS": ("TIMESTAMP", None),
        "A": ("FEATURE", "the a"),
        "B": ("FEATURE", ""),
    }


def test_a_managed_view_is_refreshed_by_command(store: FeatureStore, entity: Entity, snowpark: Snowpark, ask: Ask) -> None:
    ask("CREATE OR REPLACE TABLE S.MOVING AS SELECT 'k' AS K, 1 AS N")
    view = FeatureView(
        "MOVED", [entity], snowpark.sql(f"SELECT K, N FROM {snowpark.get_current_database()}.S.MOVING"), refresh_freq="1 hour"
    )
    found = store.register_feature_view(view, "V1")
    ask("INSERT INTO S.MOVING VALUES ('l', 2)")
    assert store.read_feature_view(found).count() == 1
    store.refresh_feature_view(found)
    assert store.read_feature_view(found).count() == 2
    history = store.get_refresh_history(found).collect()
    assert {row["STATE"] for row in history} == {"SUCCEEDED"}
    assert len(history) == 2
    store.delete_feature_view(found)


def test_schedules_change_both_ways(store: FeatureStore, entity: Entity, features: DataFrame, ask: Ask) -> None:
    store.register_feature_view(FeatureView("TIMED", [entity], features, timestamp_col="TS", refresh_freq="1 minute"), "V1")
    for frequency, tasks in (("2 minutes", 0), ("5 * * * * UTC", 1), ("10 * * * * UTC", 1), ("3 minutes", 0)):
        assert store.update_feature_view("TIMED", "V1", refresh_freq=frequency).refresh_freq == frequency
        assert len(ask("SHOW TASKS LIKE 'TIMED$V1' IN SCHEMA FS")) == tasks
    assert store.suspend_feature_view("TIMED", "V1").status == FeatureViewStatus.SUSPENDED
    assert store.resume_feature_view("TIMED", "V1").status == FeatureViewStatus.ACTIVE
    store.delete_feature_view("TIMED", "V1")


def test_overwrites_one_kind_by_another(store: FeatureStore, entity: Entity, features: DataFrame, ask: Ask) -> None:
    store.register_feature_view(FeatureView("KIND", [entity], features, timestamp_col="TS"), "V1")
    for options, status in (({"refresh_freq": "1 minute"}, FeatureViewStatus.ACTIVE), ({}, FeatureViewStatus.STATIC)):
        view = FeatureView("KIND", [entity], features, timestamp_col="TS", desc=str(status), **options)
        assert store.register_feature_view(view, "V1", overwrite=True).status == status
        assert store.get_feature_view("KIND", "V1").desc == str(status)
    assert ask("SHOW DYNAMIC TABLES IN FS") == []
    store.delete_feature_view("KIND", "V1")


def test_a_deleted_view_is_gone(store: FeatureStore, entity: Entity, features: DataFrame, ask: Ask) -> None:
    store.register_feature_view(FeatureView("GONE", [entity], features, timestamp_col="TS", refresh_freq="0 * * * * UTC"), "V1")
    store.delete_feature_view("GONE", "V1")
    with pytest.raises(ValueError, match="GONE"):
        store.get_feature_view("GONE", "V1")
    assert ask("SHOW TASKS IN SCHEMA FS") == []


def test_names_keep_their_case(store: FeatureStore, snowpark: Snowpark, ask: Ask) -> None:
    ask('CREATE TABLE S.CASES ("visitNo" INT, "aValue" FLOAT)')
    ask("INSERT INTO S.CASES VALUES (1, 0.5)")
    entity = store.register_entity(Entity('"low"', ['"visitNo"']))
    frame = snowpark.sql(f'SELECT "visitNo", "aValue" FROM {snowpark.get_current_database()}.S.CASES')
    view = store.register_feature_view(FeatureView('"low fv"', [entity], frame, desc="d"), "v.1-x")
    found = store.get_feature_view('"low fv"', "v.1-x")
    assert [row.as_dict() for row in store.read_feature_view(found).collect()] == [{"visitNo": 1, "aValue": 0.5}]
    store.delete_feature_view(view)
    store.delete_entity('"low"')


def test_the_client_finds_asof_joins(store: FeatureStore) -> None:
    """Without them the client takes another join and returns other columns, without an error."""
    assert store._is_asof_join_enabled()


@pytest.mark.parametrize("method", ["sequential", "cte"])
def test_training_sets_join_at_the_time_of_the_row(
    store: FeatureStore, registered: FeatureView, spine: DataFrame, method: Any
) -> None:
    frame = store.generate_training_set(
        spine,
        [registered],
        spine_timestamp_col="TS",
        spine_label_cols=["LABEL"],
        include_feature_view_timestamp_col=True,
        join_method=method,
    )
    assert frame.columns == ["K", "TS", "LABEL", "READ_V1_TS", "A", "B"]
    assert rows(frame) == [
        {"K": "a", "TS": day(2), "LABEL": 0, "READ_V1_TS": day(1), "A": 1, "B": 1.5},
        {"K": "a", "TS": day(4), "LABEL": 1, "READ_V1_TS": day(3), "A": 2, "B": None},
        {"K": "b", "TS": day(1), "LABEL": 0, "READ_V1_TS": None, "A": None, "B": None},
        {"K": "z", "TS": day(5), "LABEL": 1, "READ_V1_TS": None, "A": None, "B": None},
    ]


def test_training_sets_of_slices_with_prefixes(store: FeatureStore, registered: FeatureView, spine: DataFrame) -> None:
    frame = store.generate_training_set(
        spine, [registered.slice(["A"]), registered.with_name("OTHER")], spine_timestamp_col="TS", auto_prefix=True
    )
    assert frame.columns == ["K", "TS", "LABEL", "READ_V1_A", "OTHER_A", "OTHER_B"]
    assert [row["READ_V1_A"] for row in rows(frame)] == [1, 2, None, None]


def test_training_sets_without_some_columns(store: FeatureStore, registered: FeatureView, spine: DataFrame) -> None:
    frame = store.generate_training_set(spine, [registered], spine_timestamp_col="TS", exclude_columns=["LABEL", "B"])
    assert frame.columns == ["K", "TS", "A"]


def test_features_of_keys(store: FeatureStore, registered: FeatureView, spine: DataFrame, snowpark: Snowpark) -> None:
    assert len(rows(store.retrieve_feature_values(spine, [registered], spine_timestamp_col="TS"))) == 4
    literal = snowpark.create_dataframe([["a", day(2)]], schema=["K", "TS"])
    assert [row["A"] for row in rows(store.retrieve_feature_values(literal, [registered], spine_timestamp_col="TS"))] == [1]


def test_a_spine_of_pandas(store: FeatureStore, registered: FeatureView, snowpark: Snowpark) -> None:
    spine = snowpark.create_dataframe(pd.DataFrame({"K": ["a", "b"], "TS": [day(9), day(9)]}))
    assert [row["A"] for row in rows(store.generate_training_set(spine, [registered], spine_timestamp_col="TS"))] == [2, 3]


def test_a_saved_training_set_is_not_replaced(store: FeatureStore, registered: FeatureView, spine: DataFrame) -> None:
    saved = store.generate_training_set(spine, [registered], save_as="TRAINING", spine_timestamp_col="TS")
    assert saved.count() == 4
    with pytest.raises(RuntimeError, match="2115"):
        store.generate_training_set(spine, [registered], save_as="TRAINING", spine_timestamp_col="TS")


def test_datasets_remember_their_feature_views(store: FeatureStore, registered: FeatureView, spine: DataFrame) -> None:
    dataset = store.generate_dataset(
        "EXAMPLES", spine, [registered], version="v1", spine_timestamp_col="TS", spine_label_cols=["LABEL"], desc="d's"
    )
    assert sorted(dataset.read.to_pandas()["K"]) == ["a", "a", "b", "z"]
    assert store.load_feature_views_from_dataset(dataset) == [registered]


def test_append_only_views_keep_a_snapshot_of_every_refresh(
    store: FeatureStore, entity: Entity, features: DataFrame, ask: Ask, shared_server: Server
) -> None:
    view = FeatureView(
        "SNAP", [entity], features, timestamp_col="TS", refresh_freq="0 * * * * UTC", refresh_mode="FULL", append_only=True
    )
    store.register_feature_view(view, "V1")
    for times in (1, 2):
        ask("EXECUTE TASK FS.SNAP$V1")
        scheduler.tick(shared_server.account)
        assert len(ask("SELECT * FROM FS.SNAP$V1$SNAPSHOTS")) == 3 * times
    assert {
        row[0]
        for row in ask(
            "SELECT STATE FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY(TASK_NAME => 'SNAP$V1')) WHERE QUERY_ID IS NOT NULL"
        )
    } == {"SUCCEEDED"}
    assert ask("SELECT * FROM FS.SNOWML_SNAPSHOT_STATUS") == []
    store.delete_feature_view("SNAP", "V1")


def test_tiled_views_aggregate_within_their_windows(
    store: FeatureStore, entity: Entity, features: DataFrame, spine: DataFrame
) -> None:
    aggregates = [
        Feature.sum("A", "2 days").alias("SUM_A"),
        Feature.avg("A", "3 days").alias("AVG_A"),
        Feature.max("B", "3 days").alias("MAX_B"),
        Feature.last_n("A", "3 days", n=2).alias("LAST_A"),
        Feature.approx_count_distinct("A", "3 days").alias("DISTINCT_A"),
        Feature.approx_percentile("B", "3 days", percentile=0.5).alias("MIDDLE_B"),
    ]
    view = FeatureView(
        "TILED", [entity], features, timestamp_col="TS", refresh_freq="1 day", feature_granularity="1 day", features=aggregates
    )
    found = store.register_feature_view(view, "V1")
    frame = store.generate_training_set(spine, [found], spine_timestamp_col="TS", join_method="cte")
    values = [(row["K"], row["SUM_A"], row["AVG_A"], row["MAX_B"], row["LAST_A"]) for row in rows(frame)]
    assert [
        (key, total, mean, largest, last and [int(one) for one in json.loads(last)]) for key, total, mean, largest, last in values
    ] == [
        ("a", 1, 1.0, 1.5, [1]),
        ("a", 2, 1.5, 1.5, [1, 2]),
        ("b", 0, None, None, None),
        ("z", 0, None, None, None),
    ]
    assert [(row["DISTINCT_A"], row["MIDDLE_B"]) for row in rows(frame)] == [(1, 1.5), (2, 1.5), (0, None), (0, None)]
    replaced = FeatureView(
        "TILED",
        [entity],
        features,
        timestamp_col="TS",
        refresh_freq="1 day",
        feature_granularity="1 day",
        features=aggregates[:1],
    )
    assert store.register_feature_view(replaced, "V1", overwrite=True).version == "V1"
    store.delete_feature_view("TILED", "V1")


def test_online_features_are_refused_and_leave_nothing(
    store: FeatureStore, entity: Entity, features: DataFrame, ask: Ask
) -> None:
    view = FeatureView(
        "ONLINE", [entity], features, timestamp_col="TS", refresh_freq="1 minute", online_config=OnlineConfig(enable=True)
    )
    with pytest.raises(Exception, match="ONLINE FEATURE TABLE"):
        store.register_feature_view(view, "V1")
    assert ask("SHOW DYNAMIC TABLES LIKE 'ONLINE%' IN FS") == []


def test_setup_gives_the_roles_their_privileges(snowpark: Snowpark, database: str, ask: Ask) -> None:
    setup_feature_store(snowpark, database, "FS_OF_ROLES", "SHARED_WH")
    assert len(ask("SHOW ROLES LIKE 'FS_PRODUCER'")) == 1
