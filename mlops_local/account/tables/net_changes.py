"""From all changes to a table to the net ones: what a consumer must do to its copy to have the table of now.

https://docs.snowflake.com/en/user-guide/streams-intro#types-of-streams
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True)
class Change:
    """One change. ``at`` is its place in the history, ``key`` stands for the row's values; equal values have equal keys.

    An update is two changes of one version, DELETE of the old values and INSERT of the new ones; the first DELETE belongs to the
    first INSERT of the version, and so on.
    """

    at: int
    insert: bool
    update: bool
    version: int
    key: int


@dataclass(frozen=True)
class Net:
    """One row of the answer: the values are those of the change ``at``; ``row`` is the same for both halves of an update."""

    at: int
    insert: bool
    update: bool
    row: int


def net_changes(changes: Iterable[Change]) -> list[Net]:
    """Rows that came and went cancel out; a row changed twice is one update from its first values to its last."""
    # Rows that are there now and were not, or not so, before: with the change that deleted their first values, None for new ones.
    origins: dict[int, deque[tuple[Change, Change | None]]] = defaultdict(deque)
    gone: list[Change] = []
    for old, new in _steps(changes):
        origin = old
        if old is not None and origins[old.key]:
            origin = origins[old.key].popleft()[1]
            if new is None and origin is not None:
                gone.append(origin)
        elif old is not None and new is None:
            gone.append(old)
        if new is not None:
            origins[new.key].append((new, origin))
    deleted = [Net(change.at, False, False, change.at) for change in gone]
    return sorted([*deleted, *_rows(origins.values())], key=lambda net: (net.row, net.insert))


def _rows(origins: Iterable[Iterable[tuple[Change, Change | None]]]) -> Iterator[Net]:
    for kept in origins:
        for new, old in kept:
            if old is None:
                yield Net(new.at, True, False, new.at)
            elif old.key != new.key:
                yield Net(old.at, False, True, old.at)
                yield Net(new.at, True, True, old.at)


def _steps(changes: Iterable[Change]) -> Iterator[tuple[Change | None, Change | None]]:
    """What became of one row at a time: (old, new), (None, new) for an insertion, (old, None) for a deletion."""
    for _, group in groupby(changes, key=lambda change: change.version):
        of_version = list(group)
        before = [change for change in of_version if change.update and not change.insert]
        after = [change for change in of_version if change.update and change.insert]
        yield from ((change, None) for change in of_version if not change.insert and not change.update)
        yield from zip(before, after, strict=True)
        yield from ((None, change) for change in of_version if change.insert and not change.update)
