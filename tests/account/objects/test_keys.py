"""Keys are kept and shown, follow their columns, and nothing enforces them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from snowflake.connector import ProgrammingError

Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(autouse=True)
def tables(ask: Ask) -> None:
    ask("USE SCHEMA S")
    ask("CREATE OR REPLACE TABLE PARENT (ID INT PRIMARY KEY, CODE INT UNIQUE)")
    ask(
        "CREATE OR REPLACE TABLE CHILD (A INT REFERENCES PARENT, B INT, UP INT, "
        "CONSTRAINT F FOREIGN KEY (B) REFERENCES PARENT (CODE) ON DELETE SET NULL, FOREIGN KEY (UP) REFERENCES CHILD (A))"
    )


def imported(ask: Ask, place: str = "TABLE CHILD") -> list[tuple[Any, ...]]:
    return [(row[8], row[3], row[4], row[11]) for row in ask(f"SHOW IMPORTED KEYS IN {place}")]


def test_foreign_keys_are_shown_from_both_ends(ask: Ask) -> None:
    ask("INSERT INTO CHILD VALUES (1, 1, 1)")
    assert sorted(imported(ask)) == [
        ("A", "PARENT", "ID", "NO ACTION"),
        ("B", "PARENT", "CODE", "SET NULL"),
        ("UP", "CHILD", "A", "NO ACTION"),
    ]
    assert {row[8] for row in ask("SHOW EXPORTED KEYS IN TABLE PARENT")} == {"A", "B"}
    assert [row[4] for row in ask("SHOW UNIQUE KEYS IN TABLE PARENT")] == ["CODE"]
    constraints = "SELECT COUNT(*) FROM INFORMATION_SCHEMA.{} WHERE CONSTRAINT_SCHEMA = 'S'"
    assert ask(constraints.format("REFERENTIAL_CONSTRAINTS")) == [(3,)]
    assert ask(constraints.format("TABLE_CONSTRAINTS")) == [(5,)]


def test_keys_follow_their_columns(ask: Ask) -> None:
    ask("ALTER TABLE PARENT RENAME COLUMN ID TO KEY")
    ask("ALTER TABLE CHILD RENAME COLUMN A TO FIRST")
    ask("ALTER TABLE CHILD DROP COLUMN B")
    ask("ALTER TABLE PARENT RENAME TO ELDER")
    assert ("FIRST", "ELDER", "KEY", "NO ACTION") in imported(ask)
    assert len(imported(ask)) == 2
    assert [row[4] for row in ask("SHOW PRIMARY KEYS IN TABLE ELDER")] == ["KEY"]
    ask("DROP TABLE ELDER")
    assert [row[1] for row in imported(ask)] == ["CHILD"]


def test_keys_come_and_go(ask: Ask) -> None:
    ask("ALTER TABLE CHILD DROP FOREIGN KEY (B)")
    ask("ALTER TABLE CHILD ADD CONSTRAINT AGAIN FOREIGN KEY (B) REFERENCES PARENT (CODE)")
    ask("ALTER TABLE PARENT DROP UNIQUE (CODE)")
    assert ("B", "PARENT", "CODE", "NO ACTION") in imported(ask)
    assert ask("SHOW UNIQUE KEYS IN TABLE PARENT") == []
    ask("CREATE SCHEMA KEYS_COPY CLONE S")
    assert {(row[2], row[6]) for row in ask("SHOW IMPORTED KEYS IN TABLE KEYS_COPY.CHILD")} == {("KEYS_COPY", "KEYS_COPY")}
    [(text,)] = ask("SELECT GET_DDL('TABLE', 'KEYS_COPY.CHILD')")
    assert ask(text) == [("Table CHILD successfully created.",)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("CREATE TABLE BAD (A INT REFERENCES NOTHING)", "does not exist"),
        ("CREATE TABLE BAD (A INT REFERENCES PARENT (NOTHING))", "invalid identifier"),
        ("CREATE TABLE BAD (A INT, FOREIGN KEY (A) REFERENCES PARENT (ID, CODE))", "number of columns"),
        ("ALTER TABLE CHILD DROP CONSTRAINT F", "name of a constraint"),
        ("DROP TABLE PARENT RESTRICT", "dependencies"),
    ],
)
def test_is_refused(ask: Ask, text: str, reason: str) -> None:
    with pytest.raises(ProgrammingError, match=reason):
        ask(text)
    assert ask("SHOW TABLES LIKE 'BAD'") == []
