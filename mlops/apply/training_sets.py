"""A declared version of a Dataset: made once, judged, and kept with the rows that it was made with.

https://docs.snowflake.com/en/developer-guide/snowflake-ml/dataset
"""

from __future__ import annotations

from snowflake.ml.dataset import Dataset

from mlops.apply.step import Step
from mlops.apply.target import Outcome
from mlops.datasets import read_versions
from mlops.definitions import TrainingSet
from mlops.errors import AccountError, GateError
from mlops.gates import Verdict, failures, insert_verdicts, to_rows
from mlops.guard import drop_version
from mlops.inside.datasets import open_version
from mlops.inside.quality import Expected, columns_of, judge_rows, judge_schema
from mlops.inside.training_data import make_dataset
from mlops.marks import read_mark
from mlops.names import Name
from mlops.rows import fetch_unchecked


def apply_training_set(step: Step, definition: TrainingSet) -> Outcome:
    """Rows that are not fit to learn from are not kept: once the source is as it should be, the next apply takes others."""
    target, version = step.target, str(definition.version)
    name = target.at_home(definition.name)
    dataset = _begun(step, name, version) or make_dataset(target.place, definition, version, step.comment)
    verdicts = _judge(step, definition, dataset)
    stored = insert_verdicts(target.settings.home, target.settings.run, definition.full_name, version, verdicts)
    if failed := failures(verdicts):
        target.run(stored)
        _drop(step, name, version)
        raise GateError(f"{definition.title} is not kept. {' '.join(failed)}")
    step.finish(stored)
    return Outcome("kept", gates=tuple((version, *row) for row in to_rows(verdicts)))


def _begun(step: Step, name: Name, version: str) -> Dataset | None:
    """There and not in the ledger, it was left by an apply that was killed, as its own record says, or somebody else has made it."""
    comment = read_versions(step.target.session, name).get(version)
    if comment is None:
        return None
    if (mark := read_mark(comment)) is None or mark.definition != step.desired.hash:
        raise AccountError(
            f"Version {version} of dataset {name} is there, and was not made from this definition: nothing of others is taken away, "
            "so declare another version, or drop this one if nobody needs it."
        )
    return open_version(step.target.place, name, version)


def _judge(step: Step, definition: TrainingSet, dataset: Dataset) -> tuple[Verdict, ...]:
    """By the gates of data that look at rows. Whether one of them tells the label is seen where a model learns from them."""
    frame, columns = dataset.read.to_snowpark_dataframe(), columns_of(step.target.definitions.learners(definition))
    schema = tuple(judge_schema(frame, columns, definition))
    if failures(schema):
        return schema
    expected = Expected(step.target.run("SELECT SYSDATE()")[0][0], None)
    return (*schema, *judge_rows(frame, columns, definition, expected))


def _drop(step: Step, name: Name, version: str) -> None:
    mark = read_mark(read_versions(step.target.session, name).get(version))
    fetch_unchecked(step.target.session, drop_version(name, version, mark, step.desired.hash).statement)
