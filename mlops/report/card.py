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
    metrics = tuple((name, f"{value:.4f}") for name, value in sorted((card.metrics or {}).items()))
    return Report(
        f"Model card: {_told(card.model)} {_told(card.version)}",
        (
            Section("Card", ("field", "value"), tuple(_facts(card))),
            Section("Metrics", ("metric", "value"), metrics),
            Section("Gates", ("stage", "gate", "of", "value", "wanted", "passed"), gates),
            Section("Environment", ("package",), tuple((package,) for package in card.lock.packages or ())),
        ),
    )


def _facts(card: Card) -> Iterator[tuple[str, str]]:
    parameters = ", ".join(f"{name}={value}" for name, value in (card.parameters or {}).items())
    yield "algorithm", f"{_told(card.algorithm)} ({parameters})"
    yield "definition", _told(card.definition)
    yield "dataset", f"{_told(card.data.name)}/{_told(card.data.version)}, taken {_told(card.data.taken_at)}"
    yield "rows", f"{_told(card.data.training_rows)} to learn from, {_told(card.data.test_rows)} to test on"
    yield "query", " ".join(_told(card.data.query).split())
    for view in card.views:
        yield "feature view", f"{_told(view.name)}, definition {_told(view.definition)}, commit {_told(view.commit)}"
    yield "made of", _told(", ".join(card.upstream or ()))
    yield "commit", f"{_told(card.code.commit)} of {_told(card.code.repository)}, {_told(card.code.branch)}"
    packages = len(card.lock.packages or ())
    yield "environment", f"Python {_told(card.lock.python)}, {packages} packages, SHA-256 {_told(card.lock.digest)}"
    yield "champion", _told(card.champion)
    yield "run", f"{_told(card.run.id)}, {_told(card.run.url)}"
    yield "requested by", _told(card.run.requested_by)
    yield "reason", _told(card.run.reason)
    yield "approved by", _told(card.run.approved_by)


def _told(value: object) -> str:
    """Cards of versions that older code has trained, or that came from elsewhere, may lack what is asked for by now."""
    return "not told" if value is None or value == "" else str(value)
