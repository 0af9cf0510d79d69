"""Drops the clone that this run has made. There need not be one: what failed before it was made leaves nothing to drop."""

from __future__ import annotations

from mlops.report.result import Case, Report, Section
from mlops.verbs.cloning import open_clones, read_place
from mlops.verbs.request import Request


def run(request: Request) -> Report:
    settings, name = read_place(request)
    with open_clones(settings) as clones:
        told = "dropped" if clones.drop(name) else "there is none"
    return Report("Drop clone", (Section("Clones", ("database", "result"), ((name, told),)),), (Case("drop-clone", name),))
