"""What plan and apply share: from a request and a session to a plan."""

from __future__ import annotations

from snowflake.snowpark import Session

from mlops.definitions import key
from mlops.facts import require_ready
from mlops.plan import Plan, check_requirements, make_plan
from mlops.report.result import Section
from mlops.settings import Settings
from mlops.state import read_state
from mlops.verbs.request import Request


def plan_for(request: Request, session: Session, settings: Settings) -> Plan:
    require_ready(session, settings, request.definitions.source_tables(request.selected))
    desired = request.desired
    needed = {kind for one in desired for kind in (one.definition.kind, *(kind for kind, _ in one.definition.requires))}
    existing = read_state(session, settings, sorted(needed))
    check_requirements(desired, existing)
    return make_plan(desired, existing, declared={key(one.definition) for one in request.definitions.declared})


def plan_section(plan: Plan) -> Section:
    rows = tuple((change.action, change.kind, change.name, change.reason) for change in plan.changes)
    return Section("Plan", ("action", "kind", "name", "why"), rows)
