"""What is asked about: a row of predictions, a run, a version, or a model, which stands for its default version. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mlops.collect import Definitions
from mlops.definitions import Model
from mlops.errors import AccountError
from mlops.names import resolve


@dataclass(frozen=True)
class Question:
    """`name` is a model, or a run; `version` of a model may be left out; `row` gives the value of each key of the prediction."""

    name: str
    version: str | None = None
    row: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        name = f"{self.name}/{self.version}" if self.version else self.name
        return " ".join((name, *(f"{key}={value}" for key, value in self.row.items())))


@dataclass(frozen=True)
class Scored:
    """Where the predictions of a model are, and what names a row of them."""

    table: str
    keys: tuple[str, ...]


def parse(about: str, row: Sequence[str]) -> Question:
    """`MODEL`, `MODEL/VERSION` or a run, and for a row of predictions each of its keys as `KEY=VALUE`."""
    name, _, version = about.partition("/")
    pairs = [text.partition("=") for text in row]
    for text, (key, equals, _value) in zip(row, pairs, strict=True):
        if not equals or not key:
            raise AccountError(f"{text} names no key of a row: write KEY=VALUE, as in PATIENT_ID=P00001.")
    return Question(resolve(name), resolve(version) if version else None, {resolve(key): value for key, _, value in pairs})


def scored(definitions: Definitions, question: Question) -> Scored:
    """A row is found by all of its keys, so only a model that is declared here knows its rows."""
    model: Model = definitions.model(question.name)
    keys = definitions.training_set(model).keys
    if set(question.row) != set(keys):
        raise AccountError(
            f"A row of {model.predictions} is named by {' and '.join(keys)}, not by {', '.join(question.row)}: "
            f"give {' '.join(f'{key}=...' for key in keys)}."
        )
    return Scored(model.predictions, keys)
