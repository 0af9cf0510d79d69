"""How the values of the features are distributed: two statements, each of which looks once at every feature view."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from snowflake.snowpark import Session

from mlops.definitions import FeatureView
from mlops.figures.documents import Document, fetch_documents, together
from mlops.names import Name, Schema, literal, quote

BUCKETS = 16
# Of words, and of numbers that are few, each is counted; so many are shown.
LISTED = 12
# How often a word comes in the mean, at least, to be shown.
_OFTEN = 10
# GROUPING_ID has a bit for each column.
_AT_ONCE = 30

_KINDS = {"NUMBER": "number", "FLOAT": "number", "TEXT": "word", "BOOLEAN": "word", "DATE": "time"}


@dataclass(frozen=True)
class Bar:
    label: str
    rows: int


@dataclass(frozen=True)
class Distribution:
    """`least`, `greatest` and `mean` are numbers, or moments as text; `distinct` is an estimate of numbers, and exact of words."""

    feature: str
    meaning: str
    type: str
    rows: int
    known: int = 0
    least: float | str | None = None
    greatest: float | str | None = None
    mean: float | None = None
    distinct: int | None = None
    bars: tuple[Bar, ...] = ()

    @property
    def kind(self) -> str:
        return _KINDS.get(self.type, "time" if self.type.startswith("TIMESTAMP") else "other")

    @property
    def missing(self) -> float:
        return (self.rows - self.known) / self.rows if self.rows else 0.0

    @property
    def has_range(self) -> bool:
        """A histogram needs two ends: of few numbers each is counted instead, and what is no number has none."""
        ends = (self.least, self.greatest)
        finite = all(isinstance(end, int | float) and math.isfinite(end) for end in ends)
        return self.kind == "number" and (self.distinct or 0) > LISTED and finite and self.least != self.greatest

    @property
    def tells_apart(self) -> bool:
        """Bars that are all of one row tell nothing beside their number."""
        return any(bar.rows > 1 for bar in self.bars)

    @property
    def is_counted(self) -> bool:
        """Of words that hardly come twice, each would tell of its own row: names, numbers of persons, free text."""
        distinct = self.distinct or 0
        often = self.kind == "word" and distinct * _OFTEN <= self.known
        return self.has_range or often or (self.kind in ("number", "word") and 0 < distinct <= LISTED)


@dataclass(frozen=True)
class ViewFigures:
    view: FeatureView
    rows: int
    features: tuple[Distribution, ...]


def read_distributions(session: Session, place: Schema, views: Sequence[FeatureView]) -> tuple[ViewFigures, ...]:
    """Of the views that are there."""
    types = _read_types(session, place)
    blank = [ViewFigures(view, 0, _features(view, types.get(_stored(view), {}))) for view in views]
    there = [found for found in blank if found.features]
    summarised = _read_summaries(session, place, there) if there else []
    return tuple(_read_bars(session, place, summarised)) if summarised else ()


def _stored(view: FeatureView) -> str:
    return f"{view.name}${view.version}"


def _read_types(session: Session, place: Schema) -> dict[str, dict[str, str]]:
    schema = Name(place.database, "INFORMATION_SCHEMA", "COLUMNS").sql
    found = fetch_documents(
        session, f"SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM {schema} WHERE TABLE_SCHEMA = {literal(place.name)}"
    )
    types: dict[str, dict[str, str]] = {}
    for row in found:
        types.setdefault(row["TABLE_NAME"], {})[row["COLUMN_NAME"]] = row["DATA_TYPE"]
    return types


def _features(view: FeatureView, types: Mapping[str, str]) -> tuple[Distribution, ...]:
    return tuple(Distribution(name, meaning, types[name], 0) for name, meaning in view.features.items() if name in types)


def _read_summaries(session: Session, place: Schema, views: Sequence[ViewFigures]) -> list[ViewFigures]:
    queries = [_summary_query(place, number, found) for number, found in enumerate(views)]
    rows = {int(row["VIEW_NUMBER"]): row for row in fetch_documents(session, together(queries))}
    return [_add_summary(found, rows[number]) for number, found in enumerate(views)]


def _summary_query(place: Schema, number: int, found: ViewFigures) -> str:
    parts = ", ".join(f"{literal(one.feature)}, OBJECT_CONSTRUCT({_measures(one)})" for one in found.features)
    return (
        f"SELECT {number} AS VIEW_NUMBER, COUNT(*) AS ROW_COUNT, OBJECT_CONSTRUCT({parts}) AS FIGURES "
        f"FROM {(place / _stored(found.view)).sql}"
    )


def _measures(feature: Distribution) -> str:
    column = quote(feature.feature)
    measures = {"known": f"COUNT({column})"}
    if feature.kind == "number":
        measures |= {"least": f"MIN({column})::FLOAT", "greatest": f"MAX({column})::FLOAT", "mean": f"AVG({column})::FLOAT"}
        measures["distinct"] = f"APPROX_COUNT_DISTINCT({column})"
    if feature.kind == "time":
        measures |= {"least": f"MIN({column})::VARCHAR", "greatest": f"MAX({column})::VARCHAR"}
    if feature.kind == "word":
        measures["distinct"] = f"COUNT(DISTINCT {column})"
    return ", ".join(f"{literal(name)}, {measure}" for name, measure in measures.items())


def _add_summary(found: ViewFigures, row: Document) -> ViewFigures:
    rows, figures = int(row["ROW_COUNT"]), _plain(row["FIGURES"])
    return replace(found, rows=rows, features=tuple(replace(one, rows=rows, **figures[one.feature]) for one in found.features))


def _plain(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _read_bars(session: Session, place: Schema, views: Sequence[ViewFigures]) -> Iterator[ViewFigures]:
    parts = [part for found in views for part in _parts(found)]
    rows = fetch_documents(session, together(_bars_query(place, *part) for part in parts)) if parts else []
    counted: dict[tuple[str, str], list[Document]] = {}
    for row in rows:
        counted.setdefault((row["VIEW_NAME"], row["FEATURE"]), []).append(row)
    for found in views:
        bars = [counted.get((_stored(found.view), one.feature), []) for one in found.features]
        yield replace(found, features=tuple(_add_bars(one, rows) for one, rows in zip(found.features, bars, strict=True)))


def _parts(found: ViewFigures) -> Iterator[tuple[str, tuple[Distribution, ...]]]:
    features = [one for one in found.features if one.is_counted]
    for start in range(0, len(features), _AT_ONCE):
        yield _stored(found.view), tuple(features[start : start + _AT_ONCE])


def _bars_query(place: Schema, view: str, features: tuple[Distribution, ...]) -> str:
    """Rows VIEW_NAME, FEATURE, BAR, ROW_COUNT: of one scan a group for each feature by itself."""
    names = [f"B{number}" for number in range(len(features))]
    every = (1 << len(features)) - 1
    # A bit is set for each column that a row is not grouped by, the first column's being the highest.
    which = " ".join(
        f"WHEN {every ^ (1 << (len(features) - 1 - number))} THEN {literal(one.feature)}" for number, one in enumerate(features)
    )
    columns = ", ".join(f"{_bar(one)} AS {name}" for one, name in zip(features, names, strict=True))
    return (
        f"SELECT * FROM (SELECT {literal(view)} AS VIEW_NAME, CASE GROUPING_ID({', '.join(names)}) {which} END AS FEATURE, "
        f"COALESCE({', '.join(names)}, NULL) AS BAR, COUNT(*) AS ROW_COUNT "
        f"FROM (SELECT {columns} FROM {(place / view).sql}) GROUP BY GROUPING SETS ({', '.join(f'({name})' for name in names)})) "
        f"WHERE BAR IS NOT NULL QUALIFY ROW_NUMBER() OVER (PARTITION BY FEATURE ORDER BY ROW_COUNT DESC, BAR) <= {BUCKETS + 1}"
    )


def _bar(feature: Distribution) -> str:
    column = quote(feature.feature)
    if not feature.has_range:
        return f"{column}::VARCHAR"
    return f"WIDTH_BUCKET({column}::FLOAT, {feature.least!r}, {feature.greatest!r}, {BUCKETS})::VARCHAR"


def _add_bars(feature: Distribution, rows: Sequence[Document]) -> Distribution:
    counted = {str(row["BAR"]): int(row["ROW_COUNT"]) for row in rows}
    if feature.has_range:
        return replace(feature, bars=tuple(_histogram(feature, counted)))
    largest = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:LISTED]
    if feature.kind == "number":
        largest.sort(key=lambda pair: float(pair[0]))
    others = feature.known - sum(rows for _, rows in largest)
    told = [Bar(label, rows) for label, rows in largest]
    return replace(feature, bars=(*told, *([Bar("all others", others)] if others else [])))


def _histogram(feature: Distribution, counted: Mapping[str, int]) -> Iterator[Bar]:
    """The greatest value falls into a bucket of its own, behind the last."""
    assert isinstance(feature.least, int | float)
    assert isinstance(feature.greatest, int | float)
    width = (feature.greatest - feature.least) / BUCKETS
    for number in range(1, BUCKETS + 1):
        rows = counted.get(str(number), 0) + (counted.get(str(BUCKETS + 1), 0) if number == BUCKETS else 0)
        lower = feature.least + width * (number - 1)
        yield Bar(f"{lower:.4g} to {lower + width:.4g}", rows)
