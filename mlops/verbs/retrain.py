"""Trains a model once more, now."""

from __future__ import annotations

from mlops.apply.execute import train_now
from mlops.report.result import Report
from mlops.verbs.apply import report_made
from mlops.verbs.moving import open_target
from mlops.verbs.request import Request


def run(request: Request) -> Report:
    with open_target(request) as target:
        made = train_now(target, request.model, request.reason)
    return report_made("Retrain", (), (made,))
