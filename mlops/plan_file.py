"""A plan as a document: for people who look at it before it is applied, and for the apply that follows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from mlops.collect import FAMILIES
from mlops.errors import PlanError
from mlops.plan import RETIRED_FIRST, Change, Plan
from mlops.settings import Settings

FORM = 1

Document = Mapping[str, object]


def to_document(plan: Plan, settings: Settings, families: Sequence[str]) -> Document:
    return {
        "form": FORM,
        "place": _place(settings),
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


@dataclass(frozen=True)
class Agreed:
    """One change of a plan that somebody has looked at."""

    action: str
    kind: str
    name: str
    definition: str | None
    before: str | None

    def __str__(self) -> str:
        return f"{self.action} {self.kind} {self.name}"


@dataclass(frozen=True)
class PlanFile:
    place: Mapping[str, str]
    families: tuple[str, ...]
    changes: tuple[Agreed, ...]


def read_plan_file(file: Path) -> PlanFile:
    """Only what says which changes were agreed to is read: what they do comes from the definitions and nowhere else."""
    try:
        return _parse(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise PlanError(f"The plan {file} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlanError(f"{file} is no plan of `plan --format json --out FILE`: make it again.") from error


def fit(plan: Plan, agreed: PlanFile, settings: Settings) -> Plan:
    """What is left to do of the plan that was agreed to. Whatever else there is to do now says that it no longer fits."""
    here = _place(settings)
    if dict(agreed.place) != here:
        raise PlanError(f"The plan was made for {_told(agreed.place)}, and this is {_told(here)}: make a plan for it.")
    now = {(change.kind, change.name): change for change in plan.changes}
    wanted = {(one.kind, one.name) for one in agreed.changes}
    faults = [
        *(f"{one} was agreed to, but {_state(now.get((one.kind, one.name)))}" for one in agreed.changes if not _fits(one, now)),
        *(
            f"{one.action} {one.kind} {one.name} is to be done now, and was not agreed to"
            for one in plan.pending
            if _key(one) not in wanted
        ),
    ]
    if faults:
        raise PlanError(
            f"The plan no longer fits, so nothing was done: {'; '.join(faults)}. Make it again, and look at it again."
        )
    return plan


def _fits(agreed: Agreed, now: Mapping[tuple[str, str], Change]) -> bool:
    """Either still to be done from where it was, or done already, as when an apply of this very plan was killed."""
    change = now.get((agreed.kind, agreed.name))
    if change is None:
        return agreed.action == "retire"
    wanted = change.desired.hash if change.desired else None
    there = change.existing.hash if change.existing else None
    return wanted == agreed.definition and there in (agreed.before, agreed.definition)


def _state(change: Change | None) -> str:
    if change is None:
        return "it is neither declared nor in the account"
    there = change.existing.hash if change.existing and change.existing.hash else "without a record"
    wanted = f"definition {change.desired.hash} is wanted" if change.desired else "it is declared no longer"
    return f"now {wanted} and what is there is {there}"


def _key(change: Change) -> tuple[str, str]:
    return change.kind, change.name


def _place(settings: Settings) -> dict[str, str]:
    return {"account": settings.account, "database": settings.database, "schema": settings.schema}


def _told(place: Mapping[str, str]) -> str:
    return ".".join(place.get(name, "?") for name in ("account", "database", "schema"))


def _parse(values: Mapping[str, Any]) -> PlanFile:
    if values["form"] != FORM:
        raise ValueError(values["form"])
    changes = tuple(Agreed(*(_text(one[field.name]) for field in fields(Agreed))) for one in values["changes"])  # type: ignore[arg-type]
    place = {str(name): str(value) for name, value in values["place"].items()}
    if unknown := {one.kind for one in changes} - set(RETIRED_FIRST):
        raise ValueError(unknown)
    families = tuple(family for family in FAMILIES if family in values["families"])
    if not families:
        raise ValueError(values["families"])
    return PlanFile(place, families, changes)


def _text(value: object) -> str | None:
    if not isinstance(value, str | None):
        raise TypeError(value)
    return value
