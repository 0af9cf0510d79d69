"""What is declared, without an account; and the code of its procedures, for those who deploy them by other means."""

from __future__ import annotations

from mlops.definitions import describe, key
from mlops.report.result import Case, Report, Section
from mlops.verbs.request import Request


def run(request: Request) -> Report:
    declared = request.definitions.declared
    rows = tuple((*key(one.definition), one.file) for one in declared)
    cases = tuple(Case(f"definitions.{one.family}", describe(one.definition)) for one in declared)
    if request.archive is not None:
        request.archive.parent.mkdir(parents=True, exist_ok=True)
        request.archive.write_bytes(request.code.content)
    return Report("Definitions", (Section("Declared", ("kind", "name", "file"), rows),), cases)
