"""Makes a clone of the database, with its models, for a change to be tried on."""

from __future__ import annotations

from mlops.copies import Stored, read_models
from mlops.names import Schema
from mlops.report.result import Case, Report, Section
from mlops.verbs.cloning import labels_section, open_clones, read_place
from mlops.verbs.request import Request


def run(request: Request) -> Report:
    settings, name = read_place(request)
    with open_clones(settings) as clones:
        label = clones.make(name, request.hours)
        models = read_models(clones.session, Schema(label.database, clones.settings.schema))
    sections = (labels_section([label], "made"), _models(models))
    cases = (Case("clone", f"{label.source} to {label.database}"),)
    return Report("Clone", tuple(section for section in sections if section.rows), cases)


def _models(models: list[Stored]) -> Section:
    rows = tuple(
        (model.name.name, version.name, ", ".join(version.aliases), "yes" if version.name == model.default else "no")
        for model in models
        for version in model.versions
    )
    return Section("Models", ("model", "version", "aliases", "default"), rows)
