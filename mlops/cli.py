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
from mlops.verbs.request import InitRequest, Request, UpdateRequest

_VERBS = {
    "check": "read features/, models/ and tasks/ and name every contradiction; needs no account",
    "connect": "log in; say who and where we are, and what is missing",
    "plan": "say what an apply would do; exit code 2 when that is something",
    "apply": "make the account what the definitions say",
    "run": "train a model once more, now",
    "status": "say what is in the account",
    "init": "make a new repository for definitions of your own; needs no account",
    "update": "bring such a repository to a newer tag; exit code 2 when that changes something",
}
AnyRequest = Request | InitRequest | UpdateRequest


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    options = _parser().parse_args(arguments)
    return _answer(options.verb, _request(options, environ), options)


def _request(options: argparse.Namespace, environ: Mapping[str, str]) -> AnyRequest:
    if options.verb == "init":
        return InitRequest(environ, options.folder, options.name, options.repository, options.ref, options.endpoint)
    if options.verb == "update":
        return UpdateRequest(environ, options.content, options.to, options.source, options.apply)
    named = getattr(options, "what", None)
    return Request(
        environ=environ,
        root=options.content,
        families=(named,) if named else FAMILIES,
        name=getattr(options, "model", None),
    )


def run_file(file: str, arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """`python features/patient.py`: apply what that file declares, and what it needs."""
    path = Path(file).resolve()
    parser = argparse.ArgumentParser(prog=path.name, description="Apply what this file declares, and what it needs.")
    _add_places(parser)
    request = Request(environ=environ, root=path.parent.parent, file=path)
    return _answer("apply", request, parser.parse_args(arguments))


def _answer(verb: str, request: AnyRequest, options: argparse.Namespace) -> int:
    started = time.monotonic()
    report = replace(_report(verb, request), seconds=time.monotonic() - started)
    publish(report, Places(options.summary, options.junit, options.json))
    return report.exit_code


def _report(verb: str, request: AnyRequest) -> Report:
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
        if name == "init":
            _add_answers(verb)
        else:
            verb.add_argument("--content", type=Path, default=Path(), metavar="FOLDER", help="the content's folder")
        _add_places(verb)
        if name in ("plan", "apply"):
            verb.add_argument("what", nargs="?", choices=FAMILIES)
        if name == "run":
            verb.add_argument("model", metavar="MODEL")
        if name == "update":
            verb.add_argument("--to", default="", metavar="TAG", help="the newest one if not given")
            verb.add_argument(
                "--from",
                dest="source",
                default="",
                metavar="FOLDER_OR_URL",
                help="a clone of the templates, instead of their address",
            )
            verb.add_argument("--apply", action="store_true", help="write what is shown")
    return parser


def _add_answers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a new or an empty one")
    parser.add_argument(
        "--name", default="", metavar="NAME", help="what the repository is called; the folder's name if not given"
    )
    parser.add_argument(
        "--repository",
        default="mlops",
        metavar="URL_OR_NAME",
        help="where the templates are: an address, or a name in Azure Repos; mlops if not given",
    )
    parser.add_argument("--ref", default="", metavar="TAG", help="the templates' tag; that of this version if not given")
    parser.add_argument("--endpoint", default="", metavar="NAME", help="the service connection to GitHub, if they are there")


def _add_places(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--summary", type=Path, metavar="FILE", help="append the report as Markdown")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the report as JUnit XML")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
