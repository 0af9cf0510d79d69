"""(what is wanted, what is there) -> what is to be done. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from mlops.definitions import WITHOUT_OBJECT, Definition, describe, key
from mlops.errors import AccountError

Key = tuple[str, str]
Action = Literal["create", "change", "none", "retired"]


@dataclass(frozen=True)
class Desired:
    definition: Definition
    hash: str


@dataclass(frozen=True)
class Existing:
    """`hash` is None for an object that carries no record; `fault` says what keeps a recorded one from being whole."""

    kind: str
    name: str
    hash: str | None
    fault: str | None = None


@dataclass(frozen=True)
class Change:
    action: Action
    kind: str
    name: str
    reason: str
    desired: Desired | None = None


@dataclass(frozen=True)
class Plan:
    changes: tuple[Change, ...]

    @property
    def pending(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.action in ("create", "change"))


def make_plan(desired: Sequence[Desired], existing: Iterable[Existing], *, declared: Collection[Key]) -> Plan:
    """`desired` may be a part of what is `declared`: what another family declares is not retired."""
    there = {(one.kind, one.name): one for one in existing}
    kinds = {one.definition.kind for one in desired}
    changes = [_compare(one, there.get(key(one.definition))) for one in desired if one.definition.kind not in WITHOUT_OBJECT]
    retired = [
        Change("retired", one.kind, one.name, "made by this pipeline, no longer declared; left as it is")
        for one in there.values()
        if one.hash and one.kind in kinds and (one.kind, one.name) not in declared
    ]
    return Plan((*changes, *retired))


def check_requirements(desired: Sequence[Desired], existing: Iterable[Existing]) -> None:
    """What is neither about to be made nor there already stops everything before the first change."""
    known = {key(one.definition) for one in desired} | {(one.kind, one.name) for one in existing}
    missing = [
        f"{describe(one.definition)} needs {kind} {name}, which is not in the account: apply it first."
        for one in desired
        for kind, name in one.definition.requires
        if (kind, name) not in known
    ]
    if missing:
        raise AccountError(" ".join(missing))


def _compare(desired: Desired, existing: Existing | None) -> Change:
    def change(action: Action, reason: str) -> Change:
        return Change(action, *key(desired.definition), reason, desired)

    if existing is None:
        return change("create", "not in the account")
    if existing.hash is None:
        return change("change", "there without a record: not finished, or not made by this pipeline")
    if existing.hash != desired.hash:
        return change("change", f"the definition, or what it is made from, changed since {existing.hash}")
    if existing.fault:
        return change("change", existing.fault)
    return change("none", "as declared")
