"""What a team declares: frozen values that are checked when they are built and know nothing of an account."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from mlops.errors import DefinitionError

_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_TABLE = re.compile(r"[A-Z][A-Z0-9_]*\.[A-Z][A-Z0-9_]*")
_TYPE = re.compile(r"[A-Z][A-Z0-9_]*(\([0-9]+(, ?[0-9]+)?\))?")
_HANDLER = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)+")
_ASKS = re.compile(r"\s*(?:SELECT|WITH)\b", re.IGNORECASE)
_MINUTES = re.compile(r"[1-9][0-9]* MINUTES?")
_CRON = re.compile(r"USING CRON( \S+){5} \S+")
# The metrics that two versions can be compared by where their predictions are.
COMPARED = ("ROC_AUC", "ACCURACY", "PRECISION", "RECALL", "F1_SCORE")


@dataclass(frozen=True)
class Column:
    name: str
    type: str

    def __post_init__(self) -> None:
        _expect(self.name, _NAME, "A column name is upper case letters, digits and underscores")
        _expect(self.type, _TYPE, "A column type is a Snowflake type such as VARCHAR or NUMBER(38, 0)")


@dataclass(frozen=True)
class Check:
    """A count that should be zero; `sentence` tells what it means, with {count} in it."""

    query: str
    sentence: str

    def __post_init__(self) -> None:
        if not _ASKS.match(self.query):
            raise DefinitionError(f"A check is a query, which begins with SELECT or WITH: {self.query!r}.")
        if "{count}" not in self.sentence:
            raise DefinitionError(f"The sentence of a check must contain {{count}}: {self.sentence!r}.")


@dataclass(frozen=True)
class Entity:
    kind: ClassVar[str] = "entity"
    name: str
    join_keys: tuple[str, ...]
    description: str

    def __post_init__(self) -> None:
        _check_name(self)
        _check_some(self, "join_keys", self.join_keys)

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        return ()


@dataclass(frozen=True)
class PythonFunction:
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

    def __post_init__(self) -> None:
        _check_name(self)
        _expect(self.returns, _TYPE, f"{describe(self)}: the return type is a Snowflake type")
        _check_some(self, "files", self.files)
        _check_handler(self, self.handler)

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        return ()


@dataclass(frozen=True)
class FeatureView:
    """`query` gives the entity's keys, the timestamp and the features; `features` says what each feature means."""

    kind: ClassVar[str] = "feature view"
    name: str
    version: str
    entities: tuple[str, ...]
    query: str
    timestamp: str
    features: Mapping[str, str]
    description: str
    reads: tuple[str, ...]
    functions: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()

    def __post_init__(self) -> None:
        _check_name(self)
        _check_some(self, "entities", self.entities)
        _check_some(self, "features", self.features)
        _check_tables(self, self.reads)
        if any("'" in text for text in self.features.values()):
            # The Feature Store's client puts these texts into its statement as they are.
            raise DefinitionError(f"{describe(self)}: what a feature means is told without apostrophes.")
        _expect(self.version, re.compile(r"[A-Z0-9][A-Z0-9_]*"), f"{describe(self)}: a version is like V1")

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        return (*((Entity.kind, name) for name in self.entities), *((PythonFunction.kind, name) for name in self.functions))


@dataclass(frozen=True)
class Quality:
    """What data must be like before a model learns from it. Keys, timestamp and label are never missing.

    `null_share` is the most that may be missing of an input, `nulls` the same of single ones; `ranges` the least and the greatest value of a
    column, None where there is none; `oldest_days` how old the newest row may be; `row_change` by which share the number of rows may differ
    from the training before; `leak` the ROC AUC above which an input alone tells the label.
    """

    null_share: float = 0.9
    nulls: Mapping[str, float] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    duplicates: int = 0
    oldest_days: float = 3650
    row_change: float = 0.5
    leak: float = 0.99

    def __post_init__(self) -> None:
        shares = {"null_share": self.null_share, **{f"nulls of {name}": share for name, share in self.nulls.items()}}
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise DefinitionError(f"Quality: {name} is a share between 0 and 1; this is {share}.")
        if not 0.5 <= self.leak <= 1:
            raise DefinitionError(f"Quality: leak is a ROC AUC between 0.5 and 1; this is {self.leak}.")
        for name, (lowest, highest) in self.ranges.items():
            if (lowest is None and highest is None) or (lowest is not None and highest is not None and lowest > highest):
                raise DefinitionError(
                    f"Quality: the range of {name} is the least and the greatest value, one of them None at most."
                )


