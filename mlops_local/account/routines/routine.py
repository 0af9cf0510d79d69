"""A function or procedure as it was declared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.syntax.types import parse_type

_SHORT = {"FIXED": "NUMBER", "TEXT": "VARCHAR", "REAL": "FLOAT"}


@dataclass(frozen=True)
class Argument:
    """``type`` as SQL prints it; ``default`` is SQL text, None when the caller must give a value."""

    name: str
    type: str
    default: str | None = None


@dataclass(frozen=True)
class Routine:
    """A function or procedure as it was declared. ``table`` holds the columns of a RETURNS TABLE, else None."""

    name: str
    arguments: tuple[Argument, ...]
    returns: str
    table: tuple[Argument, ...] | None = None
    language: str = "SQL"
    body: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def signature(self) -> str:
        return signature(self.name, [argument.type for argument in self.arguments])

    def stored(self) -> dict[str, Any]:
        return {
            "BASE": self.name,
            "ARGUMENTS": [[argument.name, argument.type, argument.default] for argument in self.arguments],
            "RETURNS": self.returns,
            "TABLE": None if self.table is None else [[column.name, column.type] for column in self.table],
            "LANGUAGE": self.language,
            "BODY": self.body,
            **self.options,
        }

    @staticmethod
    def of(entry: Entry) -> Routine:
        kept = dict(entry.properties)
        table = kept.pop("TABLE", None)
        return Routine(
            name=kept.pop("BASE"),
            arguments=tuple(Argument(*argument) for argument in kept.pop("ARGUMENTS")),
            returns=kept.pop("RETURNS"),
            table=None if table is None else tuple(Argument(*column) for column in table),
            language=kept.pop("LANGUAGE"),
            body=kept.pop("BODY"),
            options=kept,
        )


def signature(name: str, types: Sequence[str]) -> str:
    """``READ_CRITERIA(VARCHAR)``: the name by which overloads are told apart."""
    return f"{name}({', '.join(short_type(type_) for type_ in types)})"


def short_type(type_: str) -> str:
    name = parse_type(type_).name
    return _SHORT.get(name, name)
