"""A plan as a document: for people who look at it before it is applied, and for the apply that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from mlops.plan import Change, Plan
from mlops.settings import Settings

FORM = 1

Document = Mapping[str, object]


def to_document(plan: Plan, settings: Settings, families: Sequence[str]) -> Document:
    place = {"account": settings.account, "database": settings.database, "schema": settings.schema}
    return {
        "form": FORM,
        "place": place,
        "families": list(families),
        "commit": settings.commit,
        "run": settings.run,
        "changes": [_to_values(change) for change in plan.pending],
        "cost": asdict(plan.cost),
    }


def _to_values(change: Change) -> dict[str, object]:
    return {
        "action": change.action,
        "kind": change.kind,
        "name": change.name,
        "reason": change.reason,
        "definition": change.desired.hash if change.desired else None,
        "before": change.existing.hash if change.existing else None,
        "properties": [asdict(difference) for difference in change.differences],
        "warnings": list(change.warnings),
        "cost": asdict(change.cost) if change.cost else None,
    }
