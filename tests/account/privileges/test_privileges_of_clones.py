"""A clone of a database holds what the role that makes it has the privileges for, and silently nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

Ask = Callable[..., list[tuple[object, ...]]]

# What SHOW lists, and what it takes to have one of them in a clone.
TAKEN = {
    "TABLES": "SELECT ON TABLE T",
    "VIEWS": "SELECT ON VIEW V",
    "DYNAMIC TABLES": "SELECT ON DYNAMIC TABLE DT",
    "FILE FORMATS": "USAGE ON FILE FORMAT FF",
    "USER FUNCTIONS": "USAGE ON FUNCTION F(INT)",
    "PROCEDURES": "USAGE ON PROCEDURE P()",
}
OWNED = ("STREAMS", "TASKS")


@pytest.fixture
def clone(ask: Ask, peer: Ask, place: str) -> Iterator[Callable[[], dict[str, int]]]:
    """Makes one as PEER, and says of each kind how many there are in it."""
    name = f"{place.partition('.')[0]}_CLONED"
    ask("GRANT CREATE DATABASE ON ACCOUNT TO ROLE PEER")

    def make() -> dict[str, int]:
        peer(f"CREATE OR REPLACE DATABASE {name} CLONE {place.partition('.')[0]}")
        peer(f"USE SCHEMA {place}")
        return {kind: len(ask(f"SHOW {kind} IN DATABASE {name}")) for kind in (*TAKEN, *OWNED, "TAGS")}

    yield make
    ask(f"DROP DATABASE IF EXISTS {name}")
    ask(f"USE SCHEMA {place}")
    ask("REVOKE CREATE DATABASE ON ACCOUNT FROM ROLE PEER")
    for privilege in TAKEN.values():
        ask(f"REVOKE {privilege} FROM ROLE PEER")


def test_the_way_to_them_alone_brings_tags_and_nothing_else(clone: Callable[[], dict[str, int]]) -> None:
    assert {kind for kind, count in clone().items() if count} == {"TAGS"}


def test_what_may_be_read_or_used_comes_along(ask: Ask, clone: Callable[[], dict[str, int]]) -> None:
    for privilege in TAKEN.values():
        ask(f"GRANT {privilege} TO ROLE PEER")
    ask("GRANT SELECT ON STREAM SM TO ROLE PEER")
    ask("GRANT MONITOR, OPERATE ON TASK TK TO ROLE PEER")
    found = clone()
    assert {kind for kind, count in found.items() if count} == {*TAKEN, "TAGS"}
    ask("REVOKE SELECT ON STREAM SM FROM ROLE PEER")
    ask("REVOKE MONITOR, OPERATE ON TASK TK FROM ROLE PEER")


def test_streams_and_tasks_come_along_for_their_owner(ask: Ask, place: str) -> None:
    name = f"{place.partition('.')[0]}_OWNED"
    ask(f"CREATE DATABASE {name} CLONE {place.partition('.')[0]}")
    assert all(ask(f"SHOW {kind} IN DATABASE {name}") for kind in (*TAKEN, *OWNED))
    ask(f"DROP DATABASE {name}")
    ask(f"USE SCHEMA {place}")
