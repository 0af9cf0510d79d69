"""The command line: a verb in, a report out."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from mlops.arguments import ALIASES, PAGE, add_places, add_word, make_parser
from mlops.collect import FAMILIES
from mlops.errors import MlopsError
from mlops.report.publish import Places, Rendition, publish
from mlops.report.result import Report
from mlops.verbs.request import InitRequest, Request, UpdateRequest

AnyRequest = Request | InitRequest | UpdateRequest


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    options = make_parser().parse_args(arguments)
    return _answer(
        ALIASES.get(options.verb, options.verb), _request(options, _take_environment() if environ is None else environ), options
    )


def _take_environment() -> Mapping[str, str]:
    """The token of the job is for the machine: definitions, which are imported, and programs that it starts have none."""
    taken = dict(os.environ)
    os.environ.pop("SYSTEM_ACCESSTOKEN", None)
    return taken


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
        name=getattr(options, "model", None) or getattr(options, "database", None),
        version=getattr(options, "version", None),
        reason=getattr(options, "reason", None) or "asked for",
        production=getattr(options, "production", False),
        plan=getattr(options, "plan", None),
        archive=getattr(options, "archive", None),
        results=getattr(options, "results", None),
        page=getattr(options, "page", PAGE),
        source=getattr(options, "source", None),
        connection=getattr(options, "connection", None),
        clone=getattr(options, "clone", None),
        hours=getattr(options, "hours", 0),
        tests=tuple(getattr(options, "tests", "").split()),
        row=tuple(getattr(options, "row", ())),
    )


def run_file(file: str, arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """`python features/patient.py`: apply what that file declares, and what it needs."""
    path = Path(file).resolve()
    parser = argparse.ArgumentParser(prog=path.name, description="Apply what this file declares, and what it needs.")
    add_places(parser)
    add_word(parser)
    options = parser.parse_args(arguments)
    taken = _take_environment() if environ is None else environ
    request = Request(environ=taken, root=path.parent.parent, file=path, production=options.production)
    return _answer("apply", request, options)


def _answer(verb: str, request: AnyRequest, options: argparse.Namespace) -> int:
    began, started = datetime.now(UTC), time.monotonic()
    answer, seconds = _report(verb, request), time.monotonic() - started
    report = replace(answer, verb=verb, began=began.isoformat(timespec="milliseconds"), seconds=seconds)
    beside = options.json.parent / "cards" if options.json else None
    places = Places(options.summary, options.junit, options.json, options.cards or beside)
    asked = Rendition(getattr(options, "format", "text"), getattr(options, "out", None))
    # A verb that could not answer has no document: its failure is told as text.
    publish(report, places, asked if report.document is not None else None)
    return report.exit_code


def _report(verb: str, request: AnyRequest) -> Report:
    try:
        # Verbs that need no account do not wait for its clients to be imported.
        answer: Report = import_module(f"mlops.verbs.{verb.replace('-', '_')}").run(request)
    except MlopsError as error:
        return Report(verb.capitalize(), failures=(str(error),), exit_code=error.exit_code)
    return answer
