"""The page of the report: it is whole, escapes all that it is told, loads nothing, and can be read without eyes."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops.figures.curves import Scored, make_curves
from mlops.figures.distributions import Distribution
from mlops.figures.graphs import Edge, Graph, Node
from mlops.figures.results import planned, read_commands
from mlops.figures.tasks import Scheduled
from mlops.plan import Plan
from mlops.report.layout import draw
from mlops.report.page import Page, Standing, Whence, to_html
from mlops.report.publish import Places, publish
from mlops.report.result import Report, Section

from .page_of import Reader, page_of

EVIL = "</title></style></svg><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&{{ 7 * 7 }}"
GRAPH = Graph((), ())
NOTHING = Page(Whence(), (), Standing(plan=Plan(()), views=(), scheduled=Scheduled((), ()), lineage=GRAPH, tasks=GRAPH))
PARTS = ("stages", "plan", "tests", "gates", "models", "cards", "features", "lineage", "tasks")


@pytest.fixture(scope="module")
def html() -> str:
    return to_html(page_of(EVIL))


def test_whatever_is_told_is_text(html: str) -> None:
    reader = Reader(html)
    names = {name for name, _ in reader.elements}
    assert not names & {"script", "img", "iframe", "object", "form"}
    assert not [name for name, _ in reader.attributes if name.startswith("on") or name == "style"]
    assert "alert(1)" in html
    assert "<script" not in html
    assert "{{ 7 * 7 }}" in html
    assert reader.rows("Tasks, as the account has them")[0]["name"] == EVIL
    (shown,) = [rows for caption, rows in reader.tables.items() if caption.startswith("Model card of ")]
    assert {EVIL} <= {value for _, value in shown}


@pytest.mark.parametrize(
    ("page", "left_out"),
    [
        (page_of("plain"), ()),
        (NOTHING, ("tests", "cards")),
        (replace(page_of("plain"), account=None), ("models", "features", "lineage", "tasks")),
        (Page(Whence()), ("tests", "gates", "models", "cards", "features", "lineage", "tasks")),
    ],
    ids=["full", "empty", "without an account", "without anything"],
)
def test_every_element_is_closed_and_every_link_leads_to_a_part_that_is_there(page: Page, left_out: tuple[str, ...]) -> None:
    reader = Reader(to_html(page))
    ids = [value for name, value in reader.attributes if name == "id"]
    assert len(set(ids)) == len(ids)
    links = [attributes["href"] for name, attributes in reader.elements if name == "a"]
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert [id for id in ids if id in PARTS] == [part for part in PARTS if part not in left_out]
    levels = [int(name[1]) for name, _ in reader.elements if re.fullmatch(r"h\d", name)]
    assert levels[:2] == [1, 2]
    assert all(below - above <= 1 for above, below in pairwise(levels))


def test_nothing_is_loaded(html: str) -> None:
    assert not re.search(r"https?:|//\w|@import|url\((?!#)", html)
    sources = {value for name, value in Reader(html).attributes if name in ("src", "href") and not value.startswith("#")}
    assert sources == {"data:,"}
    policy = Reader(html).elements[3][1]["content"]
    style = html.partition("<style>")[2].partition("</style>")[0]
    assert f"style-src 'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none'; ")


def test_it_can_be_read_without_eyes(html: str) -> None:
    reader = Reader(html)
    assert ("html", {"lang": "en"}) in reader.elements
    for name, attributes in reader.elements:
        assert name != "svg" or attributes.get("aria-hidden") == "true" or attributes["aria-label"]
        assert name != "th" or attributes["scope"] in ("row", "col")
        assert attributes.get("role") != "region" or (attributes["aria-label"] and attributes["tabindex"] == "0")
    assert sum(name == "table" for name, _ in reader.elements) == html.count("<caption>")


@settings(max_examples=8)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_figures_keep_all_of_their_digits_whatever_stands_beside_them(text: str) -> None:
    (row,) = [row for row in Reader(to_html(page_of(text))).tables["Metrics on the rows that were held out"] if row[0] == text]
    assert row[1] == "0.123456789"


def test_commands_are_read_from_what_they_published_and_nothing_else_is(tmp_path: Path) -> None:
    sections = (
        Section(
            "Plan", ("action", "kind", "name", "why"), (("create", "task", "T", "new"), ("none", "task", "U", "as declared"))
        ),
        Section("Done", ("action", "kind", "name", "result", "seconds"), (("create", "task", "T", "resumed", "0.5"),)),
    )
    late, early = (Report("Apply", sections, began=f"2026-01-01T00:0{minute}:00+00:00", seconds=2) for minute in (2, 1))
    publish(late, Places(json=tmp_path / "report-Second.1" / "apply.json"))
    publish(early, Places(json=tmp_path / "report-First.1" / "apply.json"))
    for name, text in {"half.json": "{", "apply.plan.json": "{}", "list.json": "[1]", "other.txt": ""}.items():
        (tmp_path / "report-First.1" / name).write_text(text)
    commands = read_commands(tmp_path)
    assert [(one.stage, one.name, one.seconds) for one in commands] == [("First", "apply", 2.0), ("Second", "apply", 2.0)]
    assert [(one.stage, one.name, one.result, one.seconds) for one in planned(commands[:1])] == [("First", "T", "resumed", "0.5")]
    assert read_commands(None) == ()


def test_of_several_attempts_at_a_stage_the_last_one_counts(tmp_path: Path) -> None:
    for attempt, minute in {1: 9, 2: 1, 10: 2}.items():
        told = Report("Apply", (), began=f"2026-01-01T00:0{minute}:00+00:00", seconds=attempt)
        publish(told, Places(json=tmp_path / f"report-First.{attempt}" / "apply.json"))
    publish(told, Places(json=tmp_path / "report-Second.1" / "apply.json"))
    assert sorted((one.stage, one.seconds) for one in read_commands(tmp_path)) == [("First", 10.0), ("Second", 10.0)]


@pytest.mark.parametrize(
    ("kind", "known", "distinct", "shown"),
    [
        ("TEXT", 9, 9, True),
        ("TEXT", 1000, 100, True),
        ("TEXT", 1000, 101, False),
        ("BOOLEAN", 1000, 2, True),
        ("NUMBER", 20, 13, True),
        ("NUMBER", 0, 0, False),
        ("TIMESTAMP_NTZ", 1000, 2, False),
        ("VARIANT", 1000, 2, False),
    ],
)
def test_values_are_shown_unless_each_would_tell_of_its_own_row(kind: str, known: int, distinct: int, shown: bool) -> None:
    found = Distribution("F", "what it is", kind, known, known, least=0.0, greatest=9.0, distinct=distinct)
    assert found.is_counted is shown


SCORED = st.lists(st.tuples(st.integers(0, 100), st.booleans()), min_size=1, max_size=60)


@given(SCORED)
def test_curves_count_every_row_once(rows: list[tuple[int, bool]]) -> None:
    scored = [
        Scored(percent, len(same), sum(same), float(percent * len(same)))
        for percent in {percent for percent, _ in rows}
        if (same := [positive for other, positive in rows if other == percent])
    ]
    curves = make_curves(scored)
    positives = sum(positive for _, positive in rows)
    if not 0 < positives < len(rows):
        assert curves is None
        return
    assert curves is not None
    assert (curves.positives, curves.negatives) == (positives, len(rows) - positives)
    for one in curves.thresholds:
        reached = [positive for percent, positive in rows if percent >= one.percent]
        assert (one.true_positives, one.false_positives) == (sum(reached), len(reached) - sum(reached))
    assert curves.roc[0] == (0, 0)
    assert curves.roc[-1] == (1, 1)
    assert sum(one.rows for one in curves.calibration) == len(rows)
    assert sum(one.said * one.rows for one in curves.calibration) == pytest.approx(sum(percent for percent, _ in rows) / 100)


@given(
    st.integers(1, 8).flatmap(lambda size: st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=12))
)
def test_boxes_never_overlap_and_what_follows_stands_behind(pairs: list[tuple[int, int]]) -> None:
    size = max((max(pair) for pair in pairs), default=0) + 1
    forward = tuple(Edge(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1])
    drawing = draw(Graph(tuple(Node("task", f"T{number}") for number in range(size)), forward))
    for number, box in enumerate(drawing.boxes):
        assert 0 <= box.x <= drawing.width - box.width
        assert 0 <= box.y <= drawing.height - box.height
        for other in drawing.boxes[:number]:
            assert abs(box.x - other.x) >= box.width or abs(box.y - other.y) >= box.height
    assert all(drawing.boxes[edge.start].x < drawing.boxes[edge.end].x for edge in forward)


def test_a_circle_is_drawn_and_ends() -> None:
    drawing = draw(Graph((Node("task", "A"), Node("task", "B" * 60)), (Edge(0, 1), Edge(1, 0))))
    assert len(drawing.paths) == 2
    assert drawing.boxes[1].short.endswith("…")
