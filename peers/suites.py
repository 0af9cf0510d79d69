"""Which files of snowflake-ml-python's integration tests are run, and why some of their tests cannot pass here.

The suites themselves are not part of this project; see README.md for where to get them.
"""

from __future__ import annotations

import re

_ROOM = "tests/integ/snowflake/ml"

FILES = (
    f"{_ROOM}/feature_store/feature_store_test.py",
    f"{_ROOM}/feature_store/feature_store_object_test.py",
    f"{_ROOM}/feature_store/feature_store_case_sensitivity_test.py",
    f"{_ROOM}/feature_store/feature_store_tiled_aggregation_test.py",
    f"{_ROOM}/dataset/dataset_integ_test.py",
    f"{_ROOM}/registry/model/registry_sklearn_model_test.py",
    f"{_ROOM}/registry/model/registry_xgboost_model_test.py",
    f"{_ROOM}/registry/model/registry_lightgbm_model_test.py",
    f"{_ROOM}/registry/model/registry_custom_model_test.py",
    f"{_ROOM}/registry/model/registry_custom_model_with_params_test.py",
    f"{_ROOM}/registry/model/registry_partitioned_model_test.py",
    f"{_ROOM}/registry/model/registry_initialization_test.py",
    f"{_ROOM}/registry/model/multiple_model_test.py",
    f"{_ROOM}/registry/model/additional_import_test.py",
    f"{_ROOM}/registry/model/code_path_test.py",
    f"{_ROOM}/registry/model/fully_qualified_name_test.py",
    f"{_ROOM}/registry/model/random_version_name_test.py",
)

# What this account is not, so that these tests are not counted: (pattern of file::test, reason).
OUT_OF_SCOPE: tuple[tuple[str, str], ...] = ()

# Counted as failures, each with its reason: (pattern of file::test, reason).
KNOWN: tuple[tuple[str, str], ...] = ()


def reason(table: tuple[tuple[str, str], ...], test: str) -> str | None:
    """Of the first pattern that is found in ``file::test``."""
    return next((why for pattern, why in table if re.search(pattern, test)), None)
