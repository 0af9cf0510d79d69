"""Runs integration tests in the clone that this run has made, and in no other database."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from mlops.errors import DefinitionError, GateError
from mlops.report.result import Case, Report
from mlops.verbs.cloning import in_own_clone, read_place
from mlops.verbs.request import Request

# https://docs.pytest.org/en/stable/reference/exit-codes.html
_ANSWERED = (0, 1)


def run(request: Request) -> Report:
    settings, name = read_place(request)
    settings = in_own_clone(settings, name)
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.xml"
        told = _run_pytest(request, settings.database, results)
        cases = tuple(_read(results))
    failures = tuple(case.failure for case in cases if case.failure)
    if not cases:
        raise DefinitionError(f"There are no integration tests in {' '.join(request.tests)}: {told}")
    return Report("Integration tests", (), cases, failures=failures, exit_code=GateError.exit_code if failures else 0)


def _run_pytest(request: Request, database: str, results: Path) -> str:
    """In a process of its own, with the settings of this one but for the database. What it prints goes to the step's log."""
    environ = {name: value for name, value in request.environ.items() if name != "MLOPS_PRODUCTION"} | {
        "SNOWFLAKE_DATABASE": database
    }
    command = [sys.executable, "-m", "pytest", *request.tests, "--junitxml", str(results), "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=request.root, env=environ, stdout=sys.stderr, check=False)
    return "pytest could not run them" if done.returncode not in _ANSWERED else "pytest found none"


def _read(results: Path) -> Iterator[Case]:
    if not results.exists():
        return
    for case in ElementTree.parse(results).iter("testcase"):  # noqa: S314 - pytest has just written it
        faults = [fault.get("message", "") for kind in ("failure", "error") for fault in case.findall(kind)]
        name = case.get("name", "")
        failure = f"Integration test {name} failed: {' '.join(faults)}" if faults else None
        yield Case(f"integration.{case.get('classname', '')}", name, float(case.get("time", "0")), failure)
