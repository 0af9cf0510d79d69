"""The rooms that add functions and views to SQL. Importing one enters what it adds in the tables of ``sql.extensions``."""

from __future__ import annotations

from mlops_local.account.metadata import (
    copy_history,
    ddl,
    dgql,
    directory_tables,
    dynamic_table_history,
    event_log,
    history_view,
    login_history,
    object_views,
    packages_view,
    platform_functions,
    tag_functions,
    task_history,
)
from mlops_local.account.models import calls as model_calls
from mlops_local.account.routines import artifact_repositories, calls

ADDED_BY = (
    artifact_repositories,
    calls,
    copy_history,
    ddl,
    dgql,
    directory_tables,
    dynamic_table_history,
    event_log,
    history_view,
    login_history,
    model_calls,
    object_views,
    packages_view,
    platform_functions,
    tag_functions,
    task_history,
)
