from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mlops.errors import MlopsError
from mlops.report.publish import Places, publish
from mlops.report.result import Report, Section
from mlops.session import named_connections, open_session
from mlops.settings import read_settings
from samples.account import add_trials, load_samples
from samples.files import write_files
from samples.generate import Sizes, generate
from samples.tables import CLINICAL_TRIALS, SCHEMA, TABLES
from samples.trials_csv import TrialsFile, read_trials_csv


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    options = _parser().parse_args(arguments)
    started = time.monotonic()
    try:
        report = _load(options, environ) if options.verb == "load" else _write(options)
    except MlopsError as error:
        report = Report("Samples", failures=(str(error),), exit_code=error.exit_code)
    publish(replace(report, seconds=time.monotonic() - started), Places(None, None, None))
    return report.exit_code


def _load(options: argparse.Namespace, environ: Mapping[str, str]) -> Report:
    sizes = _sizes(options)
    # What is wrong with a file is said before anything is opened or loaded.
    own = read_trials_csv(options.trials_csv) if options.trials_csv else None
    tables = {name: rows for name, rows in generate(sizes).items() if len(rows)}
    settings = read_settings(environ, named_connections)
    with open_session(settings) as session:
        loaded = load_samples(session, settings.database, tables, str(sizes), replace=options.replace)
        added = add_trials(session, settings.database, own.table) if own else 0
    rows = [(f"{settings.database}.{SCHEMA}.{name}", *_told(name, loaded, tables)) for name in tables]
    return Report(
        "Load samples",
        (Section("Tables", ("table", "rows", "result"), (*rows, *_own_rows(own, added))),),
        warnings=_warnings(own),
    )


def _told(name: str, loaded: Mapping[str, int], tables: Mapping[str, object]) -> tuple[str, str]:
    return (str(loaded[name]), "loaded") if name in loaded else ("0", "there already, left as it is")


def _own_rows(own: TrialsFile | None, added: int) -> list[tuple[str, str, str]]:
    if own is None:
        return []
    return [("trials of the file", str(added), f"added; {len(own.table) - added} were there already")]


def _warnings(own: TrialsFile | None) -> tuple[str, ...]:
    return own.warnings if own else ()


def _write(options: argparse.Namespace) -> Report:
    tables = generate(_sizes(options))
    paths = write_files(tables, options.out)
    rows = tuple((str(path), str(len(tables[name]))) for name, path in zip(tables, paths, strict=True))
    return Report("Write samples", (Section("Files", ("file", "rows"), rows),))


def _sizes(options: argparse.Namespace) -> Sizes:
    return Sizes(options.patients, options.trials, options.screenings, options.seed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="samples", description="Seeded source data for patient-trial eligibility.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    names = ", ".join(table.name for table in TABLES)
    text = f"load {names} into schema {SCHEMA} of the configured database; the same load again loads nothing"
    load = verbs.add_parser("load", help=text, description=text)
    load.add_argument("--replace", action="store_true", help="empty the tables first")
    load.add_argument("--trials-csv", type=Path, metavar="FILE", help=f"add the trials of this file to {CLINICAL_TRIALS.name}")
    text = "write the tables as CSV files; needs no account"
    write = verbs.add_parser("write", help=text, description=text)
    write.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    for verb in (load, write):
        _add_sizes(verb)
    return parser


def _add_sizes(parser: argparse.ArgumentParser) -> None:
    usual = Sizes()
    for name in ("patients", "trials", "screenings", "seed"):
        parser.add_argument(
            f"--{name}", type=int, default=getattr(usual, name), metavar="N", help=f"{getattr(usual, name)} if not given"
        )
