from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from mlops.errors import MlopsError
from mlops.report.publish import Places, publish
from mlops.report.result import Report, Section
from mlops.session import named_connections, open_session
from mlops.settings import read_settings
from samples.account import Sample, add_trials, load_samples
from samples.files import write_files
from samples.flights import FlightSizes, generate_flights
from samples.generate import Sizes, generate
from samples.tables import ALL_TABLES, CLINICAL_TRIALS, SCHEMA
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
    # What is wrong with a file is said before anything is opened or loaded.
    own = read_trials_csv(options.trials_csv) if options.trials_csv else None
    samples = {name: sample for name, sample in _samples(options).items() if len(sample.rows)}
    settings = read_settings(environ, named_connections)
    with open_session(settings) as session:
        loaded = load_samples(session, settings.database, samples, replace=options.replace)
        added = add_trials(session, settings.database, own.table) if own else 0
    rows = [(f"{settings.database}.{SCHEMA}.{name}", *_told(name, loaded)) for name in samples]
    return Report(
        "Load samples",
        (Section("Tables", ("table", "rows", "result"), (*rows, *_own_rows(own, added))),),
        warnings=_warnings(own),
    )


def _told(name: str, loaded: Mapping[str, int]) -> tuple[str, str]:
    return (str(loaded[name]), "loaded") if name in loaded else ("0", "there already, left as it is")


def _own_rows(own: TrialsFile | None, added: int) -> list[tuple[str, str, str]]:
    if own is None:
        return []
    return [("trials of the file", str(added), f"added; {len(own.table) - added} were there already")]


def _warnings(own: TrialsFile | None) -> tuple[str, ...]:
    return own.warnings if own else ()


def _write(options: argparse.Namespace) -> Report:
    tables = {name: sample.rows for name, sample in _samples(options).items()}
    paths = write_files(tables, options.out)
    rows = tuple((str(path), str(len(tables[name]))) for name, path in zip(tables, paths, strict=True))
    return Report("Write samples", (Section("Files", ("file", "rows"), rows),))


def _samples(options: argparse.Namespace) -> dict[str, Sample]:
    sizes = Sizes(options.patients, options.trials, options.screenings, options.seed)
    flight_sizes = FlightSizes(options.airports, options.days, options.departures, options.minutes, options.seed)
    return {
        **{name: Sample(rows, str(sizes)) for name, rows in generate(sizes).items()},
        **{name: Sample(rows, str(flight_sizes)) for name, rows in generate_flights(flight_sizes).items()},
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="samples", description="Seeded source data for the use cases.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    names = ", ".join(table.name for table in ALL_TABLES)
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
    usual = {**asdict(FlightSizes()), **asdict(Sizes())}
    for name in ("patients", "trials", "screenings", "airports", "days", "departures", "minutes", "seed"):
        parser.add_argument(f"--{name}", type=int, default=usual[name], metavar="N", help=f"{usual[name]} if not given")
