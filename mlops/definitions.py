"""What a team declares: frozen values that are checked when they are built and know nothing of an account."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from mlops.statements import fault_of_expression, fault_of_query
from mlops.thresholds import COMPARED as COMPARED
from mlops.thresholds import MEASURED as MEASURED
from mlops.thresholds import Champion as Champion
from mlops.thresholds import Gate as Gate
from mlops.thresholds import Quality as Quality
from mlops.thresholds import Slices as Slices
from mlops.typed import Checked

_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_TABLE = re.compile(r"[A-Z][A-Z0-9_]*\.[A-Z][A-Z0-9_]*")
_TYPE = re.compile(r"[A-Z][A-Z0-9_]*(\([0-9]+(, ?[0-9]+)?\))?")
_VERSION = re.compile(r"[A-Z0-9][A-Z0-9_]*")
_HANDLER = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)+")
_MINUTES = re.compile(r"[1-9][0-9]* MINUTES?")
_CRON = re.compile(r"USING CRON( \S+){5} \S+")


@dataclass(frozen=True)
class Column(Checked):
    name: str
    type: str

    def faults(self) -> Iterator[str]:
        yield from _unlike(_NAME, "its name is upper case letters, digits and underscores", self.name)
        yield from _unlike(_TYPE, "its type is a Snowflake type such as VARCHAR or NUMBER(38, 0)", self.type)


@dataclass(frozen=True)
class Check(Checked):
    """A count that should be zero; `sentence` tells what it means, with {count} in it."""

    query: str
    sentence: str

    def faults(self) -> Iterator[str]:
        yield from _asking("query", self.query)
        if "{count}" not in self.sentence:
            yield f"its sentence must contain {{count}}, and this is {self.sentence!r}"


class Declarable(Checked):
    """What has a kind, a name and a description of its own."""

    kind: ClassVar[str]
    name: str
    description: str

    @property
    def title(self) -> str:
        return describe(self)  # type: ignore[arg-type]

    def faults(self) -> Iterator[str]:
        yield from _unlike(_NAME, f"the name of a {self.kind} is upper case letters, digits and underscores", self.name)
        if not self.description.strip():
            yield "say in `description` what it is"
        yield from self.own_faults()

    def own_faults(self) -> Iterator[str]:
        yield from ()


@dataclass(frozen=True)
class Entity(Declarable):
    kind: ClassVar[str] = "entity"
    name: str
    join_keys: tuple[str, ...]
    description: str

    def own_faults(self) -> Iterator[str]:
        yield from _empty("join_keys", self.join_keys)
        yield from _no_columns("join_keys", self.join_keys)

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        return ()


@dataclass(frozen=True)
class PythonFunction(Declarable):
    """A Python function that is registered in the Feature Store's schema and runs inside Snowflake.

    `files` are modules and packages, relative to the content's folder; `handler` is module.function among them.
    """

    kind: ClassVar[str] = "function"
    name: str
    files: tuple[str, ...]
    handler: str
    arguments: tuple[Column, ...]
    returns: str
    description: str
    packages: tuple[str, ...] = ()
    runtime: str = "3.11"

    def own_faults(self) -> Iterator[str]:
        yield from _unlike(_TYPE, "the return type is a Snowflake type", self.returns)
        yield from _empty("files", self.files)
        yield from _unlike(_HANDLER, "a handler is module.function", self.handler)

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        return ()


@dataclass(frozen=True)
class FeatureView(Declarable):
    """`query` gives the entity's keys, the timestamp and the features; `features` says what each feature means.

    Without a `timestamp`, the features hold at any time.
    """

    kind: ClassVar[str] = "feature view"
    name: str
    version: str
    entities: tuple[str, ...]
    query: str
    timestamp: str | None
    features: Mapping[str, str]
    description: str
    reads: tuple[str, ...]
    functions: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()

    def own_faults(self) -> Iterator[str]:
        yield from _empty("entities", self.entities)
        yield from _empty("features", self.features)
        yield from _no_columns("features", self.features)
        yield from _no_columns("timestamp", (self.timestamp,) if self.timestamp is not None else ())
        yield from _asking("query", self.query)
        yield from _no_tables(self.reads)
        yield from _unlike(_VERSION, "a version is like V1", self.version)
        # The Feature Store's client puts these texts into its statements as they are, or with apostrophes doubled alone.
        if any("'" in text or "\\" in text for text in self.features.values()):
            yield "what a feature means is told without apostrophes and backslashes"
        if "\\" in self.description:
            yield "`description` is told without backslashes"

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        return (*((Entity.kind, name) for name in self.entities), *((PythonFunction.kind, name) for name in self.functions))


@dataclass(frozen=True)
class TrainingSet(Declarable):
    """Who, what and when (`spine`), joined with what was known about it at that time; stored as a versioned Dataset.

    `group` is the column whose values never stand on both sides of a split; without one the split is by time, and what is held out
    is what came last. Training sets of one `name` are versions of one Dataset; a model names one as in US_FLIGHT_DELAYS/V1.
    """

    kind: ClassVar[str] = "training set"
    name: str
    spine: str
    keys: tuple[str, ...]
    timestamp: str
    label: str
    feature_views: tuple[str, ...]
    reads: tuple[str, ...]
    description: str
    group: str | None = None
    version: str | None = None
    quality: Quality = field(default_factory=Quality)

    def own_faults(self) -> Iterator[str]:
        yield from _asking("spine", self.spine)
        yield from _empty("keys", self.keys)
        yield from _no_columns("keys", (*self.keys, self.timestamp, self.label))
        yield from _empty("feature_views", self.feature_views)
        yield from _no_tables(self.reads)
        if self.version is not None:
            yield from _unlike(_VERSION, "a version is like V1", self.version)
        if self.group is not None and self.group not in self.keys:
            yield f"the group {self.group} is none of its keys"
        if any("/" not in view for view in self.feature_views):
            yield "a feature view is named with its version, as in PATIENT_AGE/V1"

    @property
    def row(self) -> tuple[str, ...]:
        """What tells a row from all others."""
        return tuple(dict.fromkeys((*self.keys, self.timestamp)))

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        return tuple((FeatureView.kind, name) for name in self.feature_views)


@dataclass(frozen=True)
class Estimator(Checked):
    """A scikit-learn class by its import path, and its parameters."""

    path: str
    parameters: Mapping[str, float | str | bool | None] = field(default_factory=dict)

    def faults(self) -> Iterator[str]:
        if not self.path.startswith("sklearn."):
            yield f"it is a class of scikit-learn, such as sklearn.svm.SVC, and this is {self.path!r}"


@dataclass(frozen=True)
class Model(Declarable):
    """`derived` are features computed from columns of the training set, by SQL expressions; they are numeric.

    `predictions` is the table that the held-out rows go to; `shown` are the columns that stand beside a prediction there. From a chance
    of `threshold` on, the prediction is a yes.
    `impute` says what stands for a missing number; without it a missing number stays missing, which not every estimator takes.
    """

    kind: ClassVar[str] = "model"
    name: str
    training_set: str
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    estimator: Estimator
    holdout: float
    seed: int
    procedure: str
    predictions: str
    shown: tuple[str, ...]
    description: str
    derived: Mapping[str, str] = field(default_factory=dict)
    impute: Literal["mean", "median", "most_frequent"] | None = None
    # A guess has an area of one half.
    gates: tuple[Gate, ...] = (Gate("ROC_AUC", 0.55),)
    champion: Champion = field(default_factory=Champion)
    slices: Slices = field(default_factory=Slices)
    threshold: float = 0.5

    def own_faults(self) -> Iterator[str]:
        yield from _empty("inputs", self.inputs)
        yield from _no_columns("inputs and shown columns", (*self.inputs, *self.shown))
        for name, expression in self.derived.items():
            yield from _expressing(name, expression)
        for what, value in (("holdout", self.holdout), ("threshold", self.threshold)):
            if not 0 < value < 1:
                yield f"the {what} is between 0 and 1, and this is {value}"
        if len(set(self.inputs)) != len(self.inputs):
            yield "an input is named twice"

    @property
    def inputs(self) -> tuple[str, ...]:
        return (*self.numeric, *self.derived, *self.categorical)

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        return ((TrainingSet.kind, self.training_set), (Procedure.kind, self.procedure), (Table.kind, self.predictions))


@dataclass(frozen=True)
class Table(Declarable):
    """A table that runs add to. Rows are added, never changed."""

    kind: ClassVar[str] = "table"
    name: str
    columns: tuple[Column, ...]
    description: str

    def own_faults(self) -> Iterator[str]:
        yield from _empty("columns", self.columns)

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        return ()


@dataclass(frozen=True)
class Procedure(Declarable):
    """A procedure whose code is this repository's own: `handler` is module.function, imported from the code archive."""

    kind: ClassVar[str] = "procedure"
    name: str
    handler: str
    arguments: tuple[Column, ...]
    packages: tuple[str, ...]
    writes: tuple[str, ...]
    description: str
    returns: str = "VARIANT"
    runtime: str = "3.11"

    def own_faults(self) -> Iterator[str]:
        if self.returns != "TABLE()":
            yield from _unlike(_TYPE, "the return type is a Snowflake type, or TABLE()", self.returns)
        yield from _unlike(_HANDLER, "a handler is module.function", self.handler)

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        return tuple((Table.kind, name) for name in self.writes)


