"""One page that needs nothing beside itself: no network, no script. Whatever an account answers is text in it.

https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mlops.figures.changes import Recorded
from mlops.figures.distributions import ViewFigures
from mlops.figures.graphs import Graph
from mlops.figures.results import Command, Planned, planned
from mlops.figures.tasks import Scheduled
from mlops.figures.trainings import ModelFigures
from mlops.gates import Verdict
from mlops.plan import Plan
from mlops.report.charts import SIDE, columns, lanes, polyline
from mlops.report.layout import draw


@dataclass(frozen=True)
class Whence:
    """Where the figures are from, and of which run the page is."""

    account: str
    database: str
    schema: str
    run: str
    commit: str
    made: str


@dataclass(frozen=True)
class Page:
    whence: Whence
    commands: tuple[Command, ...]
    plan: Plan
    changes: tuple[Recorded, ...]
    views: tuple[ViewFigures, ...]
    models: tuple[ModelFigures, ...]
    scheduled: Scheduled
    lineage: Graph
    tasks: Graph

    @property
    def planned(self) -> tuple[Planned, ...]:
        return planned(self.commands)

    @property
    def own_changes(self) -> tuple[Recorded, ...]:
        return tuple(one for one in self.changes if one.run == self.whence.run)

    @property
    def gates(self) -> tuple[Verdict, ...]:
        return tuple(gate for model in self.models for gate in model.gates)

    @property
    def failures(self) -> tuple[str, ...]:
        """Each once: a gate's sentence is told by the command and by the account."""
        told = [sentence for command in self.commands for sentence in command.failures]
        gates = [gate.sentence for gate in self.gates if not gate.passed]
        return tuple(dict.fromkeys((*told, *gates)))


def write_page(page: Page, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    part.write_text(to_html(page), encoding="utf-8")
    # Whoever opens the page has all of it, the one before or this one.
    part.replace(file)


def to_html(page: Page) -> str:
    environment = _environment()
    style = environment.get_template("style.css").render()
    shown = environment.get_template("page.html")
    return shown.render(page=page, style=Markup(style), digest=_digest(style))  # noqa: S704 - it is a file of ours


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("mlops.report", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"columns": columns, "lanes": lanes, "draw": draw, "polyline": polyline, "side": SIDE}
    environment.filters |= {"number": to_number, "share": to_share, "words": to_words}
    return environment


def to_number(value: float | str | None) -> str:
    """Whole ones whole, others with four digits."""
    if value is None or isinstance(value, str):
        return value or ""
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:,.4g}"


def to_share(value: float) -> str:
    return f"{value:.1%}"


def to_words(values: Sequence[str]) -> str:
    return ", ".join(values)


def _digest(style: str) -> str:
    """By which the page's policy knows its one style sheet."""
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
