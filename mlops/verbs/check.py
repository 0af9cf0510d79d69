"""What is declared, without an account."""

from __future__ import annotations

from mlops.definitions import describe, key
from mlops.report.result import Case, Report, Section
from mlops.verbs.request import Request


def run(request: Request) -> Report:
    declared = request.definitions.declared
    rows = tuple((*key(one.definition), one.file) for one in declared)
    cases = tuple(Case(f"definitions.{one.family}", describe(one.definition)) for one in declared)
    return Report("Definitions", (Section("Declared", ("kind", "name", "file"), rows),), cases)
