"""https://docs.snowflake.com/en/developer-guide/snowflake-ml/feature-store/entities"""

from __future__ import annotations

from snowflake.ml.feature_store import Entity as StoredEntity

from mlops.apply.feature_store import open_feature_store
from mlops.apply.target import Outcome, Target
from mlops.definitions import Entity
from mlops.errors import AccountError
from mlops.plan import Desired


def apply_entity(target: Target, desired: Desired, definition: Entity) -> Outcome:
    store = open_feature_store(target)
    known = {row["NAME"]: row["JOIN_KEYS"] for row in store.list_entities().collect()}
    if definition.name not in known:
        store.register_entity(StoredEntity(definition.name, list(definition.join_keys), desc=target.record(desired)))
        return Outcome()
    stored = tuple(store.get_entity(definition.name).join_keys)
    if tuple(str(key) for key in stored) != definition.join_keys:
        raise AccountError(
            f"The entity {definition.name} is there with other keys. Keys cannot change: declare it under another name."
        )
    store.update_entity(definition.name, desc=target.record(desired))
    return Outcome()
