"""(what is wanted, what is there) -> what is to be done. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mlops.definitions import Definition, TrainingSet, describe, has_object, key
from mlops.errors import AccountError
from mlops.estimate import Cost, Spent, estimate, total
from mlops.properties import Difference, Properties, differences

Key = tuple[str, str]
# `record`: made, but killed before the ledger had its row. `kept`: somebody else's to retire.
Action = Literal["create", "change", "replace", "retire", "train", "record", "none", "kept"]
_IDLE = ("none", "kept")
# Properties of a training set that its rows follow from.
_OF_ROWS = ("spine", "timestamp", "label", "feature")
# How an object of the kind becomes what it should be, once it is there.
_AGAIN: dict[str, Action] = {"entity": "change", "table": "change", "model": "train", "training set": "create"}
# What holds what cannot be made again: never dropped.
HOLD_DATA = ("table", "model", "training set")
# All kinds that are made, from what stands last to what everything rests on.
RETIRED_FIRST = ("task", "stream", "model", "training set", "procedure", "table", "feature view", "entity", "function")


@dataclass(frozen=True)
class Desired:
    definition: Definition
    hash: str
    properties: Properties = field(default_factory=dict)


@dataclass(frozen=True)
class Existing:
    """`hash` is None for an object that carries no record; `fault` says what keeps a recorded one from being whole.

    The rest is from the ledger: the hash and the properties of the last change of it, whose it is, and whether it is retired.
    """

    kind: str
    name: str
    hash: str | None
    fault: str | None = None
    ledger_hash: str | None = None
    properties: Properties | None = None
    repository: str | None = None
    retired: bool = False


@dataclass(frozen=True)
class Change:
    action: Action
    kind: str
    name: str
    reason: str
    desired: Desired | None = None
    existing: Existing | None = None
    differences: tuple[Difference, ...] = ()
    warnings: tuple[str, ...] = ()
    cost: Cost | None = None


@dataclass(frozen=True)
class Plan:
    changes: tuple[Change, ...]

    @property
    def pending(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.action not in _IDLE)

    @property
    def cost(self) -> Cost:
        return total(change.cost for change in self.pending if change.cost)


@dataclass(frozen=True)
class Scope:
    """What may be retired: objects of these kinds that are declared nowhere, and that this repository has made."""

    declared: Collection[Key]
    kinds: Collection[str]
    repository: str = "unknown"


def make_plan(desired: Sequence[Desired], existing: Iterable[Existing], scope: Scope, history: Collection[Spent] = ()) -> Plan:
    """`desired` may be a part of what is declared: what another family declares is not retired."""
    there = {(one.kind, one.name): one for one in existing}
    wanted = [one for one in desired if has_object(one.definition)]
    changes = [_compare(one, there.get(key(one.definition)), history) for one in wanted]
    return Plan((*changes, *_retire(there.values(), scope, history)))


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


def check_kept(declared: Sequence[Desired], existing: Iterable[Existing]) -> None:
    """A version of a Dataset keeps its rows, which models may have learned from, as long as it has its name."""
    there = {(one.kind, one.name): one for one in existing if one.kind == TrainingSet.kind}
    changed = [
        f"{describe(one.definition)} is in the account with the rows of another definition{_since(found, one)}, and a version keeps its rows: "
        "declare the change as another version, of the feature view too where it is of one."
        for one in declared
        if (found := there.get(key(one.definition))) and found.hash not in (None, one.hash)
    ]
    if changed:
        raise AccountError(" ".join(changed))


def _since(existing: Existing, desired: Desired) -> str:
    found = differences(existing.properties, desired.properties) if existing.properties else ()
    names = [one.property for one in found if one.property.startswith(_OF_ROWS)]
    return f" ({', '.join(names)} changed)" if names else ""


def _compare(desired: Desired, existing: Existing | None, history: Collection[Spent]) -> Change:
    kind, name = key(desired.definition)
    action, reason = _judge(desired, existing)
    if action == "none":
        return Change(action, kind, name, reason, desired, existing)
    old = existing.properties if existing else None
    changed = differences(old, desired.properties) if old else ()
    if kind == "stream" and _is_text(changed) and not (existing and existing.fault):
        # Made anew, a stream would lose its place.
        action = "change"
    return Change(
        *(action, kind, name, reason, desired, existing),
        differences=changed,
        warnings=_warnings(action, kind, name),
        cost=estimate(kind, name, history) if action != "record" else Cost(1, 0.1, "one row"),
    )


def _judge(desired: Desired, existing: Existing | None) -> tuple[Action, str]:
    kind = desired.definition.kind
    again = _AGAIN.get(kind, "replace")
    if existing is None:
        return "train" if again == "train" else "create", "not in the account"
    if existing.hash is None:
        return again, "there without a record: not finished, or not made by this pipeline"
    if existing.hash != desired.hash:
        return again, f"the definition, or what it is made from, changed since {existing.hash}"
    if existing.fault:
        return again, existing.fault
    if existing.ledger_hash != desired.hash or existing.retired:
        return "record", "as declared, but the ledger does not say so yet"
    return "none", "as declared"


def _is_text(changed: tuple[Difference, ...]) -> bool:
    return [difference.property for difference in changed] == ["description"]


def _warnings(action: Action, kind: str, name: str) -> tuple[str, ...]:
    if action == "train":
        return (f"Model {name} is trained in full, on every row of its training set.",)
    if action == "replace" and kind == "stream":
        return (f"Stream {name} is made anew: what it holds and nobody has taken yet is not seen again.",)
    if action == "replace" and kind == "feature view":
        return (f"Feature view {name} is computed anew for every row: whatever reads it sees other values at once.",)
    return ()


def _retire(existing: Iterable[Existing], scope: Scope, history: Collection[Spent]) -> list[Change]:
    found = [one for one in existing if _is_left(one, scope)]
    return [_leave(one, scope, history) for one in sorted(found, key=lambda one: RETIRED_FIRST.index(one.kind))]


def _is_left(existing: Existing, scope: Scope) -> bool:
    known = existing.hash is not None and not existing.retired
    return known and existing.kind in scope.kinds and (existing.kind, existing.name) not in scope.declared


def _leave(existing: Existing, scope: Scope, history: Collection[Spent]) -> Change:
    kind, name = existing.kind, existing.name
    if existing.repository != scope.repository:
        whose = f"repository {existing.repository}" if existing.repository else "a run that kept no ledger"
        return Change("kept", kind, name, f"declared nowhere here, made by {whose}; left as it is", existing=existing)
    data = " What it holds stays." if kind in HOLD_DATA else ""
    reason = f"made by this pipeline, no longer declared.{data}"
    return Change("retire", kind, name, reason, existing=existing, cost=estimate(kind, name, history))
