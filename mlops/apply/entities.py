"""https://docs.snowflake.com/en/developer-guide/snowflake-ml/feature-store/entities"""

from __future__ import annotations

from snowflake.ml.feature_store import Entity as StoredEntity

from mlops.apply.feature_store import open_feature_store
from mlops.apply.step import Step
from mlops.apply.target import Outcome
from mlops.definitions import Entity
from mlops.errors import AccountError
from mlops.names import ENTITY_TAG, literal


def apply_entity(step: Step, definition: Entity) -> Outcome:
    store = open_feature_store(step.target)
    known = {row["NAME"] for row in store.list_entities().collect()}
    if definition.name not in known:
        store.register_entity(to_be_stored(definition))
    elif tuple(str(key) for key in store.get_entity(definition.name).join_keys) != definition.join_keys:
        raise AccountError(
            f"The entity {definition.name} is there with other keys. Keys cannot change: declare it under another name."
        )
    tag = step.target.settings.feature_store / f"{ENTITY_TAG}{definition.name}"
    step.finish(f"ALTER TAG {tag.sql} SET COMMENT = {literal(step.comment)}")
    return Outcome()


def to_be_stored(definition: Entity) -> StoredEntity:
    return StoredEntity(definition.name, list(definition.join_keys), desc=definition.description)
