"""What somebody else than the pipeline has changed in the account."""

from __future__ import annotations

from collections.abc import Iterator

from mlops.apply.target import Target
from mlops.definitions import Model, TrainingSet
from mlops.drift.finding import Finding
from mlops.drift.grants import find_missing_grants
from mlops.drift.objects import find_changed, find_lost
from mlops.drift.versions import find_versions
from mlops.facts import require_ready
from mlops.ledger import read_known
from mlops.outputs import LEDGER, TRAINING_RUNS
from mlops.plan import Existing
from mlops.properties import Difference, shorten
from mlops.report.result import Case, Report, Section
from mlops.session import named_connections, open_session
from mlops.settings import read_settings
from mlops.state import KINDS, has_table, read_state
from mlops.verbs.plan import CHANGES
from mlops.verbs.request import Request


def run(request: Request) -> Report:
    settings = read_settings(request.environ, named_connections)
    with open_session(settings) as session:
        require_ready(session, settings)
        found = tuple(_find(Target(session, settings, request.definitions, request.code), request))
    rows = tuple((one.kind, one.name, one.what, *shorten(Difference(one.what, one.wanted, one.found))) for one in found)
    section = Section("Drift", ("kind", "name", "what", "wanted", "found"), rows)
    cases = tuple(
        Case(f"drift.{one.kind}", f"{one.name} {one.what}", 0.0, f"{one.wanted} is wanted, {one.found} is there.")
        for one in found
    )
    return Report("Drift", (section,) if rows else (), cases, exit_code=CHANGES if rows else 0)


def _find(target: Target, request: Request) -> Iterator[Finding]:
    session, settings, definitions = target.session, target.settings, request.definitions
    existing = read_state(session, settings, KINDS).existing
    if has_table(session, settings.home, LEDGER.name):
        known = [one for one in read_known(session, settings.home) if one.action != "retire" and one.repository == target.owner]
        yield from find_lost(existing, [Existing(one.kind, one.name, one.hash) for one in known])
    yield from find_changed(target, request.desired, existing)
    declared = [one.definition for one in definitions.declared]
    if has_table(session, settings.home, TRAINING_RUNS.name):
        models = [one.name for one in declared if isinstance(one, Model)]
        yield from find_versions(target, models, [one.name for one in declared if isinstance(one, TrainingSet)])
    yield from find_missing_grants(target, definitions.source_tables(declared))
