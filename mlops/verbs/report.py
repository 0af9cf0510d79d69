"""The account and the run as one page."""

from __future__ import annotations

from datetime import UTC, datetime

from snowflake.snowpark import Session

from mlops.definitions import FeatureView
from mlops.figures.changes import read_changes
from mlops.figures.distributions import read_distributions
from mlops.figures.graphs import lineage_graph, task_graph
from mlops.figures.results import read_commands
from mlops.figures.tasks import read_scheduled
from mlops.figures.trainings import read_models
from mlops.outputs import LEDGER
from mlops.report.page import Page, Whence, write_page
from mlops.report.result import Report, Section
from mlops.rows import fetch
from mlops.session import named_connections, open_session
from mlops.settings import Settings, read_settings
from mlops.verbs.planning import plan_for
from mlops.verbs.request import Request


def run(request: Request) -> Report:
    settings = read_settings(request.environ, named_connections)
    with open_session(settings) as session:
        page = _read_page(request, session, settings)
    write_page(page, request.page)
    rows = (
        ("page", str(request.page)),
        ("commands", str(len(page.commands))),
        ("changes of this run", str(len(page.own_changes))),
        ("changes left to do", str(len(page.plan.pending))),
        ("feature views", str(len(page.views))),
        ("models", str(len(page.models))),
        ("tasks", str(len(page.scheduled.tasks))),
    )
    return Report("Report", (Section("What it shows", ("what", "of it"), rows),))


def _read_page(request: Request, session: Session, settings: Settings) -> Page:
    home, definitions = settings.home, request.definitions
    plan = plan_for(request, session, settings)
    tables = {row["name"] for row in fetch(session, f"SHOW TABLES IN SCHEMA {home.sql}")}
    views = [one.definition for one in definitions.declared if isinstance(one.definition, FeatureView)]
    models = read_models(session, home, definitions, tables)
    scheduled = read_scheduled(session, home)
    return Page(
        _whence(settings),
        read_commands(request.results),
        plan,
        read_changes(session, home) if LEDGER.name in tables else (),
        read_distributions(session, settings.feature_store, views),
        models,
        scheduled,
        lineage_graph(definitions, models),
        task_graph(definitions, scheduled),
    )


def _whence(settings: Settings) -> Whence:
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return Whence(settings.account, settings.database, settings.schema, settings.run, settings.commit, made)
