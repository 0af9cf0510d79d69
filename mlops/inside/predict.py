"""The procedure PREDICTION_TABLE_PROCEDURE: a version of a model says something of every row of a spine."""

from __future__ import annotations

from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import sql_expr

from mlops.definitions import Model, TrainingSet, describe, key
from mlops.errors import AccountError
from mlops.inside.content import open_content
from mlops.inside.place import Place, find_place
from mlops.inside.registration import has_version, open_registry
from mlops.inside.training_data import open_store, stored_views
from mlops.names import quote


def predict_table(session: Session, spine: str, function: str, dataset: str) -> DataFrame:
    """The rows of `spine` (a table, a view or a query), the inputs as they were known at that time, and what the version says of them.

    `function` is MODEL:VERSION:FUNCTION, where the version DEFAULT is the one in use; `dataset` is DATASET:VERSION, whose feature views
    are joined.
    """
    place = find_place(session)
    name, version, method = _split(function, "model:version:function")
    with open_content() as definitions:
        model = definitions.model(name)
        training_set = definitions.dataset(*_split(dataset, "dataset:version"))
    registered = _require_version(place, model, version)
    inputs = _select_inputs(_join(place, training_set, spine), model, training_set)
    said: DataFrame = open_registry(place).get_model(name).version(registered).run(inputs, function_name=method.lower())
    return said


def _split(text: str, form: str) -> list[str]:
    parts = [part.strip() for part in text.split(":")]
    if len(parts) != form.count(":") + 1 or not all(parts):
        raise AccountError(f"This is told as {form}, and not as {text!r}.")
    return parts


def _require_version(place: Place, model: Model, version: str) -> str:
    if version.upper() == "DEFAULT":
        return str(open_registry(place).get_model(model.name).default.version_name)
    if not has_version(place, model.name, version):
        raise AccountError(f"{describe(model)} has no version {version} in the registry.")
    return version


def _join(place: Place, training_set: TrainingSet, spine: str) -> DataFrame:
    rows = place.session.sql(f"SELECT * FROM {f'({spine})' if ' ' in spine.strip() else spine}")
    store = open_store(place)
    joined: DataFrame = store.retrieve_feature_values(
        rows, stored_views(store, training_set), spine_timestamp_col=training_set.timestamp
    )
    return joined


def _select_inputs(joined: DataFrame, model: Model, training_set: TrainingSet) -> DataFrame:
    """As a training prepares them: numbers as floats, and a word that is missing as one of its own."""
    found = [field.name.strip('"') for field in joined.schema.fields]
    missing = [name for name in (*model.numeric, *model.categorical) if name not in found]
    if missing:
        told = key(training_set)[1]
        raise AccountError(f"{describe(model)} needs {', '.join(missing)}, which neither the spine nor {told} has.")
    columns = {name: quote(name) for name in found}
    columns |= {name: f"{quote(name)}::FLOAT" for name in model.numeric}
    columns |= {name: f"({expression})::FLOAT" for name, expression in model.derived.items()}
    columns |= {name: f"IFNULL({quote(name)}, 'UNKNOWN')" for name in model.categorical}
    return joined.select(*(sql_expr(expression).alias(name) for name, expression in columns.items()))
