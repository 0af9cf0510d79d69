"""The model cards of versions that are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from snowflake.snowpark import Session

from mlops.cards import Card, read_card
from mlops.figures.documents import fetch_documents
from mlops.figures.trainings import ModelFigures
from mlops.names import Schema, literal
from mlops.outputs import MODEL_CARDS


def read_cards(session: Session, home: Schema, models: Sequence[ModelFigures]) -> tuple[Card, ...]:
    """Of the newest version of each model and of the one in use, as far as they have one."""
    wanted = tuple(dict.fromkeys(version for model in models for version in _versions(model)))
    if not wanted:
        return ()
    of_these = " OR ".join(f"(MODEL_NAME = {literal(model)} AND MODEL_VERSION = {literal(version)})" for model, version in wanted)
    rows = fetch_documents(
        session,
        f"SELECT MODEL_NAME, MODEL_VERSION, CARD FROM {(home / MODEL_CARDS.name).sql} WHERE {of_these} "
        "QUALIFY ROW_NUMBER() OVER (PARTITION BY MODEL_NAME, MODEL_VERSION ORDER BY CREATED_AT) = 1",
    )
    found = {(row["MODEL_NAME"], row["MODEL_VERSION"]): read_card(row["CARD"]) for row in rows}
    return tuple(found[version] for version in wanted if version in found)


def _versions(model: ModelFigures) -> Iterator[tuple[str, str]]:
    if model.newest:
        yield model.model.name, model.newest.version
    if model.default:
        yield model.model.name, model.default
