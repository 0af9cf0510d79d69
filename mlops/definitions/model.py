"""Models, what they are estimated by, and what watches them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from mlops.definitions.code import Procedure
from mlops.definitions.declarable import Declarable, Key
from mlops.definitions.rules import asking, empty, expressing, no_columns, no_tables
from mlops.definitions.table import Table
from mlops.definitions.training_set import TrainingSet
from mlops.thresholds import Champion, Gate, Slices
from mlops.typed import Checked


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
        yield from empty("inputs", self.inputs)
        yield from no_columns("inputs and shown columns", (*self.inputs, *self.shown))
        for name, expression in self.derived.items():
            yield from expressing(name, expression)
        for what, value in (("holdout", self.holdout), ("threshold", self.threshold)):
            if not 0 < value < 1:
                yield f"the {what} is between 0 and 1, and this is {value}"
        if len(set(self.inputs)) != len(self.inputs):
            yield "an input is named twice"

    @property
    def inputs(self) -> tuple[str, ...]:
        return (*self.numeric, *self.derived, *self.categorical)

    @property
    def requires(self) -> tuple[Key, ...]:
        return ((TrainingSet.kind, self.training_set), (Procedure.kind, self.procedure), (Table.kind, self.predictions))


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
        yield from empty("measures", self.measures)
        for name, query in self.measures.items():
            yield from asking(name, query)
        yield from no_tables(self.reads)

    @property
    def requires(self) -> tuple[Key, ...]:
        return ((Model.kind, self.model),)
