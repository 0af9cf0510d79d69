"""The account's README says what it does; the code says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.statements.kinds import KINDS
from mlops_local.account.statements.verbs import VERBS

PAGE = (Path(__file__).parents[2] / "mlops_local" / "account" / "README.md").read_text()
ALL_VERBS = ("create", "alter", "drop", "undrop", "show", "describe")


def rows_of(heading: str) -> list[list[str]]:
    section = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
    assert section
    lines = [line for line in section[1].splitlines() if line.startswith("| ")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_kind_stands_there_with_its_verbs() -> None:
    shown = {row[0]: row[1].split() for row in rows_of("Kinds of object")}
    assert shown == {kind.words: [verb for verb in ALL_VERBS if getattr(kind, verb)] for kind in KINDS if kind.words}


def test_every_command_stands_there() -> None:
    assert [row[0] for row in rows_of("Commands")] == sorted(VERBS)


def test_what_is_partial_says_what_is_missing() -> None:
    for row in [*rows_of("Kinds of object"), *rows_of("Commands")]:
        assert row[-2] in {"full", "partial"}, row
        assert row[-2] == "full" or row[-1], row


def test_a_verb_that_is_not_listed_is_refused_by_name() -> None:
    with Account.open(None) as account, account.system_session() as session:
        for kind in KINDS:
            for verb in ALL_VERBS:
                if getattr(kind, verb) is None and kind.words:
                    words = kind.plural if verb == "show" else kind.words
                    with pytest.raises(AccountError, match=words.split()[0]) as caught:
                        session.run(f"{verb} {words} X")
                    assert caught.value.number in {2, 1003}


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE SCHEMA A CLONE B",
        "CREATE DATABASE A CLONE B",
        "UNDROP TABLE T",
        "CREATE MATERIALIZED VIEW V AS SELECT 1",
        "CREATE EXTERNAL TABLE T(A INT)",
        "CREATE AGGREGATE FUNCTION F(X INT) RETURNS INT LANGUAGE PYTHON HANDLER = 'f' AS $$$$",
        "CREATE SEQUENCE S",
        "CREATE ALERT A IF (EXISTS (SELECT 1)) THEN SELECT 1",
        "CREATE NETWORK POLICY P",
        "CREATE RESOURCE MONITOR M",
        "EXPLAIN SELECT 1",
        "SELECT * FROM T AT(OFFSET => -60)",
        "ATTACH 'x'",
        "PRAGMA version",
    ],
)
def test_what_is_not_known_is_refused(statement: str) -> None:
    with Account.open(None) as account, account.system_session() as session:
        session.run("CREATE DATABASE D")
        session.run("CREATE TABLE T(A INT)")
        with pytest.raises(AccountError):
            session.run(statement)