@dataclass(frozen=True)
class Monitor(Declarable):
    """Queries that give one number each, written down by a procedure whenever it is called with the monitor's name."""

    kind: ClassVar[str] = "monitor"
    name: str
    model: str
    measures: Mapping[str, str]
    reads: tuple[str, ...]
    description: str

    def own_faults(self) -> Iterator[str]:
        yield from _empty("measures", self.measures)
        for name, query in self.measures.items():
            yield from _asking(name, query)
        yield from _no_tables(self.reads)

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        return ((Model.kind, self.model),)


@dataclass(frozen=True)
class Stream(Declarable):
    kind: ClassVar[str] = "stream"
    name: str
    table: str
    description: str

    def own_faults(self) -> Iterator[str]:
        yield from _no_tables((self.table,))

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.table,)

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        return ()


@dataclass(frozen=True)
class Task(Declarable):
    """Calls a procedure on a schedule; with `when`, only if that stream has data."""

    kind: ClassVar[str] = "task"
    name: str
    schedule: str
    procedure: str
    arguments: tuple[str, ...]
    description: str
    when: str | None = None

    def own_faults(self) -> Iterator[str]:
        if not (_MINUTES.fullmatch(self.schedule) or _CRON.fullmatch(self.schedule)):
            yield f"a schedule is like '5 MINUTE' or 'USING CRON 0 4 * * * UTC', and this is {self.schedule!r}"

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        stream = ((Stream.kind, self.when),) if self.when else ()
        return ((Procedure.kind, self.procedure), *stream)


