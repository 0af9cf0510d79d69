from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from mlops_local.account.tables.net_changes import Change, Net, net_changes

VALUES = st.integers(0, 3)
# A statement of a table's history: rows inserted, or values deleted, or values updated to another.
STATEMENTS = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), VALUES, VALUES),
        st.tuples(st.just("delete"), VALUES, VALUES),
        st.tuples(st.just("update"), VALUES, VALUES),
    ),
    max_size=12,
)


def history(start: list[int], statements: list[tuple[str, int, int]]) -> tuple[list[Change], list[tuple[int | None, int | None]]]:
    """The changes that the statements leave, and for every row its value at the start and at the end."""
    rows: list[tuple[int | None, int | None]] = [(value, value) for value in start]
    changes: list[Change] = []
    for version, (verb, one, other) in enumerate(statements, start=1):
        if verb == "insert":
            changes.append(Change(len(changes), True, False, version, one))
            rows.append((None, one))
            continue
        hit = [i for i, (_, now) in enumerate(rows) if now == one]
        changes += [Change(len(changes) + at, False, verb == "update", version, one) for at, _ in enumerate(hit)]
        for i in hit:
            rows[i] = (rows[i][0], other if verb == "update" else None)
        if verb == "update":
            changes += [Change(len(changes) + at, True, True, version, other) for at, _ in enumerate(hit)]
    return changes, rows


def net_of(changes: list[Change]) -> list[tuple[bool, bool, int]]:
    return [(net.insert, net.update, changes[net.at].key) for net in net_changes(changes)]


@given(st.lists(VALUES, max_size=5), STATEMENTS)
def test_net_changes_lead_from_the_start_to_the_end(start: list[int], statements: list[tuple[str, int, int]]) -> None:
    changes, rows = history(start, statements)
    copy = Counter(start)
    for insert, _, value in net_of(changes):
        copy[value] += 1 if insert else -1
    assert copy + Counter() == Counter(now for _, now in rows if now is not None)
    assert min(copy.values(), default=0) >= 0


@given(st.lists(VALUES, unique=True, max_size=4), STATEMENTS)
def test_updates_come_in_pairs_with_one_row_id(start: list[int], statements: list[tuple[str, int, int]]) -> None:
    changes, _ = history(start, statements)
    pairs: dict[int, list[bool]] = {}
    for net in net_changes(changes):
        if net.update:
            pairs.setdefault(net.row, []).append(net.insert)
    assert all(halves == [False, True] for halves in pairs.values())


@given(st.lists(VALUES, max_size=5), STATEMENTS)
def test_a_second_reading_after_nothing_has_happened_is_empty(start: list[int], statements: list[tuple[str, int, int]]) -> None:
    changes, _ = history(start, statements)
    assert net_changes(changes[len(changes) :]) == []


def test_a_row_inserted_and_then_updated_is_an_insertion() -> None:
    changes = [Change(0, True, False, 1, 7), Change(1, False, True, 2, 7), Change(2, True, True, 2, 8)]
    assert net_changes(changes) == [Net(2, True, False, 2)]


def test_a_row_updated_and_then_deleted_is_a_deletion_of_its_first_values() -> None:
    changes = [Change(0, False, True, 1, 7), Change(1, True, True, 1, 8), Change(2, False, False, 2, 8)]
    assert net_changes(changes) == [Net(0, False, False, 0)]


def test_a_row_updated_there_and_back_has_not_changed() -> None:
    changes = [
        Change(0, False, True, 1, 7),
        Change(1, True, True, 1, 8),
        Change(2, False, True, 2, 8),
        Change(3, True, True, 2, 7),
    ]
    assert net_changes(changes) == []
