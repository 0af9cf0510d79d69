"""Drops the clones of this repository whose time is over: what a run has left that was killed before it could drop its own."""

from __future__ import annotations

from mlops.report.result import Case, Report
from mlops.verbs.cloning import labels_section, open_clones, read_place
from mlops.verbs.request import Request


def run(request: Request) -> Report:
    settings, _ = read_place(request)
    with open_clones(settings) as clones:
        dropped = tuple(clones.drop_expired())
    section = labels_section(dropped, "dropped")
    return Report("Janitor", (section,) if dropped else (), tuple(Case("janitor", one.database) for one in dropped))
