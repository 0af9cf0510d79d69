"""Versions of models and datasets that no run has recorded, and default versions that nobody has moved by a word."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from mlops.apply.target import Target
from mlops.datasets import list_versions
from mlops.drift.finding import Finding
from mlops.outputs import LEDGER, TRAINING_CLAIMS, TRAINING_RUNS

_OWN_RUNS = "SELECT MODEL_NAME, MODEL_VERSION, DATASET_NAME, DATASET_VERSION FROM {runs}"


def find_versions(target: Target, models: Iterable[str], datasets: Iterable[str]) -> Iterator[Finding]:
    """A version of a training that goes on just now is not recorded yet: it is left out."""
    runs = target.run(_OWN_RUNS.format(runs=target.at_home(TRAINING_RUNS.name).sql))
    moves = _moves(target)
    busy = {row["MODEL_NAME"] for row in target.run(f"SELECT MODEL_NAME FROM {target.at_home(TRAINING_CLAIMS.name).sql}")}
    if busy:
        return
    trained = {(row["MODEL_NAME"], row["MODEL_VERSION"]) for row in runs} | {(name, version) for name, version in moves}
    made = _made(target)
    kept = {(row["DATASET_NAME"], row["DATASET_VERSION"]) for row in runs}
    shown = {row["name"]: row for row in target.run(f"SHOW MODELS IN SCHEMA {target.settings.home.sql}")}
    last = dict(moves)
    for name in models:
        if name in shown:
            yield from _compare("model", name, set(json.loads(shown[name]["versions"])), {v for n, v in trained if n == name})
            yield from _default(name, shown[name]["default_version_name"], last.get(name))
    stored = dict(list_versions(target.session, target.settings.home))
    for name in dict.fromkeys(datasets):
        there, recorded = set(stored.get(name, ())), {v for n, v in kept if n == name}
        own = {version for version in there | recorded if f"{name}/{version}" in made}
        yield from _compare("dataset", name, there - own, recorded - own)


def _made(target: Target) -> set[str]:
    """Versions of Datasets that an apply has made, as NAME/VERSION: what became of them is told with the other objects."""
    ledger = target.at_home(LEDGER.name).sql
    return {str(name) for (name,) in target.run(f"SELECT DISTINCT NAME FROM {ledger} WHERE KIND = 'training set'")}


def _moves(target: Target) -> list[tuple[str, str]]:
    rows = target.run(
        f"SELECT NAME, TO_VERSION FROM {target.at_home(LEDGER.name).sql} WHERE KIND = 'model' AND TO_VERSION IS NOT NULL "
        "ORDER BY CHANGED_AT"
    )
    return [(row["NAME"], row["TO_VERSION"]) for row in rows]


def _compare(kind: str, name: str, there: set[str], recorded: set[str]) -> Iterator[Finding]:
    yield from (
        Finding(kind, name, f"version {version}", "none", "there, and no run has made it") for version in sorted(there - recorded)
    )
    yield from (Finding(kind, name, f"version {version}", "there", "dropped") for version in sorted(recorded - there))


def _default(name: str, found: str, wanted: str | None) -> Iterator[Finding]:
    if wanted is not None and wanted != found:
        yield Finding("model", name, "default version", wanted, found)
