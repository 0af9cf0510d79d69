"""Snowpark's own integration tests: which files are run, and what they take for granted.

Their conftest sets parameters that only Snowflake's own accounts have; where it does, the copy goes without.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_ROOM = "tests/integ"

FILES = tuple(
    f"{_ROOM}/{name}.py"
    for name in (
        "scala/test_async_job_suite",
        "scala/test_column_suite",
        "scala/test_complex_dataframe_suite",
        "scala/test_dataframe_aggregate_suite",
        "scala/test_dataframe_join_suite",
        "scala/test_dataframe_range_suite",
        "scala/test_dataframe_set_operations_suite",
        "scala/test_dataframe_suite",
        "scala/test_function_suite",
        "scala/test_query_tag_suite",
        "scala/test_session_suite",
        "scala/test_sql_suite",
        "scala/test_table_suite",
        "scala/test_update_delete_merge_suite",
        "scala/test_view_suite",
        "scala/test_window_frame_suite",
        "scala/test_window_spec_suite",
        "test_column",
        "test_column_names",
        "test_cte",
        "test_df_aggregate",
        "test_df_analytics",
        "test_df_sort",
        "test_df_to_pandas",
        "test_function",
        "test_multithreading",
        "test_pandas_to_df",
        "test_query_history",
    )
)

OPTIONS = ("--skip_sql_count_check",)

_INTERNAL = {
    "integ/conftest.py": (
        ('f"ALTER SCHEMA SET DEFAULT_PYTHON_ARTIFACT_REPOSITORY = {_DEFAULT_ARTIFACT_REPOSITORY}"', '"SELECT 1"'),
        ('{"feature_interval_types": "ENABLED"}', "{}"),
    ),
    "integ/session_parameters.py": (("    if local_testing_mode:\n        return\n", "    return\n"),),
}


def is_checkout(folder: Path) -> bool:
    return (folder / "tests" / "integ" / "scala").is_dir()


def prepare(tests: Path, settings: Mapping[str, str]) -> None:
    """The connection that the tests read, and a conftest that every account can follow."""
    values = {
        "account": settings["SNOWFLAKE_ACCOUNT"],
        "user": settings["SNOWFLAKE_USER"],
        "authenticator": settings["SNOWFLAKE_AUTHENTICATOR"],
        "private_key_file": settings["SNOWFLAKE_PRIVATE_KEY_FILE"],
        "host": settings["SNOWFLAKE_HOST"],
        "port": int(settings["SNOWFLAKE_PORT"]),
        "protocol": settings["SNOWFLAKE_PROTOCOL"],
        "role": "ACCOUNTADMIN",
        "database": "PEERS",
        "schema": "PUBLIC",
        "warehouse": "PEERS_WH",
    }
    (tests / "parameters.py").write_text(f"CONNECTION_PARAMETERS = {values!r}\n")
    for name, changes in _INTERNAL.items():
        file = tests / name
        text = file.read_text()
        for old, new in changes:
            text = text.replace(old, new)
        file.write_text(text)
