"""The command line: a verb in, a report out."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from mlops.collect import FAMILIES
from mlops.errors import MlopsError
from mlops.report.publish import Places, publish
from mlops.report.result import Report
from mlops.verbs.request import Request

_VERBS = {
    "check": "read features/, models/ and tasks/ and name every contradiction; needs no account",
    "connect": "log in; say who and where we are, and what is missing",
    "plan": "say what an apply would do; exit code 2 when that is something",
    "apply": "make the account what the definitions say",
    "run": "train a model once more, now",
    "status": "say what is in the account",
}


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    options = _parser().parse_args(arguments)
    named = getattr(options, "what", None)
    request = Request(
        environ=environ,
        root=options.content,
        families=(named,) if named else FAMILIES,
        name=getattr(options, "model", None),
    )
    return _answer(options.verb, request, options)


def run_file(file: str, arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """`python features/patient.py`: apply what that file declares, and what it needs."""
    path = Path(file).resolve()
    parser = argparse.ArgumentParser(prog=path.name, description="Apply what this file declares, and what it needs.")
    _add_places(parser)
    request = Request(environ=environ, root=path.parent.parent, file=path)
    return _answer("apply", request, parser.parse_args(arguments))


def _answer(verb: str, request: Request, options: argparse.Namespace) -> int:
    started = time.monotonic()
    report = replace(_report(verb, request), seconds=time.monotonic() - started)
    publish(report, Places(options.summary, options.junit, options.json))
    return report.exit_code


def _report(verb: str, request: Request) -> Report:
    try:
        # Verbs that need no account do not wait for its clients to be imported.
        answer: Report = import_module(f"mlops.verbs.{verb}").run(request)
    except MlopsError as error:
        return Report(verb.capitalize(), failures=(str(error),), exit_code=error.exit_code)
    return answer


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mlops", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, text in _VERBS.items():
        verb = verbs.add_parser(name, help=text, description=text)
        verb.add_argument("--content", type=Path, default=Path(), metavar="FOLDER", help="the content's folder")
        _add_places(verb)
        if name in ("plan", "apply"):
            verb.add_argument("what", nargs="?", choices=FAMILIES)
        if name == "run":
            verb.add_argument("model", metavar="MODEL")
    return parser


def _add_places(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--summary", type=Path, metavar="FILE", help="append the report as Markdown")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the report as JUnit XML")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
