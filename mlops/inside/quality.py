"""Is the data fit to learn from? Asked of the dataset where it lies, before a model is trained; every failure is a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import pandas as pd
from sklearn.metrics import roc_auc_score
from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import sql_expr
from snowflake.snowpark.types import BooleanType, DateType, StringType, TimestampType, _NumericType

from mlops.definitions import Model, TrainingSet
from mlops.gates import Verdict
from mlops.names import quote

_ANY = ("of any type", (object,))
_NUMBER = ("a number", (_NumericType, BooleanType))
_TIME = ("a time", (TimestampType, DateType))
_WORD = ("a text", (StringType,))


class Inputs(Protocol):
    """What is learned from."""

    @property
    def numeric(self) -> tuple[str, ...]: ...
    @property
    def categorical(self) -> tuple[str, ...]: ...
    @property
    def inputs(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Columns:
    """Of a training set: all that any of its models learns from, but for what is derived of it."""

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        return (*self.numeric, *self.categorical)


def columns_of(models: Sequence[Model]) -> Columns:
    numeric = dict.fromkeys(name for model in models for name in model.numeric)
    return Columns(tuple(numeric), tuple(dict.fromkeys(name for model in models for name in model.categorical)))


@dataclass(frozen=True)
class Expected:
    """What the data is held against: when it is now, and what the last training of this definition saw."""

    now: datetime
    rows_before: int | None
    # The least and the greatest values that it saw, by subject of the gate.
    values_before: Mapping[str, float] = field(default_factory=dict)


def judge_schema(frame: DataFrame, model: Inputs, training_set: TrainingSet) -> Iterator[Verdict]:
    """Each column is there, with a type that its use can take."""
    found = {field.name.strip('"'): field.datatype for field in frame.schema.fields}
    for name, (wanted, kinds) in _wanted_types(model, training_set).items():
        good = isinstance(found.get(name), kinds)
        told = type(found[name]).__name__ if name in found else "missing"
        sentence = f"Column {name} of {training_set.name} is {told}; {wanted} is wanted."
        yield _data("schema", name, None, wanted, good and name in found, sentence)


def judge_rows(frame: DataFrame, model: Inputs, training_set: TrainingSet, expected: Expected) -> Iterator[Verdict]:
    """All that can be counted, in one statement."""
    measures = _measures(model, training_set)
    selected = frame.agg(*(sql_expr(expression).alias(name) for name, expression in measures.items()))
    counted = dict(zip(measures, selected.collect()[0], strict=True))
    rows = int(counted["ROWS"])
    yield from _judge_nulls(counted, rows, model, training_set)
    yield from _judge_ranges(counted, model, training_set, expected.values_before)
    yield from _judge_duplicates(counted, rows, training_set)
    yield from _judge_time(counted, training_set, expected.now)
    yield from _judge_size(rows, training_set, expected.rows_before)


def judge_leaks(frame: pd.DataFrame, model: Model, training_set: TrainingSet) -> Iterator[Verdict]:
    """An input that tells the label by itself was known only after the label was."""
    label, limit = training_set.label, training_set.quality.leak
    for name in model.inputs:
        told = _telling(frame[name], frame[label]) if name != label else 1.0
        sentence = (
            f"{name} alone tells {label} with a ROC AUC of {told:.3f}; more than {limit:.3f} is taken for a leak of the label."
        )
        yield _data("label leak", name, told, f"<= {limit:g}", told <= limit, sentence)


def _wanted_types(model: Inputs, training_set: TrainingSet) -> dict[str, tuple[str, tuple[type[Any], ...]]]:
    return {
        **dict.fromkeys(training_set.keys, _ANY),
        **dict.fromkeys(model.numeric, _NUMBER),
        **dict.fromkeys(model.categorical, _WORD),
        **dict.fromkeys((name for name in training_set.quality.nulls if name not in model.inputs), _ANY),
        **dict.fromkeys(training_set.quality.ranges, _NUMBER),
        training_set.timestamp: _TIME,
        training_set.label: _NUMBER,
    }


def _measures(model: Inputs, training_set: TrainingSet) -> dict[str, str]:
    columns = (*training_set.keys, training_set.timestamp, training_set.label, *model.numeric, *model.categorical)
    moment = quote(training_set.timestamp)
    row = ", ".join(quote(name) for name in training_set.row)
    return {
        "ROWS": "COUNT(*)",
        # Rows as arrays, since COUNT(DISTINCT a, b) leaves those out that hold a NULL.
        "DISTINCT_ROWS": f"COUNT(DISTINCT ARRAY_CONSTRUCT({row}))",
        "NEWEST": f"MAX({moment})",
        **{f"NULLS_{name}": f"COUNT_IF({quote(name)} IS NULL)" for name in dict.fromkeys(columns)},
        **{f"LEAST_{name}": f"MIN({quote(name)})" for name in _numbers(model, training_set)},
        **{f"GREATEST_{name}": f"MAX({quote(name)})" for name in _numbers(model, training_set)},
    }


def _numbers(model: Inputs, training_set: TrainingSet) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*model.numeric, *training_set.quality.ranges)))


def _judge_nulls(counted: Mapping[str, Any], rows: int, model: Inputs, training_set: TrainingSet) -> Iterator[Verdict]:
    never = (*training_set.keys, training_set.timestamp, training_set.label)
    for name in dict.fromkeys((*never, *model.numeric, *model.categorical)):
        limit = 0.0 if name in never else training_set.quality.nulls.get(name, training_set.quality.null_share)
        share = int(counted[f"NULLS_{name}"]) / max(rows, 1)
        sentence = f"{name} is missing in {share:.1%} of the rows of {training_set.name}; at most {limit:.1%} is wanted."
        yield _data("nulls", name, share, f"<= {limit:g}", share <= limit, sentence)


def _judge_ranges(
    counted: Mapping[str, Any], model: Inputs, training_set: TrainingSet, before: Mapping[str, float]
) -> Iterator[Verdict]:
    """Both ends of every number. They are kept, and what has no range of its own is held against those of the training before."""
    for name in _numbers(model, training_set):
        ends = ("least", counted[f"LEAST_{name}"]), ("greatest", counted[f"GREATEST_{name}"])
        for (end, value), limit in zip(ends, _limits(name, training_set, before), strict=True):
            # Of a column that is missing everywhere there is no end; how much may be missing is another gate's.
            if value is not None:
                yield _judge_end(name, end, float(value), limit, training_set)


def _limits(name: str, training_set: TrainingSet, before: Mapping[str, float]) -> tuple[float | None, float | None]:
    quality, ends = training_set.quality, (before.get(f"least {name}"), before.get(f"greatest {name}"))
    if name in quality.ranges:
        return quality.ranges[name]
    if quality.growth is None or ends[0] is None or ends[1] is None:
        return None, None
    # Of what was the same everywhere, the size stands for the span.
    room = quality.growth * (ends[1] - ends[0] or abs(ends[0]) or 1)
    return ends[0] - room, ends[1] + room


def _judge_end(name: str, end: str, value: float, limit: float | None, training_set: TrainingSet) -> Verdict:
    sign = ">=" if end == "least" else "<="
    within = limit is None or (value >= limit if end == "least" else value <= limit)
    wanted = "finite" if limit is None else f"{sign} {limit:g}"
    sentence = f"The {end} {name} of {training_set.name} is {value:g}; {wanted} is wanted."
    return _data("ranges", f"{end} {name}", value, wanted, within and math.isfinite(value), sentence)


def _judge_duplicates(counted: Mapping[str, Any], rows: int, training_set: TrainingSet) -> Iterator[Verdict]:
    twice, limit = rows - int(counted["DISTINCT_ROWS"]), training_set.quality.duplicates
    subject = ", ".join(training_set.row)
    sentence = f"{twice} rows of {training_set.name} have the same {subject} as another one; at most {limit} are wanted."
    yield _data("duplicate keys", subject, twice, f"<= {limit}", twice <= limit, sentence)


def _judge_time(counted: Mapping[str, Any], training_set: TrainingSet, now: datetime) -> Iterator[Verdict]:
    newest = pd.Timestamp(counted["NEWEST"])
    moment = newest.tz_convert("UTC").tz_localize(None) if newest.tzinfo else newest
    days, limit = (pd.Timestamp(now) - moment).total_seconds() / 86400, training_set.quality.oldest_days
    # A day ahead is another zone; more is a wrong clock, or what nobody could know yet.
    good = -1 <= days <= limit
    sentence = (
        f"The newest {training_set.timestamp} of {training_set.name} is {days:.0f} days old; from -1 to {limit:g} is wanted."
    )
    yield _data("freshness", training_set.timestamp, days, f"-1..{limit:g}", good, sentence)


def _judge_size(rows: int, training_set: TrainingSet, before: int | None) -> Iterator[Verdict]:
    if before is None:
        return
    change, limit = rows / max(before, 1) - 1, training_set.quality.row_change
    sentence = f"{training_set.name} has {rows} rows and had {before} the last time: a change of {change:+.1%}; at most {limit:.0%} is wanted."
    yield _data("row count", training_set.name, change, f"within {limit:g}", abs(change) <= limit, sentence)


def _telling(values: pd.Series[Any], label: pd.Series[Any]) -> float:
    """The area under the ROC curve of this input alone, whichever way it points; one half where it tells nothing."""
    scores = _scores(values, label)
    if scores is None or label.nunique() < 2:
        return 0.5
    area = float(roc_auc_score(label, scores))
    return max(area, 1 - area)


def _scores(values: pd.Series[Any], label: pd.Series[Any]) -> pd.Series[Any] | None:
    if pd.api.types.is_numeric_dtype(values):
        # A missing value may be what tells: it stands apart, below all others.
        return values.astype("float64").fillna(values.astype("float64").min() - 1)
    known = values.fillna("").astype(str)
    # Of words that hardly come twice, each tells its own row, and nothing else.
    return label.groupby(known).transform("mean") if known.nunique() * 10 <= len(known) else None


def _data(gate: str, subject: str, value: float | None, wanted: str, passed: bool, sentence: str) -> Verdict:
    return Verdict("data", gate, subject, value, wanted, passed, sentence)