@dataclass(frozen=True)
class TrainingSet:
    """Who, what and when (`spine`), joined with what was known about it at that time; stored as a versioned Dataset.

    `group` is the column whose values never stand on both sides of a split.
    """

    kind: ClassVar[str] = "training set"
    name: str
    spine: str
    keys: tuple[str, ...]
    timestamp: str
    label: str
    group: str
    feature_views: tuple[str, ...]
    reads: tuple[str, ...]
    description: str
    quality: Quality = field(default_factory=Quality)

    def __post_init__(self) -> None:
        _check_name(self)
        _check_some(self, "feature_views", self.feature_views)
        _check_tables(self, self.reads)
        if self.group not in self.keys:
            raise DefinitionError(f"{describe(self)}: the group {self.group} is none of its keys.")
        if any("/" not in view for view in self.feature_views):
            raise DefinitionError(f"{describe(self)}: a feature view is named with its version, as in PATIENT_AGE/V1.")

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        return tuple((FeatureView.kind, name) for name in self.feature_views)


@dataclass(frozen=True)
class Estimator:
    """A scikit-learn class by its import path, and its parameters."""

    path: str
    parameters: Mapping[str, float | str | bool | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.path.startswith("sklearn."):
            raise DefinitionError(f"An estimator is a class of scikit-learn, such as sklearn.svm.SVC; this is {self.path!r}.")


@dataclass(frozen=True)
class Gate:
    """The least that a metric must reach before a version becomes the default one."""

    metric: str
    minimum: float


@dataclass(frozen=True)
class Champion:
    """How a new version must stand up to the one in use, on rows that neither has seen.

    `margin` is how much larger the metric must be; a negative one says how much worse is still as good.
    """

    metric: str = "ROC_AUC"
    margin: float = -0.02
    minimum_rows: int = 30

    def __post_init__(self) -> None:
        if self.metric not in COMPARED:
            raise DefinitionError(f"A version is compared with the one in use by {', '.join(COMPARED)}, not by {self.metric}.")
        if self.minimum_rows < 1:
            raise DefinitionError("A comparison with the version in use needs at least one row.")


@dataclass(frozen=True)
class Slices:
    """Each value of these columns (of the categorical inputs, if none are named) with so many held-out rows is judged by itself: its
    accuracy may be by `drop` below that of all rows."""

    columns: tuple[str, ...] | None = None
    drop: float = 0.25
    minimum_rows: int = 50

    def __post_init__(self) -> None:
        if self.drop < 0 or self.minimum_rows < 1:
            raise DefinitionError("Slices: drop is not negative, and a slice has at least one row.")


@dataclass(frozen=True)
class Model:
    """`derived` are features computed from columns of the training set, by SQL expressions; they are numeric.

    `predictions` is the table that the held-out rows go to; `shown` are the columns that stand beside a prediction there.
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
    gates: tuple[Gate, ...] = ()
    champion: Champion = field(default_factory=Champion)
    slices: Slices = field(default_factory=Slices)

    def __post_init__(self) -> None:
        _check_name(self)
        _check_some(self, "inputs", self.inputs)
        if not 0 < self.holdout < 1:
            raise DefinitionError(f"{describe(self)}: the holdout is a share between 0 and 1.")
        if len(set(self.inputs)) != len(self.inputs):
            raise DefinitionError(f"{describe(self)}: an input is named twice.")

    @property
    def inputs(self) -> tuple[str, ...]:
        return (*self.numeric, *self.derived, *self.categorical)

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        return ((TrainingSet.kind, self.training_set), (Procedure.kind, self.procedure), (Table.kind, self.predictions))


@dataclass(frozen=True)
class Table:
    """A table that runs add to. Rows are added, never changed."""

    kind: ClassVar[str] = "table"
    name: str
    columns: tuple[Column, ...]
    description: str

    def __post_init__(self) -> None:
        _check_name(self)
        _check_some(self, "columns", self.columns)

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        return ()


@dataclass(frozen=True)
class Procedure:
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

    def __post_init__(self) -> None:
        _check_name(self)
        _check_handler(self, self.handler)

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        return tuple((Table.kind, name) for name in self.writes)


@dataclass(frozen=True)
class Monitor:
    """Queries that give one number each, written down by a procedure whenever it is called with the monitor's name."""

    kind: ClassVar[str] = "monitor"
    name: str
    model: str
    measures: Mapping[str, str]
    reads: tuple[str, ...]
    description: str

    def __post_init__(self) -> None:
        _check_name(self)
        _check_some(self, "measures", self.measures)
        _check_tables(self, self.reads)

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        return ((Model.kind, self.model),)


@dataclass(frozen=True)
class Stream:
    kind: ClassVar[str] = "stream"
    name: str
    table: str
    description: str

    def __post_init__(self) -> None:
        _check_name(self)
        _check_tables(self, (self.table,))

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.table,)

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        return ()


