"""Makes a version the default one, when it passes its gates and stands up to the one that is.

With a source, versions come from another database or account first. They stood up to their rivals there; here they pass the gates of
this environment, and then the default version is the one that it is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mlops.apply.arrivals import Arrival, Source, bring, look
from mlops.apply.arrivals import card_of as card_there
from mlops.apply.target import Target
from mlops.apply.versions import card_of, judge_version, read_versions, set_default
from mlops.cards import judge_card
from mlops.errors import AccountError, GateError
from mlops.gates import failures, judge_metrics
from mlops.names import Schema, resolve
from mlops.outputs import METRICS
from mlops.report.result import Case, Report, Section
from mlops.rows import fetch
from mlops.session import named_connections, open_another_session
from mlops.settings import read_settings
from mlops.verbs.moving import moved, open_target, verdict_section
from mlops.verbs.request import Request


def run(request: Request) -> Report:
    if request.source or request.connection:
        return _promote_from(request)
    if not request.version:
        raise AccountError("Name the version that becomes the default one, or say --from or --connection.")
    with open_target(request) as target:
        model = request.model
        versions = read_versions(target, model.name)
        version = versions.require(request.version)
        card = card_of(target, model.name, version)
        if version == versions.default:
            return moved("Promote", versions, version, card, warnings=target.warnings)
        verdicts = judge_version(target, model, versions, version, card)
        failed = failures(verdicts)
        if not failed:
            set_default(target, versions, version, action="promote", reason=request.reason)
    section = verdict_section(model.name, version, verdicts)
    if failed:
        return _failed(model.name, version, failed, section)
    return moved("Promote", versions, version, card, section, warnings=target.warnings)


def _promote_from(request: Request) -> Report:
    with open_target(request) as target, _open_source(request, target) as source:
        model = request.model
        version = resolve(request.version) if request.version else None
        arrival = look(target, source, model, version)
        card = card_there(source, model.name, arrival.default)
        verdicts = (*judge_metrics(_metrics(source, arrival), model.gates), judge_card(model.name, arrival.default, card))
        failed = (*failures(verdicts), *_failed_there(source, arrival))
        section = verdict_section(model.name, arrival.default, verdicts)
        if failed:
            return _failed(model.name, arrival.default, failed, section)
        bring(target, source, arrival, request.reason)
        versions = read_versions(target, model.name)
        if versions.default != arrival.default:
            set_default(target, versions, arrival.default, action="promote", reason=request.reason)
    rows = tuple((model.name, one.name, str(source), "copied" if one in arrival.fresh else "there") for one in arrival.wanted)
    brought = Section("Versions", ("model", "version", "from", "result"), rows)
    return moved("Promote", versions, arrival.default, card, brought, section, warnings=target.warnings)


def _failed(model: str, version: str, failed: tuple[str, ...], section: Section) -> Report:
    case = Case("promote", f"{model} {version}", 0.0, " ".join(failed))
    return Report("Promote", (section,), (case,), failures=failed, exit_code=GateError.exit_code)


def _metrics(source: Source, arrival: Arrival) -> dict[str, float]:
    run = arrival.runs[arrival.default]["RUN_ID"]
    rows = fetch(source.session, f"SELECT METRIC, VALUE FROM {(source.home / METRICS.name).sql} WHERE RUN_ID = ?", (run,))
    return {metric: float(value) for metric, value in rows}


def _failed_there(source: Source, arrival: Arrival) -> tuple[str, ...]:
    if arrival.runs[arrival.default]["PASSED"]:
        return ()
    return (f"Version {arrival.default} failed its gates in {source}.",)


@contextmanager
def _open_source(request: Request, target: Target) -> Iterator[Source]:
    """The account of a connection of connections.toml, or this one."""
    if not request.connection:
        account = str(fetch(target.session, "SELECT CURRENT_ACCOUNT()")[0][0])
        yield Source(target.session, Schema(resolve(request.source or ""), target.settings.schema), account)
        return
    others = {name: value for name, value in request.environ.items() if not name.startswith("SNOWFLAKE_")}
    settings = read_settings({**others, "SNOWFLAKE_DEFAULT_CONNECTION_NAME": request.connection}, named_connections)
    with open_another_session(settings) as session:
        account = str(fetch(session, "SELECT CURRENT_ACCOUNT()")[0][0])
        yield Source(session, Schema(resolve(request.source) if request.source else settings.database, settings.schema), account)
