"""Tags and comments on every kind of object, and on columns, set as users set them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from snowflake.connector import ProgrammingError

Ask = Callable[..., list[tuple[Any, ...]]]

# Kind, the name as ALTER takes it, the domain and the name as functions take them, and how the object is made.
OBJECTS = [
    ("DATABASE", "TAGGED_DB", "DATABASE", "TAGGED_DB", "CREATE DATABASE TAGGED_DB"),
    ("SCHEMA", "TAGGED", "SCHEMA", "TAGGED", "CREATE SCHEMA TAGGED"),
    ("WAREHOUSE", "TAGGED_WH", "WAREHOUSE", "TAGGED_WH", "CREATE WAREHOUSE TAGGED_WH"),
    ("USER", "TAGGED_USER", "USER", "TAGGED_USER", "CREATE USER TAGGED_USER"),
    ("ROLE", "TAGGED_ROLE", "ROLE", "TAGGED_ROLE", "CREATE ROLE TAGGED_ROLE"),
    ("TABLE", "T", "TABLE", "T", "CREATE TABLE T (A INT, B INT)"),
    ("VIEW", "V", "VIEW", "V", "CREATE VIEW V AS SELECT 1 AS A"),
    ("STAGE", "ST", "STAGE", "ST", "CREATE STAGE ST"),
    ("TASK", "TK", "TASK", "TK", "CREATE TASK TK AS SELECT 1"),
    ("STREAM", "STR", "STREAM", "STR", "CREATE STREAM STR ON TABLE FED"),
    ("FUNCTION", "F(INT)", "FUNCTION", "F(NUMBER)", "CREATE FUNCTION F(X INT) RETURNS INT AS 'X'"),
    ("PROCEDURE", "P()", "PROCEDURE", "P()", "CREATE PROCEDURE P() RETURNS INT LANGUAGE SQL AS 'BEGIN RETURN 1; END'"),
    (
        "DYNAMIC TABLE",
        "DT",
        "DYNAMIC TABLE",
        "DT",
        "CREATE DYNAMIC TABLE DT TARGET_LAG = '1 hour' WAREHOUSE = SHARED_WH AS SELECT 1 AS A",
    ),
]


@pytest.fixture(scope="module", autouse=True)
def home(ask: Ask) -> str:
    """The schema with the tag; statements name it in full, because some objects move the session."""
    database = str(ask("SELECT CURRENT_DATABASE()")[0][0])
    ask("CREATE TAG COST ALLOWED_VALUES 'low', 'high'")
    ask("CREATE TABLE FED (A INT)")
    return f"{database}.S"


@pytest.mark.parametrize(("kind", "name", "domain", "given", "made"), OBJECTS, ids=[row[0] for row in OBJECTS])
def test_takes_and_gives_up_a_tag_and_a_comment(
    ask: Ask, home: str, kind: str, name: str, domain: str, given: str, made: str
) -> None:
    ask(f"USE SCHEMA {home}")
    ask(made)
    tag = f"{home}.COST"
    ask(f"ALTER {kind} {name} SET TAG {tag} = 'low'")
    assert ask(f"SELECT SYSTEM$GET_TAG('{tag}', '{given}', '{domain}')") == [("low",)]
    with pytest.raises(ProgrammingError, match="not permitted"):
        ask(f"ALTER {kind} {name} SET TAG {tag} = 'none'")
    ask(f"ALTER {kind} IF EXISTS {name} UNSET TAG {tag}")
    assert ask(f"SELECT SYSTEM$GET_TAG('{tag}', '{given}', '{domain}')") == [(None,)]
    ask(f"COMMENT ON {kind} {name} IS 'said'")
    ask(f"ALTER {kind} {name} SET COMMENT = 'said again'")
    shown = ask(f"SHOW {kind}S LIKE '{name.partition('(')[0]}'")
    assert any("said again" in row for row in shown)
    ask(f"ALTER {kind} {name} UNSET COMMENT")
    assert not any("said again" in row for row in ask(f"SHOW {kind}S LIKE '{name.partition('(')[0]}'"))


def test_columns_carry_tags_of_their_own_and_inherit_the_rest(ask: Ask, home: str) -> None:
    ask(f"USE SCHEMA {home}")
    ask("CREATE TAG PII")
    ask("CREATE TABLE PERSONS (NAME VARCHAR WITH TAG (PII = 'name'), AGE INT) TAG (COST = 'low')")
    ask("ALTER TABLE PERSONS MODIFY COLUMN AGE SET TAG COST = 'high', PII = 'age'")
    get = "SELECT SYSTEM$GET_TAG('{}', 'PERSONS.{}', 'COLUMN')"
    assert ask(get.format("COST", "NAME")) == [("low",)]
    assert ask(get.format("COST", "AGE")) == [("high",)]
    listed = ask(
        "SELECT COLUMN_NAME, TAG_NAME, TAG_VALUE, LEVEL, APPLY_METHOD, DOMAIN FROM "
        "TABLE(INFORMATION_SCHEMA.TAG_REFERENCES_ALL_COLUMNS('PERSONS', 'TABLE')) ORDER BY 1, 2"
    )
    assert listed == [
        ("AGE", "COST", "high", "COLUMN", "MANUAL", "COLUMN"),
        ("AGE", "PII", "age", "COLUMN", "MANUAL", "COLUMN"),
        ("NAME", "COST", "low", "TABLE", "INHERITED", "COLUMN"),
        ("NAME", "PII", "name", "COLUMN", "MANUAL", "COLUMN"),
    ]
    ask("ALTER TABLE PERSONS RENAME COLUMN AGE TO YEARS")
    ask("ALTER TABLE PERSONS ALTER COLUMN YEARS UNSET TAG COST")
    ask("ALTER TABLE PERSONS DROP COLUMN NAME")
    references = "SELECT COLUMN_NAME, TAG_NAME, TAG_VALUE FROM TABLE(INFORMATION_SCHEMA.TAG_REFERENCES('PERSONS.YEARS', 'COLUMN')) ORDER BY 2"
    assert ask(references) == [("YEARS", "COST", "low"), ("YEARS", "PII", "age")]
    with pytest.raises(ProgrammingError, match="invalid identifier"):
        ask("SELECT SYSTEM$GET_TAG('PII', 'PERSONS.NAME', 'COLUMN')")


def test_the_columns_of_a_view_carry_tags(ask: Ask, home: str) -> None:
    ask(f"USE SCHEMA {home}")
    ask("CREATE TAG SEEN")
    ask("CREATE VIEW LOOK (A TAG (SEEN = 'made') COMMENT 'first', B) AS SELECT 1, 2")
    ask("ALTER VIEW LOOK MODIFY COLUMN B SET TAG SEEN = 'later'")
    seen = "SELECT SYSTEM$GET_TAG('SEEN', 'LOOK.A', 'COLUMN'), SYSTEM$GET_TAG('SEEN', 'LOOK.B', 'COLUMN')"
    assert ask(seen) == [("made", "later")]
