from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from mlops.cards import Card
from mlops.report.card import card_report
from mlops.report.console import to_errors, to_text
from mlops.report.junit import to_junit
from mlops.report.markdown import to_markdown
from mlops.report.result import Report


@dataclass(frozen=True)
class Places:
    summary: Path | None = None
    junit: Path | None = None
    json: Path | None = None
    cards: Path | None = None


@dataclass(frozen=True)
class Rendition:
    """The form that a verb's own answer is asked for in, and the file that it goes to instead of the console."""

    form: str = "text"
    out: Path | None = None


def publish(report: Report, places: Places, rendition: Rendition | None = None) -> None:
    _answer(report, rendition or Rendition())
    # In a log that takes both, what failed comes last.
    sys.stdout.flush()
    sys.stderr.write(to_errors(report))
    if places.summary:
        # Several commands of a job may tell their part in one file.
        _parent(places.summary)
        with places.summary.open("a", encoding="utf-8") as file:
            file.write(to_markdown(report))
    if places.junit:
        _parent(places.junit).write_text(to_junit(report), encoding="utf-8")
    if places.json:
        _parent(places.json).write_text(json.dumps(asdict(report), indent=2) + "\n", encoding="utf-8")
    if places.cards:
        for card in report.cards:
            _write_card(places.cards, card)


def _write_card(folder: Path, card: Card) -> None:
    file = _parent(folder / f"{card.model}-{card.version}.json")
    file.write_text(json.dumps(asdict(card), indent=2) + "\n", encoding="utf-8")
    file.with_suffix(".md").write_text(to_markdown(card_report(card)), encoding="utf-8")


def _answer(report: Report, rendition: Rendition) -> None:
    forms: dict[str, Callable[[Report], str]] = {"text": to_text, "markdown": to_markdown, "json": _to_document}
    text = forms[rendition.form](report).rstrip("\n") + "\n"
    if rendition.out:
        _parent(rendition.out).write_text(text, encoding="utf-8")
        text = to_text(report) + "\n"
    sys.stdout.write(text)


def _to_document(report: Report) -> str:
    return json.dumps(report.document, indent=2)


def _parent(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    return file