Definition = PythonFunction | Entity | FeatureView | Table | Procedure | TrainingSet | Model | Monitor | Stream | Task
# These have no object of their own in the account: what is made of them is made by a procedure that reads them.
WITHOUT_OBJECT = (TrainingSet.kind, Monitor.kind)


def key(definition: Definition) -> tuple[str, str]:
    """Kind and name, as others refer to it."""
    if isinstance(definition, FeatureView | TrainingSet) and definition.version:
        return definition.kind, f"{definition.name}/{definition.version}"
    return definition.kind, definition.name


def describe(definition: Definition) -> str:
    return f"{definition.kind.capitalize()} {key(definition)[1]}"


def _unlike(pattern: re.Pattern[str], rule: str, value: str) -> Iterator[str]:
    if not pattern.fullmatch(value):
        yield f"{rule}, and this is {value!r}"


def _empty(name: str, values: Iterable[object]) -> Iterator[str]:
    if not tuple(values):
        yield f"`{name}` is empty"


def _no_columns(name: str, columns: Iterable[str]) -> Iterator[str]:
    for column in columns:
        yield from _unlike(_NAME, f"`{name}`: a column is named in upper case letters, digits and underscores", column)


def _no_tables(tables: Iterable[str]) -> Iterator[str]:
    for table in tables:
        yield from _unlike(_TABLE, "a table is named with its schema, as in SOURCE.PATIENTS", table)


def _asking(name: str, query: str) -> Iterator[str]:
    if fault := fault_of_query(query):
        yield f"{name} must only ask, and it {fault}: {query!r}"


def _expressing(name: str, expression: str) -> Iterator[str]:
    if fault := fault_of_expression(expression):
        yield f"{name} is an expression, and it {fault}: {expression!r}"
