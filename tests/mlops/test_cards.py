"""A model card that lacks a field says which, whatever field it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from mlops.cards import Card, Code, Data, Lock, Trained, View, from_document, judge_card, missing, read_card, to_text
from mlops.errors import AccountError
from mlops.gates import Verdict
from mlops.report.card import card_report
from mlops.report.markdown import to_markdown

CARD = Card(
    model="GUESS",
    version="V2",
    definition="abc",
    algorithm="sklearn.svm.SVC",
    parameters={"gamma": None, "seed": 1},
    data=Data("D.ML.SEEN", "V2", "SELECT 1", ("D.SOURCE.SEEN",), "2026-01-01T00:00:00+00:00", 70, 30),
    views=(View("AGE/V1", "def", "c0ffee", ("D.SOURCE.PERSONS",)),),
    code=Code("c0ffee", "ours", "refs/heads/main"),
    lock=Lock("3.11.7", ("pandas==2.0",), "d1"),
    metrics={"ROC_AUC": 0.7},
    gates=(Verdict("data", "schema", "AGE", None, "a number", True, "x"),),
    run=Trained("17", "https://dev.azure.com/x", "Ada", "nobody: no environment", "news"),
    champion="V1",
    upstream=("D.SOURCE.SEEN", "D.ML.SEEN/V2"),
)
NESTED = ("data", "code", "lock", "run")


def places(values: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Each field with the mapping that holds it."""
    for name, value in values.items():
        inner = value if name in NESTED else value[0] if name == "views" else None
        if inner is None:
            yield name, values, name
        else:
            yield from ((f"{name}{'[0]' if name == 'views' else ''}.{key}", inner, key) for key in inner)


FIELDS = [path for path, *_ in places(asdict(CARD))]


def test_a_whole_card_lacks_nothing_and_comes_back_as_it_was_written() -> None:
    assert len(FIELDS) == 31
    assert missing(CARD) == ()
    assert read_card(to_text(CARD)) == CARD
    assert judge_card("GUESS", "V2", CARD).passed


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("nothing", [None, "", "unknown", []], ids=["none", "empty", "unknown", "no-items"])
def test_without_a_field_it_is_no_card(field: str, nothing: object) -> None:
    values = asdict(CARD)
    ((holder, key),) = [(holder, key) for path, holder, key in places(values) if path == field]
    holder[key] = nothing
    verdict = judge_card("GUESS", "V2", from_document(values))
    assert not verdict.passed
    assert f"The model card of GUESS V2 lacks {field}:" in verdict.sentence
    # As when a row was written without it.
    del holder[key]
    assert missing(from_document(values)) == (field,)
    assert "None" not in to_markdown(card_report(from_document(values))).replace("gamma=None", "")


@pytest.mark.parametrize("name", [*NESTED, "views"])
def test_without_a_part_it_lacks_all_of_it(name: str) -> None:
    values = asdict(CARD)
    del values[name]
    assert {path.partition(".")[0] for path in missing(from_document(values))} == {name}


def test_a_metric_that_is_no_number_is_missing() -> None:
    assert missing(from_document({**asdict(CARD), "metrics": {"ROC_AUC": float("nan")}})) == ("metrics.ROC_AUC",)


def test_what_was_never_a_card_is_refused() -> None:
    assert "lacks every field" in judge_card("GUESS", "V2", None).sentence
    assert missing(read_card("[]"))
    with pytest.raises(AccountError, match="holds no model card"):
        read_card("{")


def test_for_people_it_has_every_value() -> None:
    page = to_markdown(card_report(CARD))
    told = [value for _, holder, key in places(json.loads(to_text(CARD))) if isinstance(value := holder[key], str)]
    assert [value for value in told if value not in page] == []
