from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.definitions import Entity, FeatureView, key
from mlops.errors import AccountError
from mlops.plan import Desired, Existing, Plan, Scope, check_requirements, make_plan

NAMES = st.sampled_from(["A", "B", "C", "D"])
HASHES = st.sampled_from(["1", "2"])


def entity(name: str, value: str = "1") -> Desired:
    return Desired(Entity(name=name, join_keys=("ID",), description="One."), value)


def keys(desired: list[Desired]) -> set[tuple[str, str]]:
    return {key(one.definition) for one in desired}


def plan(desired: list[Desired], existing: Iterable[Existing], declared: set[tuple[str, str]]) -> Plan:
    return make_plan(desired, existing, Scope(declared, ("entity",), "ours"))


def there(name: str, value: str | None, fault: str | None = None, **told: Any) -> Existing:
    """As it is after an apply that was not killed."""
    return Existing("entity", name, value, fault, **{"ledger_hash": value, "repository": "ours", **told})


DESIRED = st.dictionaries(NAMES, HASHES).map(lambda found: [entity(name, value) for name, value in found.items()])
EXISTING = st.dictionaries(NAMES, st.none() | HASHES).map(lambda found: [there(name, value) for name, value in found.items()])


@given(DESIRED, EXISTING)
def test_what_was_planned_is_not_planned_again_once_it_is_there(desired: list[Desired], existing: list[Existing]) -> None:
    after = {(one.kind, one.name): one for one in existing}
    for change in plan(desired, existing, keys(desired)).pending:
        if change.desired is None:
            del after[change.kind, change.name]
        else:
            after[change.kind, change.name] = there(change.name, change.desired.hash)
    assert plan(desired, after.values(), keys(desired)).pending == ()


@given(DESIRED, EXISTING)
def test_every_definition_is_in_the_plan_once(desired: list[Desired], existing: list[Existing]) -> None:
    changes = plan(desired, existing, keys(desired)).changes
    told = [(change.kind, change.name) for change in changes if change.action != "retire"]
    assert told == [key(one.definition) for one in desired]


@pytest.mark.parametrize(
    ("existing", "action", "said"),
    [
        (None, "create", "not in the account"),
        (there("A", None), "change", "without a record"),
        (there("A", "2"), "change", "changed since 2"),
        (there("A", "1", "the task is suspended"), "change", "the task is suspended"),
        (there("A", "1", ledger_hash="2"), "record", "the ledger does not say so"),
        (there("A", "1", retired=True), "record", "the ledger does not say so"),
        (there("A", "1"), "none", "as declared"),
    ],
)
def test_what_is_there_decides_what_is_done(existing: Existing | None, action: str, said: str) -> None:
    (change,) = plan([entity("A")], [existing] if existing else [], {("entity", "A")}).changes
    assert change.action == action
    assert said in change.reason


def test_only_what_is_declared_nowhere_is_retired() -> None:
    existing = [
        *(there(name, "1") for name in ("A", "B", "C")),
        there("FOREIGN", None),
        there("THEIRS", "1", repository="theirs"),
        there("GONE", "1", retired=True),
        Existing("task", "OF_ANOTHER_FAMILY", "1", repository="ours"),
    ]
    made = plan([entity("A")], existing, {("entity", "A"), ("entity", "B")})
    assert [(change.action, change.name) for change in made.changes] == [("none", "A"), ("retire", "C"), ("kept", "THEIRS")]
    assert [change.name for change in made.pending] == ["C"]


def test_what_is_needed_and_missing_is_said_before_anything_is_done() -> None:
    view = FeatureView(
        name="V",
        version="V1",
        entities=("A", "B"),
        query="SELECT 1",
        timestamp="T",
        features={"F": ""},
        description="V.",
        reads=(),
    )
    desired = [Desired(view, "1")]
    check_requirements([*desired, entity("A")], [Existing("entity", "B", None)])
    with pytest.raises(AccountError, match="Feature view V/V1 needs entity B, which is not in the account"):
        check_requirements([*desired, entity("A")], [])
