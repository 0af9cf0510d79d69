"""Versions of a model that come from another database, of this account or of another one, with all that is known of them.

What comes along is the version as it is, its metrics, comment and aliases, and the records of the run that trained it: of which data,
which definition and which commit, and what every gate said. Predictions stay where they are.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from snowflake.ml.model import ExportMode
from snowflake.ml.registry import Registry
from snowflake.snowpark import Session

from mlops.apply.execute import execute
from mlops.apply.target import Target
from mlops.cards import Card, stored_card
from mlops.copies import Stored, Version, add_version, describe_version, find_model, settle
from mlops.definitions import Model, Table
from mlops.errors import AccountError
from mlops.fingerprint import fingerprint
from mlops.inside.claims import Claim, claim
from mlops.inside.place import Place
from mlops.ledger import Entry, insert_statement, read_known
from mlops.names import Schema, identifier, quote
from mlops.outputs import CONSUMED_CHANGES, GATE_RESULTS, LEDGER, MODEL_CARDS, TABLES, TRAINING_CLAIMS, TRAINING_RUNS
from mlops.plan import Change, Desired, Plan
from mlops.properties import Properties, properties_of
from mlops.rows import fetch
from mlops.state import has_table

Row = dict[str, Any]
# What a run leaves that is of the version, and not of the place where it was trained.
_RECORDS = tuple(
    table
    for table in (*TABLES.values(), GATE_RESULTS, MODEL_CARDS)
    if "RUN_ID" in {column.name for column in table.columns} and table != CONSUMED_CHANGES
)
# By which two runs of one name are known as the same.
_SAME = ("RUN_ID", "DEFINITION_HASH", "COMMIT_ID", "FINISHED_AT")


@dataclass(frozen=True)
class Source:
    """Where versions come from. `session` is the target's own when both are in one account."""

    session: Session
    home: Schema
    account: str

    def runs(self, model: str) -> dict[str, Row]:
        return _runs(self.session, self.home, model)

    def __str__(self) -> str:
        return f"{self.home.database} of account {self.account}"


@dataclass(frozen=True)
class Arrival:
    """`wanted` are the versions that were asked for, `fresh` those that are not there yet."""

    stored: Stored
    wanted: tuple[Version, ...]
    fresh: tuple[Version, ...]
    default: str
    runs: dict[str, Row]


def card_of(source: Source, model: str, version: str) -> Card | None:
    """As it was written where the version was trained."""
    if not has_table(source.session, source.home, MODEL_CARDS.name):
        return None
    return stored_card(partial(fetch, source.session), source.home, model, version)


def look(target: Target, source: Source, model: Model, version: str | None) -> Arrival:
    """What there is to be done. All that speaks against it is said before anything is changed."""
    stored = find_model(source.session, source.home / model.name)
    if stored is None:
        raise AccountError(f"Model {model.name} is not in {source}.")
    wanted = tuple(one for one in stored.versions if version in (None, one.name))
    if not wanted:
        raise AccountError(f"Model {model.name} has no version {version} in {source}.")
    runs = source.runs(model.name)
    there, done = find_model(target.session, target.at_home(model.name)), _runs(target.session, target.settings.home, model.name)
    begun = _begun(target, model.name)
    faults = [fault for one in wanted if (fault := _fault(one, runs.get(one.name), there, done.get(one.name), begun))]
    if faults:
        raise AccountError(f"Nothing is promoted from {source}. {' '.join(faults)}")
    fresh = tuple(one for one in wanted if one.name not in done)
    return Arrival(stored, wanted, fresh, version or stored.default, runs)


def _begun(target: Target, model: str) -> str | None:
    """The version that was being added when what added it was killed."""
    claims = target.at_home(TRAINING_CLAIMS.name)
    if not has_table(target.session, target.settings.home, claims.name):
        return None
    found = target.run(f"SELECT MAX(MODEL_VERSION) FROM {claims.sql} WHERE MODEL_NAME = ?", (model,))
    return str(found[0][0]) if found[0][0] else None


def _fault(version: Version, run: Row | None, there: Stored | None, done: Row | None, begun: str | None) -> str | None:
    name = version.name
    found = there.find(name) if there else None
    if run is None:
        return f"Version {name} was not trained by the pipeline: nothing says what it is worth."
    if done and [done[column] for column in _SAME] != [run[column] for column in _SAME]:
        return f"Version {name} is there already, and another run has trained it."
    if done and not found:
        return f"Version {name} was here already, and somebody has dropped it."
    # What has no record was left by a promotion that was killed, as its claim says, or somebody has added it.
    if found and not done and name != begun:
        return f"Version {name} is there already, and nobody knows from where."
    return None


def bring(target: Target, source: Source, arrival: Arrival, reason: str) -> None:
    """Each version with its records, which are written last: without them it is not there, and is brought once more."""
    if arrival.fresh:
        _make_tables(target)
        with claim(target.place, arrival.stored.name.name) as claimed:
            for version in arrival.fresh:
                _bring(target, source, arrival, version, reason, claimed)
            claimed.release()
    settle(target.session, replace(arrival.stored, versions=arrival.wanted), target.at_home(arrival.stored.name.name))


