from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.definitions import Entity, FeatureView, key
from mlops.errors import AccountError
from mlops.plan import Desired, Existing, check_requirements, make_plan

NAMES = st.sampled_from(["A", "B", "C", "D"])
HASHES = st.sampled_from(["1", "2"])


def entity(name: str, value: str = "1") -> Desired:
    return Desired(Entity(name=name, join_keys=("ID",), description="One."), value)


def keys(desired: list[Desired]) -> set[tuple[str, str]]:
    return {key(one.definition) for one in desired}


DESIRED = st.dictionaries(NAMES, HASHES).map(lambda found: [entity(name, value) for name, value in found.items()])
EXISTING = st.dictionaries(NAMES, st.none() | HASHES).map(
    lambda found: [Existing("entity", name, value) for name, value in found.items()]
)


@given(DESIRED, EXISTING)
def test_what_was_planned_is_not_planned_again_once_it_is_there(desired: list[Desired], existing: list[Existing]) -> None:
    after = {(one.kind, one.name): one for one in existing}
    for change in make_plan(desired, existing, declared=keys(desired)).pending:
        assert change.desired is not None
        after[change.kind, change.name] = Existing(change.kind, change.name, change.desired.hash)
    assert make_plan(desired, after.values(), declared=keys(desired)).pending == ()


@given(DESIRED, EXISTING)
def test_every_definition_is_in_the_plan_once(desired: list[Desired], existing: list[Existing]) -> None:
    changes = make_plan(desired, existing, declared=keys(desired)).changes
    told = [(change.kind, change.name) for change in changes if change.action != "retired"]
    assert told == [key(one.definition) for one in desired]


@pytest.mark.parametrize(
    ("existing", "action", "said"),
    [
        (None, "create", "not in the account"),
        (Existing("entity", "A", None), "change", "without a record"),
        (Existing("entity", "A", "2"), "change", "changed since 2"),
        (Existing("entity", "A", "1", "the task is suspended"), "change", "the task is suspended"),
        (Existing("entity", "A", "1"), "none", "as declared"),
    ],
)
def test_what_is_there_decides_what_is_done(existing: Existing | None, action: str, said: str) -> None:
    (change,) = make_plan([entity("A")], [existing] if existing else [], declared={("entity", "A")}).changes
    assert change.action == action
    assert said in change.reason


def test_only_what_is_declared_nowhere_is_retired() -> None:
    existing = [Existing("entity", name, "1") for name in ("A", "B", "C")] + [Existing("entity", "FOREIGN", None)]
    plan = make_plan([entity("A")], existing, declared={("entity", "A"), ("entity", "B")})
    assert [(change.action, change.name) for change in plan.changes] == [("none", "A"), ("retired", "C")]
    assert plan.pending == ()


def test_what_is_needed_and_missing_is_said_before_anything_is_done() -> None:
    view = FeatureView(
        name="V", version="V1", entities=("A", "B"), query="", timestamp="T", features={"F": ""}, description="V.", reads=()
    )
    desired = [Desired(view, "1")]
    check_requirements([*desired, entity("A")], [Existing("entity", "B", None)])
    with pytest.raises(AccountError, match="Feature view V/V1 needs entity B, which is not in the account"):
        check_requirements([*desired, entity("A")], [])
