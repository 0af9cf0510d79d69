"""One page that needs nothing beside itself: no network, no script. Whatever an account answers is text in it.

https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mlops.cards import Card
from mlops.figures.changes import Recorded
from mlops.figures.distributions import ViewFigures
from mlops.figures.graphs import Graph
from mlops.figures.results import Command, Planned, Table, Tried, judged, planned
from mlops.figures.tasks import Scheduled
from mlops.figures.trainings import ModelFigures
from mlops.gates import Verdict
from mlops.plan import Plan
from mlops.report.card import card_report
from mlops.report.charts import SIDE, columns, lanes, polyline
from mlops.report.layout import draw
from mlops.report.outcome import Outcome, judge_run


@dataclass(frozen=True)
class Whence:
    """Where the figures are from, and of which run the page is. What nobody told is empty."""

    account: str = ""
    database: str = ""
    schema: str = ""
    run: str = ""
    commit: str = ""
    made: str = ""
    branch: str = ""
    requested_by: str = ""
    environment: str = ""
    url: str = ""


@dataclass(frozen=True)
class Standing:
    """What the account says by now. What was not asked, because the run was not about it, is None."""

    models: tuple[ModelFigures, ...] = ()
    changes: tuple[Recorded, ...] = ()
    cards: tuple[Card, ...] = ()
    approved_by: str = ""
    plan: Plan | None = None
    views: tuple[ViewFigures, ...] | None = None
    scheduled: Scheduled | None = None
    lineage: Graph | None = None
    tasks: Graph | None = None


@dataclass(frozen=True)
class Page:
    """`stage` is the one that the page is made in, `job_status` how its job goes, and `unread` why the account could not be asked."""

    whence: Whence
    commands: tuple[Command, ...] = ()
    account: Standing | None = None
    stage: str = ""
    job_status: str = ""
    unread: str = ""

    @property
    def title(self) -> str:
        place = ".".join(part for part in (self.whence.database, self.whence.schema) if part)
        return f"Machine learning in {place}" if place else "Machine learning"

    @property
    def planned(self) -> tuple[Planned, ...]:
        return planned(self.commands)

    @property
    def shows_plan(self) -> bool:
        """Whether the plan is what the page is for."""
        return any(one.verb == "plan" for one in self.commands if one.stage == self.stage)

    @property
    def own_changes(self) -> tuple[Recorded, ...]:
        return tuple(one for one in self.account.changes if one.run == self.whence.run) if self.account else ()

    @property
    def moves(self) -> tuple[Recorded, ...]:
        return tuple(one for one in self.own_changes if one.moves)

    @property
    def judged(self) -> dict[str, tuple[Verdict, ...]]:
        """What gates said at the last training of each model; without an account, what they said in this run."""
        if not self.account:
            return judged(self.commands)
        return {f"{one.model.name}, run {one.gated_run}": one.gates for one in self.models if one.gates}

    @property
    def gates(self) -> tuple[Verdict, ...]:
        return tuple(gate for verdicts in self.judged.values() for gate in verdicts)

    @property
    def tests(self) -> tuple[Tried, ...]:
        """What failed comes first."""
        found = [case for command in self.commands if command.verb == "test" for case in command.cases]
        return tuple(sorted(found, key=lambda case: case.failure is None))

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(sentence for command in self.commands for sentence in command.warnings))

    @property
    def failures(self) -> tuple[str, ...]:
        """Each once: a gate's sentence is told by the command and by the account."""
        told = [sentence for command in self.commands for sentence in command.failures]
        unread = [self.unread] if self.unread else []
        return tuple(dict.fromkeys((*told, *unread, *self._broken)))

    @property
    def cards(self) -> tuple[Card, ...]:
        """Of the versions that are in use or new: as the account has them, and as commands told where it was a clone."""
        kept = self.account.cards if self.account else ()
        told = {(card.model, card.version): card for command in self.commands for card in command.cards}
        return tuple((told | {(card.model, card.version): card for card in kept}).values())

    @property
    def _broken(self) -> tuple[str, ...]:
        return tuple(gate.sentence for gate in self.gates if not gate.passed)

    @cached_property
    def outcome(self) -> Outcome:
        left = len(self.account.plan.pending) if self.account and self.account.plan else 0
        return judge_run(
            self.commands,
            self.stage,
            job_status=self.job_status,
            unread=self.unread,
            broken=self._broken,
            left=left,
            made=len(self.own_changes) if self.account else None,
        )

    def told(self, *titles: str) -> tuple[tuple[Command, Table], ...]:
        """The tables of these titles, with the commands that told them."""
        return tuple((command, table) for command in self.commands for table in command.tables if table.title in titles)

    def in_use(self, card: Card) -> bool:
        return any(found.model.name == card.model and found.default == card.version for found in self.models)

    @property
    def used(self) -> tuple[str, ...]:
        return tuple(f"{found.model.name} {found.default}" for found in self.models if found.default)

    @property
    def models(self) -> tuple[ModelFigures, ...]:
        return self.account.models if self.account else ()


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


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("mlops.report", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"columns": columns, "lanes": lanes, "draw": draw, "polyline": polyline, "side": SIDE}
    environment.globals["card_report"] = card_report
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
