"""Model cards for people: in short where a command tells what it did, and in full as a page of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mlops.cards import Card
from mlops.gates import to_rows
from mlops.report.result import Report, Section


def card_section(cards: Iterable[Card]) -> Section:
    """What stands in no other section of the same report."""
    rows = ((card.model, card.version, *row) for card in cards for row in _facts(card))
    return Section("Model card", ("model", "version", "field", "value"), tuple(rows))


def card_report(card: Card) -> Report:
    gates = tuple(tuple(row) for row in to_rows(card.gates))
    metrics = tuple((name, f"{value:.4f}") for name, value in sorted(card.metrics.items()))
    return Report(
        f"Model card: {card.model} {card.version}",
        (
            Section("Card", ("field", "value"), tuple(_facts(card))),
            Section("Metrics", ("metric", "value"), metrics),
            Section("Gates", ("stage", "gate", "of", "value", "wanted", "passed"), gates),
            Section("Environment", ("package",), tuple((package,) for package in card.lock.packages)),
        ),
    )


def _facts(card: Card) -> Iterator[tuple[str, str]]:
    yield "algorithm", f"{card.algorithm} ({', '.join(f'{name}={value}' for name, value in card.parameters.items())})"
    yield "definition", card.definition
    yield "dataset", f"{card.data.name}/{card.data.version}, taken {card.data.taken_at}"
    yield "rows", f"{card.data.training_rows} to learn from, {card.data.test_rows} to test on"
    yield "query", " ".join(card.data.query.split())
    for view in card.views:
        yield "feature view", f"{view.name}, definition {view.definition}, commit {view.commit}"
    yield "made of", ", ".join(card.upstream)
    yield "commit", f"{card.code.commit} of {card.code.repository}, {card.code.branch}"
    yield "environment", f"Python {card.lock.python}, {len(card.lock.packages)} packages, SHA-256 {card.lock.digest}"
    yield "champion", card.champion
    yield "run", f"{card.run.id}, {card.run.url}"
    yield "requested by", card.run.requested_by
    yield "reason", card.run.reason
    yield "approved by", card.run.approved_by
