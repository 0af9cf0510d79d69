"""The answer: from the score down to the commit, held against what is in the account now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlops.cards import Card, View
from mlops.errors import AccountError
from mlops.lineage.node import Node
from mlops.lineage.question import Question
from mlops.lineage.read import Move, Score, Training
from mlops.marks import MANUAL
from mlops.runs import BY_HAND


@dataclass(frozen=True)
class Now:
    """What of it is here: feature views with the hash of their definitions. None, where the data lies elsewhere."""

    default: str | None
    versions: Sequence[str]
    datasets: Sequence[str] | None
    views: Mapping[str, str | None] | None


def card_of(training: Training) -> Card:
    if training.card is None:
        raise AccountError(
            f"{training.model} {training.version} has no model card: it was trained before cards were kept. Retrain it, and ask again."
        )
    return training.card


def grow(question: Question, scores: Sequence[Score], training: Training, moves: Sequence[Move], now: Now) -> Node:
    card = card_of(training)
    where = f", in {training.elsewhere}" if training.elsewhere else ""
    told = f"{training.finished:%Y-%m-%d %H:%M} UTC{where}, {card.run.reason}"
    run = Node("training run", training.run, told, (_version(card, moves, now),))
    if not scores:
        return run
    told = "; ".join(f"PREDICTION {score.prediction}, MATCH_PERCENTAGE {score.match:g}" for score in scores)
    return Node("score", " ".join(f"{key}={value}" for key, value in question.row.items()), told, (run,))


def find_changes(card: Card, now: Now) -> Iterator[str]:
    """What is not as it was when the version was trained: the account's own objects are asked, and not the card."""
    if card.version not in now.versions:
        yield f"Version {card.version} of model {card.model} is no longer in the registry."
    if now.datasets is not None and card.data.version not in now.datasets:
        yield f"Version {card.data.version} of dataset {card.data.name} is no longer there."
    if now.views is not None:
        yield from _changed_views(card, now.views)


def _changed_views(card: Card, views: Mapping[str, str | None]) -> Iterator[str]:
    for view in card.views:
        if view.name not in views:
            yield f"Feature view {view.name} is no longer there."
        elif (found := views[view.name]) != view.definition:
            yield (
                f"Feature view {view.name} is another one by now: definition {found or 'unknown'}, "
                f"and {view.definition} when it was read."
            )


def _version(card: Card, moves: Sequence[Move], now: Now) -> Node:
    told = f"{card.algorithm}, definition {card.definition}{', the default version' if now.default == card.version else ''}"
    below = (*_moves(moves), _data(card), _commit(card))
    return Node("model version", f"{card.model}/{card.version}", told, below)


def _moves(moves: Sequence[Move]) -> Iterator[Node]:
    for move in moves:
        yield Node("made default by", move.action, f"{move.at:%Y-%m-%d %H:%M} UTC, {_called(move)}, {move.by}: {move.reason}")


def _called(move: Move) -> str:
    if move.run == MANUAL:
        return BY_HAND
    told = (f"run {move.run}", move.environment and f"in environment {move.environment}", move.url)
    return " ".join(filter(None, (*told, move.approved_by and f"approved by {move.approved_by}")))


def _data(card: Card) -> Node:
    data = card.data
    told = f"{data.training_rows} + {data.test_rows} rows, taken {data.taken_at}"
    spine = Node("query", " ".join(data.query.split()), made_of=tuple(_tables(data.reads)))
    return Node("dataset version", f"{data.name}/{data.version}", told, (spine, *map(_view, card.views)))


def _view(view: View) -> Node:
    return Node("feature view", view.name, f"definition {view.definition}, commit {view.commit}", tuple(_tables(view.reads)))


def _tables(names: Sequence[str]) -> Iterator[Node]:
    return (Node("table", name) for name in names)


def _commit(card: Card) -> Node:
    asked = f"requested by {card.run.requested_by}, approved by {card.run.approved_by}"
    run = Node("pipeline run", card.run.id, f"{card.run.url}, {asked}")
    lock = Node("environment", f"Python {card.lock.python}", f"{len(card.lock.packages)} packages, SHA-256 {card.lock.digest}")
    return Node("commit", card.code.commit, f"{card.code.repository}, {card.code.branch}", (lock, run))
