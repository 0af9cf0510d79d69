"""PACKAGES clauses, what they let a handler import, and pickled code of another Python."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pytest

from mlops_local.account.sandbox import (
    Handler,
    HandlerError,
    ImportFile,
    PackageError,
    RuntimeVersionError,
    Sandbox,
    check_packages,
    check_runtime,
    installed_packages,
)
from mlops_local.account.sandbox.packages import _CHANNEL_NAMES, RUNTIME_VERSION, _modules, closure, denied_modules

Batch = Callable[..., pa.RecordBatch]
OTHER_VERSION = "3.99"
PANDAS = metadata.version("pandas")


@pytest.mark.parametrize(
    "packages",
    [
        ["pandas"],
        [f"pandas=={PANDAS}"],
        [f"pandas={PANDAS}"],
        ["Scikit_Learn", "cloudpickle>=3.1.1"],
        ["pandas==" + PANDAS.rsplit(".", 1)[0] + ".*"],
        ["snowflake-snowpark-python[pandas]"],
        [],
    ],
)
def test_packages_that_are_there(packages: list[str]) -> None:
    check_packages(packages)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no-such-package", "'no-such-package' is not installed in the account's environment"),
        ("pandas==0.1", f"'pandas==0.1' is asked for, the account's environment has {PANDAS}"),
        ("pandas one", "is not a package"),
    ],
)
def test_packages_that_are_not(text: str, message: str) -> None:
    with pytest.raises(PackageError, match=message):
        check_packages([text])


def test_a_procedure_needs_snowpark() -> None:
    check_packages(["snowflake-snowpark-python"], procedure=True)
    with pytest.raises(PackageError, match="without the 'snowflake-snowpark-python' package"):
        check_packages(["pandas"], procedure=True)


def test_the_rows_of_the_packages_view() -> None:
    rows = {row.package_name: row for row in installed_packages()}
    assert rows["pandas"].version == PANDAS
    assert (rows["snowflake-ml-python"].language, rows["snowflake-ml-python"].runtime_version) == ("python", RUNTIME_VERSION)


def test_what_a_package_requires_comes_with_it() -> None:
    assert {"scikit-learn", "numpy", "scipy", "joblib"} <= closure(["scikit-learn"])
    assert "pandas" not in closure(["scikit-learn"])
    assert "pandas" in closure(["snowflake-snowpark-python[pandas]"])


def test_snowpark_brings_what_its_runtimes_always_have() -> None:
    assert {"pyarrow", "snowflake-connector-python"} <= closure(["snowflake-snowpark-python"])


def test_the_channels_names_of_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_CHANNEL_NAMES, "py-numbers", "numpy")
    check_packages(["py-numbers"])
    assert "numpy" in closure(["py-numbers"])
    assert "py-numbers" in {row.package_name for row in installed_packages()}


def test_the_shared_namespace_is_divided() -> None:
    denied = denied_modules(closure(["snowflake-snowpark-python"]))
    assert "snowflake.ml" in denied
    assert not {"snowflake", "snowflake.snowpark", "snowflake.connector"} & set(denied)
    assert "snowflake.ml" not in denied_modules(closure(["snowflake-ml-python"]))


def test_modules_of_a_distribution() -> None:
    files = [
        "ns/one/__init__.py",
        "ns/one/deep.py",
        "ns/alone.py",
        "six.py",
        "fast.cpython-311-x86_64-linux-gnu.so",
        "x-1.0.dist-info/RECORD",
        "x-1.0.dist-info/odd.py",
        "../../bin/tool",
        "pack/__init__.py",
        "pack/a/b.py",
    ]
    assert _modules(map(PurePosixPath, files)) == {"ns.one", "ns.alone", "six", "fast", "pack"}


def test_pickled_code_of_another_python_is_refused(tmp_path: Path) -> None:
    inline = Handler("F", "compute", "import pickle\nfunc = pickle.loads(bytes.fromhex('00'))", runtime_version=OTHER_VERSION)
    with pytest.raises(RuntimeVersionError, match=f"pickled by Python {OTHER_VERSION}, and this account runs Python"):
        check_runtime(inline)
    file = tmp_path / "udf.py"
    file.write_text("import pickle\nfunc = pickle.loads(bytes.fromhex('00'))")
    with pytest.raises(RuntimeVersionError):
        check_runtime(Handler("F", "udf.compute", imports=(ImportFile(file, "udf.py"),), runtime_version=OTHER_VERSION))


def test_plain_source_of_another_python_is_tolerated(sandbox: Sandbox, batch: Batch) -> None:
    handler = Handler("F", "compute", "def compute(x):\n    return x", runtime_version=OTHER_VERSION)
    assert sandbox.call_function(handler, ["INT"], "INT", batch([1])).to_pylist() == [1]


@pytest.mark.parametrize(
    ("packages", "statement"),
    [
        (("numpy",), "import numpy"),
        (("scikit-learn",), "from sklearn.linear_model import LogisticRegression; import scipy.stats"),
        ((), "import json, sqlite3, concurrent.futures; from xml.etree import ElementTree"),
        (("snowflake-snowpark-python",), "from snowflake import snowpark; import snowflake.connector"),
        (("snowflake-ml-python",), "from snowflake.ml import registry; import snowflake.ml.feature_store, pandas"),
    ],
)
def test_declared_packages_can_be_imported(sandbox: Sandbox, batch: Batch, packages: tuple[str, ...], statement: str) -> None:
    handler = Handler("F", "compute", f"{statement}\ndef compute(x):\n    {statement}\n    return x", packages=packages)
    assert sandbox.call_function(handler, ["INT"], "INT", batch([1])).to_pylist() == [1]


@pytest.mark.parametrize(
    ("packages", "statement", "missing"),
    [
        ((), "import numpy", "numpy"),
        ((), "import pyarrow.compute", "pyarrow"),
        (("numpy",), "from pandas import DataFrame", "pandas"),
        (("scikit-learn",), "import pandas as pd", "pandas"),
        ((), "import importlib; importlib.import_module('pandas.core')", "pandas"),
        ((), "__import__('duckdb')", "duckdb"),
        (("snowflake-snowpark-python",), "from snowflake import ml", "snowflake.ml"),
        (("snowflake-snowpark-python",), "from snowflake.ml.registry import Registry", "snowflake.ml"),
        ((), "import mlops_local.account.catalogue.catalogue", "mlops_local"),
        ((), "import tests.account.sandbox.test_packages", "tests"),
        (("scikit-learn",), "import lightgbm", "lightgbm"),
        (("snowflake-ml-python",), "import sklearn", "sklearn"),
    ],
)
def test_undeclared_packages_cannot(
    sandbox: Sandbox, batch: Batch, packages: tuple[str, ...], statement: str, missing: str
) -> None:
    handler = Handler("F", "compute", f"def compute(x):\n    {statement}\n    return x", packages=packages)
    with pytest.raises(HandlerError, match=f"ModuleNotFoundError: No module named '{missing}"):
        sandbox.call_function(handler, ["INT"], "INT", batch([1]))


def test_libraries_do_not_see_undeclared_packages_either(sandbox: Sandbox, batch: Batch) -> None:
    body = "import importlib.util\ndef compute(x):\n    return str(importlib.util.find_spec(x))"
    handler = Handler("F", "compute", body, packages=("snowflake-snowpark-python",))
    assert sandbox.call_function(handler, ["VARCHAR"], "VARCHAR", batch(["snowflake.ml", "duckdb"])).to_pylist() == ["None"] * 2


def test_an_own_module_hides_an_undeclared_package(sandbox: Sandbox, batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "duckdb.py").write_text("def answer():\n    return 42\n")
    body = "import duckdb\ndef compute(x):\n    return duckdb.answer()"
    handler = Handler("F", "compute", body, imports=(ImportFile(tmp_path / "duckdb.py", "duckdb.py"),))
    assert sandbox.call_function(handler, ["INT"], "INT", batch([1])).to_pylist() == [42]


def test_a_project_that_runs_from_its_source_denies_its_packages_and_nothing_else_that_lies_there() -> None:
    denied = denied_modules(frozenset())
    assert {"mlops", "mlops_local"} <= set(denied)
    assert "tests" not in denied
