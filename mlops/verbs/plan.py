from __future__ import annotations

from mlops.plan_file import to_document
from mlops.report.result import Case, Report
from mlops.session import named_connections, open_session
from mlops.settings import read_settings
from mlops.verbs.planning import plan_for, plan_sections, plan_warnings
from mlops.verbs.request import Request

CHANGES = 2


def run(request: Request) -> Report:
    settings = read_settings(request.environ, named_connections)
    with open_session(settings) as session:
        plan = plan_for(request, session, settings)
    cases = tuple(Case(f"plan.{change.kind}", f"{change.action} {change.name}") for change in plan.changes)
    return Report(
        "Plan",
        plan_sections(plan),
        cases,
        plan_warnings(plan),
        exit_code=CHANGES if plan.pending else 0,
        document=to_document(plan, settings, request.families),
    )
