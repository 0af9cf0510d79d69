"""What the verbs have in common that move a model's default version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mlops.apply.target import Target
from mlops.apply.versions import Versions
from mlops.cards import Card
from mlops.facts import require_ready
from mlops.gates import Verdict, to_rows
from mlops.production import require_word
from mlops.report.card import card_section
from mlops.report.result import Case, Report, Section
from mlops.session import named_connections, open_session
from mlops.settings import read_settings
from mlops.verbs.gates import gates_section
from mlops.verbs.request import Request


@contextmanager
def open_target(request: Request) -> Iterator[Target]:
    settings = read_settings(request.environ, named_connections)
    # Before anything is opened: a model that is not declared needs no account to be refused.
    definitions, _ = request.definitions, request.model
    with open_session(settings) as session:
        require_ready(session, settings)
        require_word(session, settings, given=request.production)
        target = Target(session, settings, definitions, request.code)
        target.prepare()
        yield target


def moved(
    title: str, versions: Versions, version: str, card: Card | None, *before: Section, warnings: tuple[str, ...] = ()
) -> Report:
    told = "the default version already" if version == versions.default else "the default version now"
    row = (versions.model, versions.default, version, told)
    section = Section("Default version", ("model", "before", "after", "result"), (row,))
    cards = (card,) if card else ()
    told_of = (card_section(cards),) if cards else ()
    return Report(
        title, (*before, section, *told_of), (Case(title.lower(), f"{versions.model} {version}"),), warnings, cards=cards
    )


def verdict_section(model: str, version: str, verdicts: Sequence[Verdict]) -> Section:
    return gates_section([(model, version, *row) for row in to_rows(verdicts)])
