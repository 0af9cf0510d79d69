"""What is declared no longer. What is made of definitions alone is dropped; what holds data stays, and the ledger closes."""

from __future__ import annotations

from collections.abc import Mapping

from mlops.apply.step import Step
from mlops.apply.target import Outcome
from mlops.definitions import Column
from mlops.guard import drop
from mlops.names import ENTITY_TAG, Name
from mlops.plan import HOLD_DATA

_OF_FEATURES = ("function", "entity", "feature view")


def retire(step: Step) -> Outcome:
    if step.change.kind in HOLD_DATA:
        step.finish()
        return Outcome("left as it is")
    step.finish(drop(step.change.kind, _name(step), _arguments(step)))
    return Outcome("dropped")


def _name(step: Step) -> Name:
    settings, kind, name = step.target.settings, step.change.kind, step.change.name
    schema = settings.feature_store if kind in _OF_FEATURES else settings.home
    return schema / {"entity": f"{ENTITY_TAG}{name}", "feature view": name.replace("/", "$")}.get(kind, name)


def _arguments(step: Step) -> str:
    """Functions and procedures are dropped by the types that the ledger says they were made with."""
    if step.change.kind not in ("function", "procedure"):
        return ""
    existing = step.change.existing
    found = existing.properties.get("arguments") if existing and existing.properties else None
    columns = (
        [Column(one["name"], one["type"]) for one in found or () if isinstance(one, Mapping)] if isinstance(found, list) else []
    )
    return f"({', '.join(column.type for column in columns)})"
