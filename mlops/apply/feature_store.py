from __future__ import annotations

from snowflake.ml.feature_store import CreationMode, FeatureStore

from mlops.apply.target import Target
from mlops.names import identifier


def open_feature_store(target: Target) -> FeatureStore:
    settings = target.settings
    return FeatureStore(
        target.session,
        identifier(settings.database),
        identifier(settings.feature_store.name),
        identifier(settings.warehouse),
        creation_mode=CreationMode.CREATE_IF_NOT_EXIST,
    )
