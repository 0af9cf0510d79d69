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
    f"{_ROOM}/feature_store/feature_store_rollup_test.py",
    f"{_ROOM}/feature_store/feature_store_rollback_test.py",
    f"{_ROOM}/feature_store/feature_store_stream_source_test.py",
    f"{_ROOM}/feature_store/feature_store_access_test.py",
    f"{_ROOM}/feature_store/feature_store_compatibility_test.py",
    f"{_ROOM}/feature_store/feature_sharing_test.py",
    f"{_ROOM}/lineage/lineage_integ_test.py",
    f"{_ROOM}/dataset/dataset_integ_test.py",
    f"{_ROOM}/model/_client/model/model_impl_integ_test.py",
    f"{_ROOM}/model/_client/model/model_version_impl_integ_test.py",
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
OUT_OF_SCOPE: tuple[tuple[str, str], ...] = (
    (
        r"feature_store_test\.py::test_(iceberg_.*|get_feature_view_preserves_storage_config\d|refresh_feature_view2"
        r"|update_managed_feature_view1|list_feature_views|large_feature_metadata)$",
        "stores a feature view as an Iceberg table, on an external volume in a cloud",
    ),
    (r"feature_store_case_sensitivity_test\.py::test_online_config_round_trip", "makes an online feature table"),
    (
        r"feature_store_rollback_test\.py::test_(atomic_.*|update_feature_view_rollback_(mixed_operations|online_disable_failure))$",
        "makes an online feature table",
    ),
)

# Counted as failures, each with its reason: (pattern of file::test, reason).
KNOWN: tuple[tuple[str, str], ...] = (
    (
        r"(dataset_integ_test\.py::test_((to_pandas|to_dataframe|file_access|dataset_management)[12]|dataset_connectors_sproc\d)"
        r"|registry_custom_model_test\.py::test_large_input1)$",
        "runs itself as a procedure, and asks the connector's build whether it does: only the one inside Snowflake says so",
    ),
    (
        r"registry_custom_model_test\.py::test_capture_sample_input_data(_complex_types)?$",
        "sets a session parameter that Snowflake does not document, to call functions of its user interface",
    ),
    (
        r"registry_sklearn_model_test\.py::test_skl_model_with_quoted_identifiers_ignore_case$",
        "QUOTED_IDENTIFIERS_IGNORE_CASE is TRUE only in a parameter of single statements, which this account does not act on",
    ),
    (
        r"multiple_model_test\.py::test_multiple_model$",
        "expects a single output inside an OBJECT; with the installed client it is a value of its own type",
    ),
    (
        r"feature_store_test\.py::test_register_feature_view_as_view$",
        "the installed client says of a view that is not online that it has no target lag; the suite is that of an older one",
    ),
    (
        r"feature_store_test\.py::test_schema_evolution_register_backfill_rejects_varchar_width_change$",
        "the installed client takes another length of VARCHAR for the same type; the suite is that of an older one",
    ),
    (
        r"feature_store_(tiled_aggregation|rollup)_test\.py::test_(.*_distinct_n_aggregation.*_legacy|generate_dataset_version_mix)$",
        "the installed client refuses feature views of its own version before 2.0.0, which the test makes",
    ),
)


def reason(table: tuple[tuple[str, str], ...], test: str) -> str | None:
    """Of the first pattern that is found in ``file::test``."""
    return next((why for pattern, why in table if re.search(pattern, test)), None)
