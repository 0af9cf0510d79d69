"""The procedure TRAIN_MODEL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd
from snowflake.ml.dataset import Dataset
from snowflake.snowpark import Session

from mlops.cards import Card, judge_card, stored_card
from mlops.definitions import FeatureView
from mlops.errors import MlopsError
from mlops.fingerprint import fingerprint
from mlops.gates import Verdict, failures, insert_verdicts, judge_metrics, to_rows
from mlops.inside import datasets
from mlops.inside.card import make_card
from mlops.inside.champion import Scores, judge, scores_in, stored_scores
from mlops.inside.claims import Claim, claim
from mlops.inside.content import open_content
from mlops.inside.learning import learn
from mlops.inside.place import Place, find_place
from mlops.inside.quality import Expected, judge_leaks, judge_rows, judge_schema
from mlops.inside.recording import (
    Finished,
    Loaded,
    Run,
    consume,
    count_changes,
    last_finished,
    load_outputs,
    metrics_of,
    next_number,
    record,
    values_of,
)
from mlops.inside.registration import default_before, drop_begun, has_version, register
from mlops.inside.slices import judge_slices
from mlops.inside.training_data import count_rows, make_dataset, read_frame
from mlops.outputs import reason_of
from mlops.properties import properties_of


def train_model(session: Session, model_name: str, reason: str, stream_name: str) -> dict[str, Any]:
    """Adds one version. With a stream, what the stream holds is taken from it when the run is recorded."""
    place = find_place(session)
    with open_content() as definitions:
        model = definitions.model(model_name)
        training_set = definitions.training_set(model)
        definition = fingerprint(definitions, model)
        properties = properties_of(definitions, model)
        views = {name: definitions.find((FeatureView.kind, name)) for name in training_set.feature_views}
        shared = len(definitions.learners(training_set)) > 1
        sources = {name: definitions.source_tables([view]) for name, view in views.items() if view}
    with session.query_history() as queries, claim(place, model.name) as claimed:
        done = _done_already(place, model.name, definition) if reason == reason_of(definition) else None
        if done:
            claimed.give_up()
            return done
        number = next_number(place, model.name)
        run = Run(
            model=model,
            training_set=training_set,
            number=number,
            definition=definition,
            origin=place.origin_of(model.procedure),
            reason=reason,
            started=place.run("SELECT SYSDATE()")[0][0],
            # Before anything is read: what comes later is left to the next run.
            changes=count_changes(place, stream_name),
            properties=properties,
            sources=sources,
            before=default_before(place, model.name, f"V{number}"),
            queries=queries,
            declared=training_set.stored and reason == reason_of(definition),
            shared=shared,
        )
        return _train(place, claimed, run)


def _done_already(place: Place, model: str, definition: str) -> dict[str, Any] | None:
    """A procedure goes on when the client that called it is killed, and may have ended since the next one made its plan."""
    last = last_finished(place, model)
    if last is None or not last.passed or last.definition != definition or not has_version(place, model, last.version):
        return None
    card = stored_card(place.run, place.home, model, last.version)
    return _summary(last.id, last.version, (last.training_rows, last.test_rows), metrics_of(place, last), (), card)


def _train(place: Place, claimed: Claim, run: Run) -> dict[str, Any]:
    try:
        return _train_once(place, claimed, run)
    except MlopsError:
        raise
    except Exception:
        if not claimed.contested:
            raise
        # What the run before this one was still making stood in the way. It sees that it has lost the claim, and stops.
        claimed.check()
        return _train_once(place, claimed, run)


def _train_once(place: Place, claimed: Claim, run: Run) -> dict[str, Any]:
    model, training_set = run.model, run.training_set
    drop_begun(place, run, claimed)
    dataset = _rows_of(place, run)
    frame, fit = _look_at(place, run, dataset)
    if frame is None or failures(fit):
        return _refuse(place, claimed, run, fit)
    learned = learn(frame, model, training_set)
    outputs = load_outputs(place, run, learned)
    judged = (*judge_metrics(learned.metrics, model.gates), *judge_slices(learned, model, training_set))
    verdicts = (*fit, *judged, *_against_champion(place, run, outputs))
    card = make_card(place, run, dataset, learned, verdicts)
    whole = judge_card(model.name, run.version, card)
    if not whole.passed:
        return _refuse(place, claimed, run, (*verdicts, whole))
    failed = failures(verdicts)
    claimed.check()
    register(place, run, learned, claimed, passed=not failed)
    verdicts = (*verdicts, whole)
    record(place, run, learned, outputs.values(), verdicts, card, claimed)
    sizes = len(learned.split.training), len(learned.split.test)
    return _summary(run.id, run.version, sizes, learned.metrics, verdicts, card)


def _rows_of(place: Place, run: Run) -> Dataset:
    """What an apply asks for learns from the version that was declared; whatever trains once more, from the rows that there are by now."""
    training_set, version = run.training_set, run.dataset_version
    name = place.table(training_set.name)
    if run.declared:
        return datasets.open_version(place, name, version)
    datasets.drop_begun(place, name, version, run.id)
    return make_dataset(place, training_set, version, run.mark.after(training_set.description))


def _look_at(place: Place, run: Run, dataset: Dataset) -> tuple[pd.DataFrame | None, tuple[Verdict, ...]]:
    """The rows, unless they cannot even be read as what they should be, and what the gates say of them."""
    stored = dataset.read.to_snowpark_dataframe()
    schema = tuple(judge_schema(stored, run.model, run.training_set))
    if failures(schema):
        return None, schema
    last = last_finished(place, run.model.name)
    expected = _expected(place, run, last if last and last.definition == run.definition else None)
    counted = tuple(judge_rows(stored, run.model, run.training_set, expected))
    if failures(counted):
        return None, (*schema, *counted)
    frame = read_frame(dataset, run.model, run.training_set)
    return frame, (*schema, *counted, *judge_leaks(frame, run.model, run.training_set))


def _expected(place: Place, run: Run, last: Finished | None) -> Expected:
    if last is None:
        return Expected(run.started, None)
    return Expected(run.started, last.training_rows + last.test_rows, values_of(place, last.id, "ranges"))


def _refuse(place: Place, claimed: Claim, run: Run, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """No version, and no run that is finished. What the stream held is taken, or its task would try the same rows for ever."""
    if not run.declared:
        datasets.drop_begun(place, place.table(run.training_set.name), run.dataset_version, run.id)
    rows = count_rows(place, run.training_set)
    with place.transaction():
        claimed.settle()
        place.run(insert_verdicts(place.home, run.id, run.model.name, None, verdicts))
        consume(place, run)
    return _summary(run.id, None, (rows, 0), {}, verdicts, None)


def _against_champion(place: Place, run: Run, outputs: Mapping[str, Loaded]) -> tuple[Verdict, ...]:
    if run.before is None:
        return ()
    champion = stored_scores(place, run.model, run.training_set, run.before)
    challenger = Scores(run.version, scores_in(outputs[run.model.predictions].source, run.training_set))
    return (judge(place, run.model, run.training_set, champion, challenger),)


def _summary(
    run: str,
    version: str | None,
    sizes: tuple[int, int],
    metrics: Mapping[str, float],
    verdicts: Sequence[Verdict],
    card: Card | None,
) -> dict[str, Any]:
    return {
        "run": run,
        "version": version,
        "training_rows": sizes[0],
        "test_rows": sizes[1],
        "metrics": dict(metrics),
        "failed_gates": list(failures(verdicts)),
        "gates": to_rows(verdicts),
        "card": asdict(card) if card else None,
    }
