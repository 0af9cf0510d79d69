"""Trains a model once more, now."""

from __future__ import annotations

from mlops.apply.execute import train_now
from mlops.apply.target import Target
from mlops.facts import require_ready
from mlops.names import resolve
from mlops.report.result import Report
from mlops.session import named_connections, open_session
from mlops.settings import read_settings
from mlops.verbs.apply import report_made
from mlops.verbs.request import Request


def run(request: Request) -> Report:
    settings = read_settings(request.environ, named_connections)
    model = request.definitions.model(resolve(request.name or ""))
    with open_session(settings) as session:
        require_ready(session, settings)
        made = train_now(Target(session, settings, request.definitions, request.code), model)
    return report_made("Run", (), (made,))
