"""A definition as plain values, as the ledger keeps them, and what differs between two of them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from difflib import ndiff

from mlops.collect import Definitions
from mlops.definitions import Definition, Procedure, TrainingSet, key
from mlops.fingerprint import essence, parts, source

Properties = Mapping[str, object]

# What stands for the position in a list of values that have names of their own.
_NAMES = ("name", "metric", "column")


@dataclass(frozen=True)
class Difference:
    """`old` and `new` are None where a property was not there before, or is there no longer."""

    property: str
    old: str | None
    new: str | None


def properties_of(definitions: Definitions, definition: Definition, *, code: str = "") -> Properties:
    """All that the definition's hash is made from. A training set stands within the model that learns from it."""
    found: dict[str, object] = asdict(definition)
    if digest := source(definitions, definition):
        found["source"] = digest
    if isinstance(definition, Procedure):
        found["code"] = code
    for part in parts(definitions, definition):
        found[" ".join(key(part))] = (
            properties_of(definitions, part) if isinstance(part, TrainingSet) else essence(definitions, part)
        )
    plain: Properties = json.loads(json.dumps(found, default=str))
    return plain


def differences(old: Properties, new: Properties) -> tuple[Difference, ...]:
    before, after = dict(_flatten(old)), dict(_flatten(new))
    names = dict.fromkeys((*after, *before))
    return tuple(Difference(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name))


def shorten(difference: Difference) -> tuple[str, str]:
    """Old and new as a table shows them: of long texts, the lines that differ."""
    old, new = difference.old or "", difference.new or ""
    if "\n" not in old + new:
        return _cut(old), _cut(new)
    changed = [line for line in ndiff(_lines(old), _lines(new)) if line[:1] in "-+"]
    return _cut(_joined(changed, "-")), _cut(_joined(changed, "+"))


def _flatten(values: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(values, Mapping):
        for name, value in values.items():
            yield from _flatten(value, f"{path}.{name}" if path else name)
    elif isinstance(values, list) and any(isinstance(value, Mapping) for value in values):
        for position, value in enumerate(values):
            yield from _flatten(value, f"{path}[{_position(value, position)}]")
    elif values is not None and values not in ([], {}):
        yield path, ", ".join(map(str, values)) if isinstance(values, list) else str(values)


def _position(value: object, position: int) -> object:
    named = [value[name] for name in _NAMES if isinstance(value, Mapping) and name in value]
    return named[0] if named else position


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def _joined(changed: list[str], side: str) -> str:
    return " / ".join(line[2:] for line in changed if line.startswith(side))


def _cut(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:197]}..."
