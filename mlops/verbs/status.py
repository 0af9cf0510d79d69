"""What is in the account."""

from __future__ import annotations

from snowflake.snowpark import Session

from mlops.facts import require_ready
from mlops.outputs import METRICS, TRAINING_RUNS
from mlops.report.result import Report, Section
from mlops.rows import fetch
from mlops.session import named_connections, open_session
from mlops.settings import Settings, read_settings
from mlops.state import KINDS, last_runs, read_state
from mlops.verbs.request import Request


def run(request: Request) -> Report:
    settings = read_settings(request.environ, named_connections)
    with open_session(settings) as session:
        require_ready(session, settings)
        sections = (_objects(session, settings), _versions(session, settings), _metrics(session, settings))
    return Report("Status", tuple(section for section in sections if section.rows))


def _objects(session: Session, settings: Settings) -> Section:
    existing = [one for one in read_state(session, settings, KINDS).existing if one.hash]
    rows = tuple((one.kind, one.name, one.hash or "", one.fault or "whole") for one in existing)
    return Section("Objects", ("kind", "name", "definition", "state"), rows)


def _versions(session: Session, settings: Settings) -> Section:
    rows = tuple((run.model, run.version, "yes" if run.passed else "no") for run in last_runs(session, settings))
    return Section("Last trainings", ("model", "version", "passed its gates"), rows)


def _metrics(session: Session, settings: Settings) -> Section:
    columns = ("model", "version", "metric", "value")
    if not last_runs(session, settings):
        return Section("Metrics", columns, ())
    runs, metrics = settings.home / TRAINING_RUNS.name, settings.home / METRICS.name
    statement = (
        f"SELECT R.MODEL_NAME, R.MODEL_VERSION, M.METRIC, M.VALUE FROM {runs.sql} R JOIN {metrics.sql} M ON M.RUN_ID = R.RUN_ID "
        "ORDER BY R.FINISHED_AT DESC, M.METRIC"
    )
    found = fetch(session, statement)
    return Section("Metrics", columns, tuple((model, version, name, f"{value:.4f}") for model, version, name, value in found))