def _make_tables(target: Target) -> None:
    """Those that are missing, as an apply makes them: with their record and their row in the ledger, so that the next one finds them."""
    there = {row["name"] for row in target.run(f"SHOW TABLES IN SCHEMA {target.settings.home.sql}")}
    missing = [table for table in (*_RECORDS, TRAINING_CLAIMS) if table.name not in there]
    plan = Plan(tuple(Change("create", one.kind, one.name, "for what is brought", _desire(target, one)) for one in missing))
    for made in execute(target, plan):
        if made.error:
            raise made.error


def _desire(target: Target, table: Table) -> Desired:
    definitions = target.definitions
    return Desired(table, fingerprint(definitions, table), properties_of(definitions, table))


def _bring(target: Target, source: Source, arrival: Arrival, version: Version, reason: str, claimed: Claim) -> None:
    name = target.at_home(arrival.stored.name.name)
    there = find_model(target.session, name)
    if there and there.find(version.name):
        describe_version(target.session, name, version)
    else:
        claimed.begin(version.name)
        with _origin(target, source, arrival.stored, version) as origin:
            add_version(target.session, name, version, origin, first=there is None)
    before = there.default if there else None
    entry = Entry(
        *("copy", Model.kind, name.name, target.settings.commit, target.settings.run, target.owner),
        f"version {version.name} from {source}: {reason}",
        definition_hash=str(arrival.runs[version.name]["DEFINITION_HASH"]),
        properties=_properties(source, name.name),
        from_version=before,
        to_version=before or version.name,
    )
    _record(target, source, str(arrival.runs[version.name]["RUN_ID"]), entry, claimed)


@contextmanager
def _origin(target: Target, source: Source, stored: Stored, version: Version) -> Iterator[str]:
    """What stands behind FROM: between accounts, the files of the version on a stage that is gone with the session."""
    if source.session is target.session:
        yield f"MODEL {stored.name.sql} VERSION {identifier(version.name)}"
        return
    registry = Registry(source.session, database_name=identifier(source.home.database), schema_name=identifier(source.home.name))
    stage = target.at_home(f"PROMOTED_{uuid4().hex.upper()}")
    place = "@" + ".".join(map(identifier, (stage.database, stage.schema, stage.name)))
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder)
        registry.get_model(stored.name.name).version(version.name).export(folder, export_mode=ExportMode.FULL)
        target.run(f"CREATE TEMPORARY STAGE {stage.sql}")
        for file in sorted(path for path in files.rglob("*") if path.is_file()):
            below = file.parent.relative_to(files).as_posix()
            target.session.file.put(str(file), f"{place}/{below}" if below != "." else place, auto_compress=False)
        yield place


def _record(target: Target, source: Source, run: str, entry: Entry, claimed: Claim) -> None:
    settings = target.settings
    place = target.place
    rows = {table: [_told_from(source, table, row) for row in _rows(source, table, run)] for table in _RECORDS}
    with place.transaction():
        for table, found in rows.items():
            _insert(place, table, found)
        claimed.begin(None)
        place.run(insert_statement(settings.home, entry))


def _told_from(source: Source, table: Table, row: Row) -> Row:
    """The data is where it was: its name says where."""
    if table != TRAINING_RUNS or "." in (row["DATASET_NAME"] or "."):
        return row
    return {**row, "DATASET_NAME": f"{source.account}.{source.home.database}.{source.home.name}.{row['DATASET_NAME']}"}


def _insert(place: Place, table: Table, rows: Iterable[Row]) -> None:
    """A statement for those that lack the same columns: what is missing is left out, since it has no type."""
    alike: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        alike.setdefault(tuple(column.name for column in table.columns if row.get(column.name) is not None), []).append(row)
    for columns, found in alike.items():
        marks = " UNION ALL ".join([f"SELECT {', '.join('?' for _ in columns)}"] * len(found))
        into = f"INSERT INTO {place.table(table.name).sql} ({', '.join(map(quote, columns))}) {marks}"
        place.run(into, [row[column] for row in found for column in columns])


def _rows(source: Source, table: Table, run: str) -> list[Row]:
    if not has_table(source.session, source.home, table.name):
        return []
    found = fetch(source.session, f"SELECT * FROM {(source.home / table.name).sql} WHERE RUN_ID = ?", (run,))
    return [row.as_dict() for row in found]


def _runs(session: Session, home: Schema, model: str) -> dict[str, Row]:
    if not has_table(session, home, TRAINING_RUNS.name):
        return {}
    rows = fetch(session, f"SELECT * FROM {(home / TRAINING_RUNS.name).sql} WHERE MODEL_NAME = ?", (model,))
    return {row["MODEL_VERSION"]: row.as_dict() for row in rows}


def _properties(source: Source, model: str) -> Properties | None:
    if not has_table(source.session, source.home, LEDGER.name):
        return None
    known = (one for one in read_known(source.session, source.home) if (one.kind, one.name) == (Model.kind, model))
    return next((one.properties for one in known), None)
