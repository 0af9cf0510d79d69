"""Small content written into a folder, as a team would write it."""

from __future__ import annotations

from pathlib import Path

FEATURES = """
from mlops.definitions import Column, Entity, FeatureView, PythonFunction
PERSON = Entity(name="PERSON", join_keys=("ID",), description="A person.")
DOUBLE = PythonFunction(
    name="DOUBLE", files=("features/double.py",), handler="features.double.double",
    arguments=(Column("X", "NUMBER"),), returns="NUMBER", description="Twice.",
)
AGE = FeatureView(
    name="AGE", version="V1", entities=("PERSON",), timestamp="AT", reads=("SOURCE.PERSONS",), functions=("DOUBLE",),
    query="SELECT ID, AT, FEATURE_STORE.DOUBLE(AGE) AS AGE FROM SOURCE.PERSONS", features={"AGE": "Age."}, description="Age.",
)
"""
MODELS = """
from mlops.definitions import Column, Estimator, Model, Procedure, Quality, Table, TrainingSet
TRAIN = Procedure(
    name="TRAIN", handler="mlops.inside.train.train_model", arguments=(), packages=(), writes=("TRAINING_RUNS",),
    description="Trains.",
)
SEEN = TrainingSet(
    name="SEEN", spine="SELECT ID, AT, OK FROM SOURCE.SEEN", keys=("ID",), timestamp="AT", label="OK", group="ID",
    feature_views=("AGE/V1",), reads=("SOURCE.SEEN",), description="Who was seen.",
)
SAID = Table(name="SAID", columns=(Column("RUN_ID", "VARCHAR"),), description="What was said.")
GUESS = Model(
    name="GUESS", training_set="SEEN", numeric=("AGE",), categorical=(), estimator=Estimator("sklearn.svm.SVC"), holdout=0.5,
    seed=1, procedure="TRAIN", predictions="SAID", shown=(), description="Guesses.",
)
"""
TASKS = """
from mlops.definitions import Stream, Task
SEEN_STREAM = Stream(name="SEEN_STREAM", table="SOURCE.SEEN", description="News.")
AGAIN = Task(name="AGAIN", schedule="1 MINUTE", procedure="TRAIN", arguments=("GUESS",), when="SEEN_STREAM", description="Again.")
"""


def write_content(root: Path, *, features: str = FEATURES, models: str = MODELS, tasks: str = TASKS) -> Path:
    for family, text in (("features", features), ("models", models), ("tasks", tasks)):
        (root / family).mkdir(exist_ok=True)
        (root / family / "all.py").write_text(text)
    (root / "features" / "double.py").write_text("import not_installed_here\n\ndef double(x):\n    return 2 * x\n")
    return root
