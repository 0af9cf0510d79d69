"""What a team declares: frozen values that are checked when they are built and know nothing of an account."""

from __future__ import annotations

from mlops.definitions.code import Procedure as Procedure
from mlops.definitions.code import PythonFunction as PythonFunction
from mlops.definitions.declarable import Key as Key
from mlops.definitions.features import Check as Check
from mlops.definitions.features import Entity as Entity
from mlops.definitions.features import FeatureView as FeatureView
from mlops.definitions.model import Estimator as Estimator
from mlops.definitions.model import Model as Model
from mlops.definitions.model import Monitor as Monitor
from mlops.definitions.table import Column as Column
from mlops.definitions.table import Table as Table
from mlops.definitions.tasks import Stream as Stream
from mlops.definitions.tasks import Task as Task
from mlops.definitions.training_set import TrainingSet as TrainingSet
from mlops.thresholds import COMPARED as COMPARED
from mlops.thresholds import MEASURED as MEASURED
from mlops.thresholds import Champion as Champion
from mlops.thresholds import Gate as Gate
from mlops.thresholds import Quality as Quality
from mlops.thresholds import Slices as Slices

Definition = PythonFunction | Entity | FeatureView | Table | Procedure | TrainingSet | Model | Monitor | Stream | Task


def key(definition: Definition) -> Key:
    """Kind and name, as others refer to it."""
    return definition.kind, definition.full_name


def describe(definition: Definition) -> str:
    return definition.title


def has_object(definition: Definition) -> bool:
    """In the account; what is made of the others is made by a procedure that reads them."""
    return definition.stored if isinstance(definition, TrainingSet) else not isinstance(definition, Monitor)
