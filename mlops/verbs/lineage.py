"""From a score, a run or a version back to the commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from snowflake.snowpark import Session

from mlops.errors import AccountError
from mlops.facts import require_ready
from mlops.lineage.node import Node, walk
from mlops.lineage.now import default_of, look
from mlops.lineage.question import Question, parse, scored
from mlops.lineage.read import Score, Training, read_moves, read_scores, read_training
from mlops.lineage.tree import card_of, find_changes, grow
from mlops.outputs import LEDGER, MODEL_CARDS, PIPELINE_RUNS, TRAINING_RUNS
from mlops.report.result import Case, Report, Section
from mlops.session import named_connections, open_session
from mlops.settings import Settings, read_settings
from mlops.state import has_table
from mlops.verbs.request import Request

_NEEDED = (TRAINING_RUNS.name, MODEL_CARDS.name, PIPELINE_RUNS.name, LEDGER.name)


def run(request: Request) -> Report:
    settings = read_settings(request.environ, named_connections)
    question = parse(request.name or "", request.row)
    place = scored(request.definitions, question) if question.row else None
    with open_session(settings) as session:
        require_ready(session, settings)
        _require_tables(session, settings, (*_NEEDED, *([place.table] if place else [])))
        scores: list[Score] = []
        if place:
            scores, training = read_scores(session, settings.home, question, place)
        else:
            training = _find(session, settings, question)
        moves = read_moves(session, settings.home, training)
        now = look(session, settings, card_of(training), elsewhere=training.elsewhere is not None)
    return _report(training, grow(question, scores, training, moves, now), tuple(find_changes(card_of(training), now)))


def _find(session: Session, settings: Settings, question: Question) -> Training:
    """A model alone stands for its default version; what is no model is a run."""
    if question.version is None and (default := default_of(session, settings, question.name)):
        question = replace(question, version=default)
    return read_training(session, settings.home, question)


def _require_tables(session: Session, settings: Settings, names: Sequence[str]) -> None:
    if missing := [name for name in names if not has_table(session, settings.home, name)]:
        raise AccountError(
            f"Nothing is known of any training here: there is no table {' and no '.join(missing)}. Apply the models first."
        )


def _report(training: Training, tree: Node, warnings: tuple[str, ...]) -> Report:
    rows = tuple((f"{'- ' * depth}{node.kind}", node.name, node.told) for depth, node in walk(tree))
    card = card_of(training)
    return Report(
        f"Lineage of {card.model} {card.version}",
        (Section("Lineage", ("what", "name", "told"), rows),),
        (Case("lineage", f"{card.model} {card.version}"),),
        warnings,
        document={"lineage": asdict(tree), "card": asdict(card), "warnings": list(warnings)},
        cards=(card,),
    )
