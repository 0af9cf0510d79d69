"""What may be asked about, and what is no longer as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlops.collect import collect
from mlops.errors import AccountError
from mlops.lineage.question import Question, parse, scored
from mlops.lineage.tree import Now, find_changes

from .content import write_content
from .test_cards import CARD

NOW = Now("V2", ["V1", "V2"], ["V2"], {"AGE/V1": "def"})


@pytest.mark.parametrize(
    ("about", "row", "question"),
    [
        ("GUESS", [], Question("GUESS")),
        ("guess/v2", [], Question("GUESS", "V2")),
        ("GUESS_V2", [], Question("GUESS_V2")),
        ("GUESS/V2", ["id=a=b"], Question("GUESS", "V2", {"ID": "a=b"})),
    ],
)
def test_what_is_asked_about(about: str, row: list[str], question: Question) -> None:
    assert parse(about, row) == question


@pytest.mark.parametrize("text", ["P1", "=P1"])
def test_a_row_is_named_by_keys(text: str) -> None:
    with pytest.raises(AccountError, match="names no key of a row"):
        parse("GUESS", [text])


def test_a_row_is_named_by_all_keys_of_its_model(tmp_path: Path) -> None:
    definitions = collect(write_content(tmp_path))
    assert scored(definitions, parse("GUESS", ["ID=1"])).keys == ("ID",)
    with pytest.raises(AccountError, match="A row of SAID is named by ID, not by AGE: give ID="):
        scored(definitions, parse("GUESS", ["AGE=1"]))


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (NOW, []),
        (replace(NOW, versions=["V1"]), ["Version V2 of model GUESS is no longer in the registry."]),
        (replace(NOW, datasets=[]), ["Version V2 of dataset D.ML.SEEN is no longer there."]),
        (replace(NOW, views={}), ["Feature view AGE/V1 is no longer there."]),
        (
            replace(NOW, views={"AGE/V1": "fed"}),
            ["Feature view AGE/V1 is another one by now: definition fed, and def when it was read."],
        ),
    ],
    ids=["as it was", "version", "dataset", "view", "definition"],
)
def test_what_is_no_longer_as_it_was_is_told(now: Now, says: list[str]) -> None:
    assert list(find_changes(CARD, now)) == says
