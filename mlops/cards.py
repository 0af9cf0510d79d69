"""What a version of a model is, for those who have to answer for it: one value, written with the version and never changed.

What nobody told is named by `missing`, and no version is kept, or comes into use, without it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import isnan
from typing import Any, TypeVar

from mlops.errors import AccountError
from mlops.gates import Verdict
from mlops.names import Schema
from mlops.outputs import MODEL_CARDS
from mlops.runs import UNKNOWN

# Runs a statement with bound values: in the account, or from outside.
Ask = Callable[[str, Sequence[str]], Sequence[Sequence[Any]]]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Data:
    """The version of a Dataset that it learned from, the query that named its rows, the tables of that, and when it was taken (UTC)."""

    name: str
    version: str
    query: str
    reads: tuple[str, ...]
    taken_at: str
    training_rows: int
    test_rows: int


@dataclass(frozen=True)
class View:
    """A feature view as it stood in the account: NAME/VERSION, the hash of its definition, the commit, and the tables that it reads."""

    name: str
    definition: str
    commit: str
    reads: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """Where the code that trained it is from."""

    commit: str
    repository: str
    branch: str


@dataclass(frozen=True)
class Lock:
    """The packages that were installed where it was trained, as `name==version`; `digest` is the SHA-256 of those lines."""

    python: str
    packages: tuple[str, ...]
    digest: str


@dataclass(frozen=True)
class Trained:
    """The run that asked for it, and who let it: names, when and in which words, or why nobody had to."""

    id: str
    url: str
    requested_by: str
    approved_by: str
    reason: str


@dataclass(frozen=True)
class Card:
    """`champion` is the version that it had to stand up to; `upstream` are the objects that it was made of, by full names."""

    model: str
    version: str
    definition: str
    algorithm: str
    parameters: Mapping[str, float | str | bool | None]
    data: Data
    views: tuple[View, ...]
    code: Code
    lock: Lock
    metrics: Mapping[str, float]
    gates: tuple[Verdict, ...]
    run: Trained
    champion: str
    upstream: tuple[str, ...]


_PARTS: dict[str, type[Any]] = {"data": Data, "code": Code, "lock": Lock, "run": Trained}
_LISTS: dict[str, type[Any]] = {"views": View, "gates": Verdict}


def missing(card: Card) -> tuple[str, ...]:
    return tuple(_missing(card, ""))


def judge_card(model: str, version: str, card: Card | None) -> Verdict:
    lacking = missing(card) if card else ("every field",)
    named = ", ".join(lacking) or "nothing"
    sentence = f"The model card of {model} {version} lacks {named}: no version is kept, or comes into use, without a whole card."
    return Verdict("model", "card", "missing fields", len(lacking), "<= 0", not lacking, sentence)


def to_text(card: Card) -> str:
    return json.dumps(asdict(card), sort_keys=True)


def from_document(values: object) -> Card:
    """What it does not hold is missing from the card."""
    return _build(Card, values)


def stored_card(ask: Ask, home: Schema, model: str, version: str) -> Card | None:
    rows = ask(
        f"SELECT CARD FROM {(home / MODEL_CARDS.name).sql} WHERE MODEL_NAME = ? AND MODEL_VERSION = ? ORDER BY CREATED_AT LIMIT 1",
        (model, version),
    )
    return read_card(rows[0][0]) if rows else None


def read_card(text: str) -> Card:
    try:
        return from_document(json.loads(text))
    except ValueError as error:
        raise AccountError(f"A row of {MODEL_CARDS.name} holds no model card: somebody has changed it by hand.") from error


def insert_card(home: Schema) -> str:
    """To be bound: run, model, version, card. A version has one card, and that stays as it is."""
    table = (home / MODEL_CARDS.name).sql
    return f"INSERT INTO {table} SELECT ?, ?, ?, ?, SYSDATE()"


def _missing(value: object, path: str) -> Iterator[str]:
    if isinstance(value, Card | Data | View | Code | Lock | Trained):
        for one in fields(value):
            yield from _missing(getattr(value, one.name), f"{path}.{one.name}".lstrip("."))
    elif not _is_told(value):
        yield path
    elif isinstance(value, Mapping):
        # A parameter may be None; what is no number is no metric.
        yield from (f"{path}.{name}" for name, one in value.items() if isinstance(one, float) and isnan(one))
    elif isinstance(value, tuple) and isinstance(value[0], View):
        for number, one in enumerate(value):
            yield from _missing(one, f"{path}[{number}]")


def _is_told(value: object) -> bool:
    return value.strip() not in UNKNOWN if isinstance(value, str) else value not in (None, (), {})


def _build(kind: type[_T], values: object) -> _T:
    given = values if isinstance(values, Mapping) else {}
    return kind(**{one.name: _field(one.name, given.get(one.name)) for one in fields(kind)})  # type: ignore[arg-type]


def _field(name: str, value: Any) -> Any:
    if name in _PARTS:
        return _build(_PARTS[name], value)
    if name in _LISTS:
        return tuple(_build(_LISTS[name], one) for one in value) if isinstance(value, list | tuple) else ()
    return tuple(value) if isinstance(value, list) else value
