"""Model versions as snowflake-ml's own packager writes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from snowflake.ml._internal.platform_capabilities import PlatformCapabilities
from snowflake.ml.model._model_composer.model_manifest.model_manifest import ModelManifest
from snowflake.ml.model._packager.model_packager import ModelPackager

from mlops_local.account.sandbox import Sandbox, SandboxError, model_handler

Batch = Callable[..., pa.RecordBatch]
CAPABILITIES = {"ENABLE_SINGLE_OUTPUT_NATIVE_TYPE": True, "SET_MODULE_FUNCTIONS_VOLATILITY_FROM_MANIFEST": True}
FLOATS = ["FLOAT"] * 3


@pytest.fixture(scope="module")
def features() -> pd.DataFrame:
    frame = pd.DataFrame(np.random.default_rng(7).normal(size=(200, 3)), columns=["AGE", "MIN_AGE", "MAX_AGE"])
    frame.loc[3, "AGE"] = None
    return frame


@pytest.fixture(scope="module")
def model(features: pd.DataFrame) -> Pipeline:
    label = (features["MIN_AGE"] > features["MAX_AGE"]).astype(int)
    return make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()).fit(features, label)


@pytest.fixture(scope="module")
def version(features: pd.DataFrame, model: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What log_model uploads; the account's capabilities are asked for through a session, so here they are given."""
    folder = tmp_path_factory.mktemp("version")
    (folder / "model").mkdir()
    packager = ModelPackager(str(folder / "model"))
    packager.save(name="m", model=model, sample_input_data=features.dropna().head(10), options={"relax_version": False})
    with PlatformCapabilities.mock_features(CAPABILITIES):
        ModelManifest(workspace_path=folder).save(
            model_meta=packager.meta, model_rel_path=PurePosixPath("model"), options={"relax_version": False}
        )
    return folder


def test_the_manifest_says_what_a_method_needs(version: Path) -> None:
    handler = model_handler(version, "PREDICT", name="M!PREDICT")
    assert (handler.name, handler.handler) == ("M!PREDICT", "functions.predict.infer")
    assert {"snowflake-ml-python", "scikit-learn"} <= {package.partition("==")[0] for package in handler.packages}
    assert "model/model.yaml" in {file.name for file in handler.imports}


def test_a_single_output_has_its_own_type(
    sandbox: Sandbox, batch: Batch, version: Path, features: pd.DataFrame, model: Pipeline
) -> None:
    rows = batch(*(features[name].tolist() for name in features))
    result = sandbox.call_function(model_handler(version, "PREDICT"), FLOATS, "BIGINT", rows)
    assert result.to_pylist() == model.predict(features).tolist()


def test_several_outputs_are_an_object(
    sandbox: Sandbox, batch: Batch, version: Path, features: pd.DataFrame, model: Pipeline
) -> None:
    rows = batch(*(features[name].tolist() for name in features))
    result = sandbox.call_function(model_handler(version, "PREDICT_PROBA"), FLOATS, "OBJECT", rows)
    values = [list(json.loads(text).values()) for text in result.to_pylist()]
    np.testing.assert_allclose(values, model.predict_proba(features))


def test_a_method_that_is_not_there(version: Path) -> None:
    with pytest.raises(SandboxError, match=r"no method 'explain'\. It has: PREDICT"):
        model_handler(version, "explain")


def test_a_folder_that_is_no_version(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="no readable MANIFEST"):
        model_handler(tmp_path, "predict")


def test_requirements_of_pip_and_of_conda(tmp_path: Path) -> None:
    for name, text in {"pip.txt": "# pins\nnumpy==1.0\n\n-r other\n", "conda.yml": CONDA, "MANIFEST.yml": MANIFEST}.items():
        (tmp_path / name).write_text(text)
    assert model_handler(tmp_path, "A").packages == ("numpy==1.0",)
    assert model_handler(tmp_path, "B").packages == ("numpy==1.0", "pandas>=2", "anyio")


CONDA = "dependencies:\n- python==3.11.*\n- conda-forge::numpy==1.0\n- pandas>=2\n- pip:\n  - anyio\n"
MANIFEST = """
methods:
- {name: A, handler: a.infer, runtime: one}
- {name: B, handler: b.infer, runtime: two}
runtimes:
  one: {version: '3.11', dependencies: {pip: pip.txt}}
  two: {version: '3.11', dependencies: {conda: conda.yml}}
"""
