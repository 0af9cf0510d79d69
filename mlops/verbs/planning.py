"""What plan and apply share: from a request and a session to a plan."""

from __future__ import annotations

from collections.abc import Iterator

from snowflake.snowpark import Session

from mlops.collect import FAMILIES, owner_of
from mlops.definitions import key
from mlops.facts import require_ready
from mlops.plan import Change, Plan, Scope, check_kept, check_requirements, make_plan
from mlops.properties import shorten
from mlops.report.result import Section
from mlops.settings import Settings
from mlops.state import KINDS, read_state
from mlops.verbs.request import Request

# What is made for a family alone. Tables and procedures may belong to two: they are retired with the whole in view.
_OWN = {"features": ("function", "entity", "feature view"), "models": ("training set", "model"), "tasks": ("stream", "task")}


def plan_for(request: Request, session: Session, settings: Settings) -> Plan:
    require_ready(session, settings, request.definitions.source_tables(request.selected))
    desired = request.desired
    state = read_state(session, settings, KINDS)
    check_requirements(desired, state.existing)
    check_kept(request.stored, state.existing)
    return make_plan(desired, state.existing, _scope(request, settings), state.spent)


def plan_sections(plan: Plan) -> tuple[Section, ...]:
    sections = (
        Section(
            "Plan", ("action", "kind", "name", "why"), tuple((one.action, one.kind, one.name, one.reason) for one in plan.changes)
        ),
        Section("Properties", ("kind", "name", "property", "old", "new"), tuple(_properties(plan))),
        Section("Estimated cost, at most", ("change", "statements", "warehouse seconds", "from"), tuple(_costs(plan))),
    )
    return tuple(section for section in sections if section.rows)


def plan_warnings(plan: Plan) -> tuple[str, ...]:
    return tuple(warning for change in plan.pending for warning in change.warnings)


def _scope(request: Request, settings: Settings) -> Scope:
    """A file alone retires nothing: what else there is was not asked for."""
    declared = {key(one.definition) for one in request.definitions.declared}
    whole = set(request.families) == set(FAMILIES)
    kinds = KINDS if whole else tuple(kind for family in request.families for kind in _OWN[family])
    return Scope(declared, () if request.file else kinds, owner_of(request.root, settings.repository))


def _properties(plan: Plan) -> Iterator[tuple[str, ...]]:
    for change in plan.pending:
        for difference in change.differences:
            yield change.kind, change.name, difference.property, *shorten(difference)


def _costs(plan: Plan) -> Iterator[tuple[str, ...]]:
    for change in plan.pending:
        if change.cost:
            yield _told(change), str(change.cost.statements), f"{change.cost.seconds:.1f}", change.cost.basis
    if len(plan.pending) > 1:
        yield "all of it", str(plan.cost.statements), f"{plan.cost.seconds:.1f}", plan.cost.basis


def _told(change: Change) -> str:
    return f"{change.action} {change.kind} {change.name}"
