"""The account and the run as one page. A run that failed gets its page too, also when the account cannot be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from snowflake.snowpark import Session

from mlops.definitions import FeatureView
from mlops.errors import MlopsError, SettingsError
from mlops.figures.changes import read_approver, read_changes
from mlops.figures.distributions import read_distributions
from mlops.figures.graphs import lineage_graph, task_graph
from mlops.figures.model_cards import read_cards
from mlops.figures.results import Command, models_of, read_commands
from mlops.figures.tasks import read_scheduled
from mlops.figures.trainings import read_models
from mlops.outputs import LEDGER, MODEL_CARDS, PIPELINE_RUNS
from mlops.report.outcome import extent_of
from mlops.report.page import Page, Standing, Whence, write_page
from mlops.report.result import Report, Section
from mlops.rows import fetch
from mlops.session import named_connections, open_session
from mlops.settings import Build, Settings, read_build, read_settings
from mlops.verbs.planning import plan_for
from mlops.verbs.request import Request


def run(request: Request) -> Report:
    build = read_build(request.environ)
    # What it takes to write a page is no part of what the page is about.
    commands = tuple(one for one in read_commands(request.results) if one.verb != "report")
    stage = build.stage if build.stage or not commands else commands[-1].stage
    account, error = _ask(request, commands, stage)
    whence = _whence(request, build)
    page = Page(whence, commands, account, stage, build.job_status, str(error) if error else "")
    write_page(page, request.page)
    return Report(
        "Report",
        (Section("What it shows", ("what", "of it"), _shown(request, page)),),
        # The page says so, too; and so does the result of the step that has written it.
        failures=(page.unread,) if error else (),
        exit_code=error.exit_code if error else 0,
    )


def _shown(request: Request, page: Page) -> tuple[tuple[str, str], ...]:
    rows = [("page", str(request.page)), ("outcome", page.outcome.headline), ("commands", str(len(page.commands)))]
    rows.append(("model cards", str(len(page.cards))))
    if page.account:
        rows.append(("changes of this run", str(len(page.own_changes))))
        rows.append(("models", str(len(page.account.models))))
    if page.account and page.account.plan:
        rows.append(("changes left to do", str(len(page.account.plan.pending))))
    return tuple(rows)


def _ask(request: Request, commands: tuple[Command, ...], stage: str) -> tuple[Standing | None, MlopsError | None]:
    extent = extent_of(commands, stage)
    if extent == "nothing":
        return None, None
    try:
        settings = read_settings(request.environ, named_connections)
        # Before anything is opened: what is declared wrongly needs no account to be refused.
        _ = request.definitions
        with open_session(settings) as session:
            if extent == "everything":
                return _read_everything(request, session, settings), None
            about = models_of([one for one in commands if one.stage == stage])
            return _read_models(request, session, settings, about), None
    except MlopsError as error:
        return None, error


def _read_models(request: Request, session: Session, settings: Settings, about: frozenset[str] = frozenset()) -> Standing:
    """Of the models that are named, or else of all."""
    home, definitions = settings.home, request.definitions
    tables = {row["name"] for row in fetch(session, f"SHOW TABLES IN SCHEMA {home.sql}")}
    models = read_models(session, home, definitions, tables)
    shown = tuple(one for one in models if not about or one.model.name in about)
    return Standing(
        shown,
        read_changes(session, home) if LEDGER.name in tables else (),
        read_cards(session, home, shown) if MODEL_CARDS.name in tables else (),
        read_approver(session, home, settings.run) if PIPELINE_RUNS.name in tables else "",
        lineage=lineage_graph(definitions, models),
    )


def _read_everything(request: Request, session: Session, settings: Settings) -> Standing:
    plan = plan_for(request, session, settings)
    standing = _read_models(request, session, settings)
    declared = [one.definition for one in request.definitions.declared]
    scheduled = read_scheduled(session, settings.home)
    return replace(
        standing,
        plan=plan,
        views=read_distributions(session, settings.feature_store, [one for one in declared if isinstance(one, FeatureView)]),
        scheduled=scheduled,
        tasks=task_graph(request.definitions, scheduled),
    )


def _whence(request: Request, build: Build) -> Whence:
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    told = Whence(
        run=build.number,
        made=made,
        branch=build.branch,
        requested_by=build.requested_by,
        environment=build.environment,
        url=build.url,
    )
    try:
        settings = read_settings(request.environ, named_connections)
    except SettingsError:
        return told
    return replace(
        told,
        account=settings.account,
        database=settings.database,
        schema=settings.schema,
        run=settings.run,
        commit=settings.commit,
    )
