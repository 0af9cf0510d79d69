"""The model registry, by the real snowflake-ml client."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from snowflake.connector.errors import ProgrammingError
from snowflake.ml.model import ModelVersion
from snowflake.ml.model.custom_model import ModelContext
from snowflake.ml.model.model_signature import DataType, FeatureSpec, ModelSignature, ParamSpec
from snowflake.ml.registry import Registry
from snowflake.snowpark import Session as Snowpark

from tests.account.conftest import Ask
from tests.account.python.scaling import Scale

FRAME = pd.DataFrame(np.random.default_rng(1).random((60, 2)), columns=["A", "B"])
FOREST = RandomForestClassifier(5, random_state=0).fit(FRAME, (FRAME["A"] > FRAME["B"]).astype(int))


@pytest.fixture(scope="module")
def registry(snowpark: Snowpark) -> Registry:
    opened = Registry(snowpark, database_name=snowpark.get_current_database(), schema_name="S")
    for name in ("V1", "V2"):
        opened.log_model(
            FOREST,
            model_name="FOREST",
            version_name=name,
            sample_input_data=FRAME.head(),
            metrics={"auc": 0.75},
            comment="it's",
            target_platforms=["WAREHOUSE"],
            options={"enable_explainability": False},
        )
    return opened


@pytest.fixture(scope="module", autouse=True)
def rows(snowpark: Snowpark, registry: Registry) -> None:
    snowpark.create_dataframe(FRAME).write.save_as_table("ROWS_OF_FRAME", mode="overwrite")


def test_versions_metrics_and_comments(registry: Registry) -> None:
    model = registry.get_model("FOREST")
    assert list(model.show_versions()["name"]) == ["V1", "V2"]
    assert model.version("V1").show_metrics() == {"auc": 0.75}
    assert model.version("V1").comment == "it's"
    assert model.default.version_name == "V1"


def test_versions_are_listed_in_the_information_schema(ask: Ask) -> None:
    versions = ask(
        "SELECT MODEL_VERSION_NAME, VERSION_ALIASES, COMMENT, LANGUAGE, PARSE_JSON(METADATA):metrics:auc::FLOAT, "
        "FUNCTIONS LIKE '%PREDICT%' FROM INFORMATION_SCHEMA.MODEL_VERSIONS WHERE MODEL_NAME = 'FOREST' ORDER BY 1"
    )
    assert [row[0] for row in versions] == ["V1", "V2"]
    assert json.loads(versions[0][1]) == ["DEFAULT", "FIRST"]
    assert versions[0][2:] == ("it's", "PYTHON", 0.75, True)


def test_run_on_pandas_and_on_rows_of_a_table(registry: Registry, snowpark: Snowpark) -> None:
    version = registry.get_model("FOREST").version("V1")
    expected = FOREST.predict(FRAME).tolist()
    assert version.run(FRAME, function_name="predict")["output_feature_0"].tolist() == expected
    answered = version.run(snowpark.table("ROWS_OF_FRAME"), function_name="predict").to_pandas()
    assert sorted(answered["output_feature_0"]) == sorted(expected)


@pytest.mark.parametrize("call", ["FOREST!PREDICT(A, B)", "MODEL(FOREST)!PREDICT(A, B)", "MODEL(S.FOREST, V2)!predict(A, B)"])
def test_methods_in_sql(ask: Ask, call: str) -> None:
    answered = ask(f"SELECT {call} FROM ROWS_OF_FRAME ORDER BY A, B")
    ordered = FRAME.sort_values(["A", "B"])
    assert [int(row[0]) for row in answered] == FOREST.predict(ordered).tolist()


def test_an_alias_of_a_version_in_with(ask: Ask) -> None:
    assert ask("WITH F AS MODEL FOREST VERSION V1 SELECT COUNT(F!PREDICT(A, B)) FROM ROWS_OF_FRAME") == [(60,)]


def test_probabilities_are_an_object(ask: Ask) -> None:
    value = ask("SELECT FOREST!PREDICT_PROBA(A, B):output_feature_1::FLOAT FROM ROWS_OF_FRAME ORDER BY A, B LIMIT 1")[0][0]
    assert value == pytest.approx(FOREST.predict_proba(FRAME.sort_values(["A", "B"]))[0][1])


def test_aliases_default_and_dropping(registry: Registry) -> None:
    model = registry.get_model("FOREST")
    model.version("V2").set_alias("champion")
    assert model.version("champion").version_name == "V2"
    model.version("V2").unset_alias("V2")
    with pytest.raises(ValueError, match=r"(?i)champion"):
        model.version("champion")
    model.default = "V2"
    assert model.default.version_name == "V2"
    with pytest.raises(Exception, match="default version"):
        model.delete_version("V2")
    model.default = "V1"


def test_metrics_are_kept_with_the_version(registry: Registry) -> None:
    version = registry.get_model("FOREST").version("V2")
    version.set_metric("loss", {"train": 0.5})
    version.delete_metric("auc")
    assert registry.get_model("FOREST").version("V2").show_metrics() == {"loss": {"train": 0.5}}


def test_a_copy_of_a_version(registry: Registry) -> None:
    copied = registry.log_model(registry.get_model("FOREST").version("V1"), model_name="COPIED", version_name="C1")
    assert copied.run(FRAME.head(3), function_name="predict").shape[0] == 3
    registry.delete_model("COPIED")
    assert "COPIED" not in set(registry.show_models()["name"])


def test_export_brings_the_files(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("exported")
    registry.get_model("FOREST").version("V1").export(str(folder))
    assert (folder / "model.yaml").is_file() or list(folder.rglob("model.yaml"))


@pytest.fixture(scope="module")
def scale(registry: Registry) -> ModelVersion:
    one = [FeatureSpec("A", DataType.DOUBLE)]
    spread = [FeatureSpec("SPREAD", DataType.DOUBLE), FeatureSpec("N", DataType.INT64)]
    return registry.log_model(
        Scale(ModelContext()),
        model_name="SCALE",
        version_name="V1",
        signatures={
            "times": ModelSignature(one, [FeatureSpec("scaled", DataType.DOUBLE)], [ParamSpec("factor", DataType.INT64, 2)]),
            "spread": ModelSignature(one, spread),
        },
        target_platforms=["WAREHOUSE"],
        options={
            "method_options": {"times": {"case_sensitive": True}, "spread": {"function_type": "TABLE_FUNCTION"}},
        },
    )


def test_a_method_over_partitions(scale: ModelVersion, snowpark: Snowpark, ask: Ask) -> None:
    rows = snowpark.sql("SELECT IFF(A > 0.5, 'high', 'low') AS SIDE, A FROM ROWS_OF_FRAME")
    answered = scale.run(rows, function_name="spread", partition_column="SIDE").to_pandas().sort_values("SIDE")
    sides = FRAME["A"].groupby(FRAME["A"] <= 0.5)
    assert answered["N"].tolist() == sides.size().tolist()
    assert answered["SPREAD"].tolist() == pytest.approx((sides.max() - sides.min()).tolist())
    assert ask("SELECT N FROM ROWS_OF_FRAME, TABLE(SCALE!SPREAD(A) OVER (PARTITION BY 1))") == [(60,)]


def test_a_parameter_by_default_and_by_value(scale: ModelVersion, ask: Ask) -> None:
    assert scale.run(FRAME[["A"]], function_name='"times"', params={"factor": 3})["scaled"].tolist() == (FRAME["A"] * 3).tolist()
    assert ask('SELECT MODEL(SCALE, V1)!"times"(1.5), SCALE!"times"(1.5, 4)') == [(3.0, 6.0)]
    with pytest.raises(ProgrammingError, match="Unknown function V1!TIMES"):
        ask("SELECT SCALE!TIMES(1.5)")


def test_wrong_calls_are_refused(ask: Ask) -> None:
    with pytest.raises(ProgrammingError, match="it takes 2 arguments"):
        ask("SELECT FOREST!PREDICT(A) FROM ROWS_OF_FRAME")
    with pytest.raises(ProgrammingError, match="GUESS"):
        ask("SELECT FOREST!GUESS(A, B) FROM ROWS_OF_FRAME")
    with pytest.raises(ProgrammingError, match="does not exist"):
        ask("SELECT NO_MODEL!PREDICT(A, B) FROM ROWS_OF_FRAME")
