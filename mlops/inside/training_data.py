"""The training set: who was screened when, joined with what was known then, kept as a version of a Dataset."""

from __future__ import annotations

import pandas as pd
from snowflake.ml.dataset import Dataset
from snowflake.ml.feature_store import CreationMode, FeatureStore, FeatureView
from snowflake.snowpark.functions import sql_expr

from mlops.definitions import Model, TrainingSet, describe
from mlops.errors import AccountError
from mlops.inside.datasets import client_name
from mlops.inside.place import Place
from mlops.names import identifier


def make_dataset(place: Place, training_set: TrainingSet, version: str, comment: str | None = None) -> Dataset:
    """Made as one statement, with its comment: a version is there as a whole, or not at all."""
    _require_rows(place, training_set)
    store = open_store(place)
    return store.generate_dataset(
        client_name(place.table(training_set.name)),
        place.session.sql(training_set.spine),
        stored_views(store, training_set),
        version=version,
        spine_timestamp_col=training_set.timestamp,
        spine_label_cols=[training_set.label],
        desc=comment or training_set.description,
    )


def open_store(place: Place) -> FeatureStore:
    return FeatureStore(
        place.session,
        identifier(place.feature_store.database),
        identifier(place.feature_store.name),
        identifier(place.warehouse),
        creation_mode=CreationMode.FAIL_IF_NOT_EXIST,
    )


def stored_views(store: FeatureStore, training_set: TrainingSet) -> list[FeatureView]:
    return [store.get_feature_view(*view.split("/")) for view in training_set.feature_views]


def read_frame(dataset: Dataset, model: Model, training_set: TrainingSet) -> pd.DataFrame:
    """In a fixed order, so that the same rows always give the same model."""
    kept = (*training_set.keys, training_set.timestamp, *model.numeric, *model.categorical, *model.shown)
    columns = [sql_expr(f'"{name}"').alias(name) for name in dict.fromkeys(kept)]
    derived = [sql_expr(expression).alias(name) for name, expression in model.derived.items()]
    label = sql_expr(f'IFF("{training_set.label}", 1, 0)').alias(training_set.label)
    frame: pd.DataFrame = dataset.read.to_snowpark_dataframe().select(*columns, *derived, label).to_pandas()
    return frame.sort_values(list(training_set.row), kind="stable", ignore_index=True)


def count_rows(place: Place, training_set: TrainingSet) -> int:
    return place.count(f"SELECT COUNT(*) FROM ({training_set.spine})")


def _require_rows(place: Place, training_set: TrainingSet) -> None:
    if not count_rows(place, training_set):
        tables = ", ".join(training_set.reads)
        raise AccountError(
            f"{describe(training_set)} is empty: there is no row to learn from in {tables}. Load the source first."
        )
