from __future__ import annotations

from functools import lru_cache

from snowflake.ml.feature_store import CreationMode, FeatureStore

from mlops.apply.target import Target
from mlops.names import identifier


@lru_cache(maxsize=1)
def open_feature_store(target: Target) -> FeatureStore:
    """Once for all that a command registers: its client first asks seven things of the account."""
    settings = target.settings
    return FeatureStore(
        target.session,
        identifier(settings.database),
        identifier(settings.feature_store.name),
        identifier(settings.warehouse),
        creation_mode=CreationMode.CREATE_IF_NOT_EXIST,
    )
