"""A page of the report, and what a reader without eyes finds in it."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

from mlops.cards import Card, from_document
from mlops.definitions import Estimator, FeatureView, Model
from mlops.figures.changes import Recorded
from mlops.figures.curves import Scored, make_curves
from mlops.figures.distributions import Bar, Distribution, ViewFigures
from mlops.figures.graphs import Edge, Graph, Node
from mlops.figures.results import Command, Table, Tried
from mlops.figures.tasks import Scheduled, StreamFigures, TaskFigures
from mlops.figures.trainings import ModelFigures, Training
from mlops.gates import Verdict
from mlops.plan import Change, Plan
from mlops.report.page import Page, Standing, Whence

from .test_cards import CARD

_SCORED = [Scored(percent, 4, percent // 25, percent * 4.0) for percent in range(0, 101, 10)]


def page_of(text: str) -> Page:
    """Everything that comes from an account, from content or from another command says `text`."""
    plan = Table("Plan", ("action", "kind", "name", "why"), (("create", "task", text, text),))
    told = [Table(title, ("property", "old", "new"), ((text, text, text),)) for title in ("Properties", "Clones")]
    cost = Table("Estimated cost, at most", ("change", "statements", "warehouse seconds", "from"), ((text, text, text, text),))
    told.append(Table("Gates", ("model", "and so on"), ((text, text, text, text, text, "0.5", text, f"no: {text}"),)))
    tried = (Tried(text, text, 0.5, text), Tried(text, text, 0.5, None))
    began = datetime(2026, 1, 1, tzinfo=UTC)
    commands = [
        Command(text, text, verb, began, 1.5, 7, (plan, cost, *told), (text,), (text,), tried, (_card(text),))
        for verb in ("plan", "test")
    ]
    graph = Graph((Node("task", text, text), Node("procedure", f"{text} too")), (Edge(0, 1),))
    standing = Standing(
        (_model(text),),
        (Recorded(*("train", "model", text, text, text, text, text), 1, 0.5, text, None, text),),
        (_card(text),),
        text,
        Plan((Change("create", "task", text, text),)),
        (_view(text),),
        Scheduled((TaskFigures(text, "started", text, text, text, (text,)),), (StreamFigures(text, text, False),)),
        graph,
        graph,
    )
    return Page(Whence(*[text] * len(fields(Whence))), tuple(commands), standing, text, text, text)


def _card(text: str) -> Card:
    """Every text of it, also those that nobody has thought of yet, says the same."""
    return from_document(_told(asdict(CARD), text))


def _told(value: object, text: str) -> object:
    if isinstance(value, str):
        return text
    if isinstance(value, dict):
        return {
            text if name in CARD.metrics or name in CARD.parameters else name: _told(one, text) for name, one in value.items()
        }
    return [_told(one, text) for one in value] if isinstance(value, list | tuple) else value


def _view(text: str) -> ViewFigures:
    meaning = _declarable(text)
    view = FeatureView(
        *("F", "V1", ("E",), "SELECT 1", "T", {"A": meaning, "B": meaning, "C": meaning}, f"What {meaning}", ("S.T",))
    )
    numbers = Distribution("A", meaning, "FLOAT", 9, 8, 0.5, 16.5, 4.25, 99, tuple(Bar(f"{n}", n) for n in range(16)))
    words = Distribution("B", meaning, "TEXT", 9, 9, distinct=2, bars=(Bar(text, 8), Bar("", 1)))
    times = Distribution("C", meaning, "TIMESTAMP_NTZ", 9, 9, text, text)
    return ViewFigures(view, 9, (numbers, words, times))


def _declarable(text: str) -> str:
    """Without what a definition refuses in words."""
    return text.replace("'", "").replace("\\", "")


def _model(text: str) -> ModelFigures:
    model = Model(*("M", "T", ("A",), (), Estimator("sklearn.svm.SVC"), 0.3, 1, "P", "O", (), f"What {_declarable(text)}"))
    training = Training("M_V1", "M", text, text, text, text, 70, 44, False, text, {text: 0.123456789, "ROC_AUC": 0.75})
    gate = Verdict("model", "slice", text, None, text, False, text)
    cells = {(0, 0): 10, (0, 1): 12, (1, 0): 2, (1, 1): 20}
    return ModelFigures(model, text, (training,), (gate,), text, cells, make_curves(_SCORED), text)


class Reader(HTMLParser):
    """Elements with their attributes; texts and values of the cells of each table by its caption."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        # The tables below a heading of the third level, such as those of one model.
        self.parts: dict[str, dict[str, list[list[str]]]] = {}
        # By their text, in their order.
        self.headings: list[str] = []
        # Of each heading the words that are listed below it, and how often they come.
        self.listed: dict[str, dict[str, int]] = {}
        self.text = ""
        self._open: list[str] = []
        self._caption: str = ""
        self._value: str | None = None
        self._heading = ""
        self._part = ""
        self._label = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in ("meta", "link"):
            self._open.append(tag)
        if tag in ("h2", "h3"):
            self._part = ""
        if tag in ("h1", "h2", "h3"):
            self.headings.append("")
        if tag == "caption":
            self._caption = ""
        if tag == "tr":
            row: list[str] = []
            self.tables.setdefault(self._caption, []).append(row)
            self.parts.setdefault(self._part, {}).setdefault(self._caption, []).append(row)
        if tag in ("td", "th"):
            self.tables[self._caption][-1].append("")
        if tag == "data":
            self._value = dict(attrs)["value"]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes another element"
        if tag == "data":
            self._value = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if {"h1", "h2", "h3"} & set(self._open):
            self.headings[-1] += data
        if self._open[-1:] == ["h3"]:
            self._part += data
        if self._open[-1:] == ["h4"]:
            self._heading = data.strip()
        if "li" in self._open and self._open[-1] == "span":
            self._label = data
        if "li" in self._open and self._open[-1] == "data":
            self.listed.setdefault(self._heading, {})[self._label] = int(self._value or "")
        if "caption" in self._open:
            self._caption += data
        if "table" in self._open and {"td", "th"} & set(self._open):
            self.tables[self._caption][-1][-1] += self._value or data

    @property
    def attributes(self) -> list[tuple[str, str]]:
        return [pair for _, attributes in self.elements for pair in attributes.items()]

    def rows(self, caption: str, part: str = "") -> list[dict[str, Any]]:
        """By the names of its columns; of the whole page, or below the heading that begins with `part`."""
        below = (tables for heading, tables in self.parts.items() if heading.startswith(part) and caption in tables)
        tables = next(below) if part else self.tables
        heads, *rows = tables[caption]
        return [dict(zip(heads, row, strict=True)) for row in rows]
