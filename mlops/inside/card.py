"""The model card of a version, made where it was trained, of what the account and the run know."""

from __future__ import annotations

import hashlib
import platform
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import distributions

from snowflake.ml.dataset import Dataset

from mlops.cards import Card, Code, Data, Lock, Trained, View
from mlops.gates import Verdict
from mlops.inside.learning import Learned
from mlops.inside.place import Place
from mlops.inside.recording import Run
from mlops.marks import read_mark
from mlops.runs import PipelineRun

FIRST = "none: it is the first version"


def make_card(place: Place, run: Run, dataset: Dataset, learned: Learned, verdicts: tuple[Verdict, ...]) -> Card:
    model, origin = run.model, run.origin
    data = _data(place, run, dataset, learned)
    views = tuple(_views(place, run))
    return Card(
        model=model.name,
        version=run.version,
        definition=run.definition,
        algorithm=model.estimator.path,
        parameters={**model.estimator.parameters, "seed": model.seed, "holdout": model.holdout, "threshold": model.threshold},
        data=data,
        views=views,
        code=Code(origin.commit, origin.repository, origin.branch),
        lock=read_lock(),
        metrics=dict(learned.metrics),
        gates=verdicts,
        run=Trained(origin.run, origin.url, origin.requested_by, origin.approved_by, run.reason),
        champion=run.before or FIRST,
        upstream=tuple(_upstream(place, data, views)),
    )


def read_lock() -> Lock:
    """What this very interpreter can import."""
    found = {f"{re.sub(r'[-_.]+', '-', one.name).lower()}=={one.version}" for one in distributions() if one.name}
    packages = tuple(sorted(found))
    lines = "".join(f"{package}\n" for package in packages)
    return Lock(platform.python_version(), packages, hashlib.sha256(lines.encode()).hexdigest())


def _data(place: Place, run: Run, dataset: Dataset, learned: Learned) -> Data:
    chosen = dataset.selected_version
    return Data(
        name=str(place.table(run.training_set.name)),
        version=run.dataset_version,
        query=run.training_set.spine,
        reads=_full(place, run.training_set.reads),
        taken_at=_moment(chosen.created_on) if chosen else "",
        training_rows=len(learned.split.training),
        test_rows=len(learned.split.test),
    )


def _views(place: Place, run: Run) -> Iterator[View]:
    """With the record that each carries in the account, and not that of the content beside this code."""
    shown = place.run(f"SHOW VIEWS IN SCHEMA {place.feature_store.sql}")
    marks = {row["name"]: read_mark(row["comment"]) for row in shown}
    for name in run.training_set.feature_views:
        mark = marks.get(name.replace("/", "$"))
        reads = _full(place, run.sources.get(name, ()))
        yield View(name, mark.definition if mark else "", PipelineRun(mark.run).told(mark.commit) if mark else "", reads)


def _upstream(place: Place, data: Data, views: tuple[View, ...]) -> Iterator[str]:
    """What its rows came through, from the tables on: each object once, by its full name."""
    yield from dict.fromkeys((*data.reads, *(table for view in views for table in view.reads)))
    yield from (str(place.feature_store / view.name.replace("/", "$")) for view in views)
    yield f"{data.name}/{data.version}"


def _full(place: Place, tables: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{place.home.database}.{table}" for table in tables)


def _moment(when: datetime) -> str:
    """SHOW tells moments in the session's zone."""
    return (when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)).isoformat(timespec="seconds")
