"""The procedure TRAIN_MODEL."""

from __future__ import annotations

from typing import Any

from snowflake.snowpark import Session

from mlops.fingerprint import fingerprint
from mlops.inside.content import open_content
from mlops.inside.learning import Learned, failed_gates, learn
from mlops.inside.place import find_place
from mlops.inside.recording import Run, count_changes, next_number, record
from mlops.inside.registration import register
from mlops.inside.training_data import make_dataset, read_frame
from mlops.marks import Mark


def train_model(session: Session, model_name: str, reason: str, stream_name: str) -> dict[str, Any]:
    """Adds one version. With a stream, what the stream holds is taken from it when the run is recorded."""
    place = find_place(session)
    with open_content() as definitions:
        model = definitions.model(model_name)
        training_set = definitions.training_set(model)
        definition = fingerprint(definitions, model)
    run = Run(
        model=model,
        training_set=training_set,
        number=next_number(place, model.name),
        definition=definition,
        commit=place.commit_of(model.procedure),
        reason=reason,
        started=place.run("SELECT SYSDATE()")[0][0],
        # Before anything is read: what comes later is left to the next run.
        changes=count_changes(place, stream_name),
    )
    dataset = make_dataset(place, training_set, run.version)
    learned = learn(read_frame(dataset, model, training_set), model, training_set)
    failures = failed_gates(learned.metrics, model.gates)
    comment = Mark(run.definition, run.commit, run.id).after(model.description)
    register(place, model, learned, run.version, comment=comment, passed=not failures)
    record(place, run, learned, passed=not failures)
    return _summary(run, learned, failures)


def _summary(run: Run, learned: Learned, failures: list[str]) -> dict[str, Any]:
    return {
        "run": run.id,
        "version": run.version,
        "training_rows": len(learned.split.training),
        "test_rows": len(learned.split.test),
        "metrics": dict(learned.metrics),
        "failed_gates": failures,
    }