@dataclass(frozen=True)
class Task:
    """Calls a procedure on a schedule; with `when`, only if that stream has data."""

    kind: ClassVar[str] = "task"
    name: str
    schedule: str
    procedure: str
    arguments: tuple[str, ...]
    description: str
    when: str | None = None

    def __post_init__(self) -> None:
        _check_name(self)
        if not (_MINUTES.fullmatch(self.schedule) or _CRON.fullmatch(self.schedule)):
            raise DefinitionError(f"{describe(self)}: a schedule is like '5 MINUTE' or 'USING CRON 0 4 * * * UTC'.")

    @property
    def requires(self) -> tuple[tuple[str, str], ...]:
        stream = ((Stream.kind, self.when),) if self.when else ()
        return ((Procedure.kind, self.procedure), *stream)


Definition = PythonFunction | Entity | FeatureView | Table | Procedure | TrainingSet | Model | Monitor | Stream | Task
# These have no object of their own in the account: what is made of them is made by a procedure that reads them.
WITHOUT_OBJECT = (TrainingSet.kind, Monitor.kind)


def key(definition: Definition) -> tuple[str, str]:
    """Kind and name, as others refer to it."""
    if isinstance(definition, FeatureView):
        return definition.kind, f"{definition.name}/{definition.version}"
    return definition.kind, definition.name


def describe(definition: Definition) -> str:
    return f"{definition.kind.capitalize()} {key(definition)[1]}"


def _check_name(definition: Definition) -> None:
    _expect(definition.name, _NAME, f"The name of a {definition.kind} is upper case letters, digits and underscores")
    if not definition.description.strip():
        raise DefinitionError(f"{describe(definition)}: say in `description` what it is.")


def _check_some(definition: Definition, name: str, values: Iterable[object]) -> None:
    if not tuple(values):
        raise DefinitionError(f"{describe(definition)}: `{name}` is empty.")


def _check_tables(definition: Definition, tables: Iterable[str]) -> None:
    for table in tables:
        _expect(table, _TABLE, f"{describe(definition)}: a table is named with its schema, as in SOURCE.PATIENTS")


def _check_handler(definition: Definition, handler: str) -> None:
    _expect(handler, _HANDLER, f"{describe(definition)}: a handler is module.function")


def _expect(value: str, pattern: re.Pattern[str], rule: str) -> None:
    if not pattern.fullmatch(value):
        raise DefinitionError(f"{rule}; this is {value!r}.")
