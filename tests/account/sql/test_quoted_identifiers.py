"""QUOTED_IDENTIFIERS_IGNORE_CASE. https://docs.snowflake.com/en/sql-reference/identifiers-syntax"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from snowflake.connector import ProgrammingError, SnowflakeConnection

from mlops_local.account.syntax.lexer import fold_quoted

from ..conftest import Ask


@pytest.fixture
def ignoring(ask: Ask) -> Iterator[Ask]:
    ask("ALTER SESSION SET QUOTED_IDENTIFIERS_IGNORE_CASE = TRUE")
    yield ask
    ask("ALTER SESSION UNSET QUOTED_IDENTIFIERS_IGNORE_CASE")


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("""SELECT "a", 'b "c"', $$ "d" $$ -- "e" """, """SELECT "A", 'b "c"', $$ "d" $$ -- "e" """),
        ('SELECT "t"."v":"aB"."c"[0]."d", "e" FROM "t"', 'SELECT "T"."V":"aB"."c"[0]."d", "E" FROM "T"'),
        ('SELECT "v"["k"]::"number" FROM t', 'SELECT "V"["K"]::"NUMBER" FROM t'),
        ('LIST @"db"."sc"."st"/a/b', 'LIST @"DB"."SC"."ST"/a/b'),
        ('SELECT "a""b"', 'SELECT "A""B"'),
    ],
)
def test_names_are_folded_and_keys_are_not(text: str, folded: str) -> None:
    assert fold_quoted(text) == folded


def test_quoted_names_are_found_whatever_their_case(ignoring: Ask, client: SnowflakeConnection) -> None:
    ignoring('CREATE TABLE "folded" ("one" INT, "Two" VARIANT)')
    ignoring("""INSERT INTO FOLDED SELECT 1, PARSE_JSON('{"aB": 2}')""")
    cursor = client.cursor()
    assert cursor.execute('SELECT "ONE" AS "answer", two:"aB" FROM "Folded"').fetchall() == [(1, "2")]
    assert [column.name for column in cursor.description] == ["ANSWER", 'TWO:"AB"']
    assert [row[1] for row in ignoring("SHOW TABLES LIKE 'folded'")] == ["FOLDED"]


def test_names_that_were_made_before_are_not_found_any_more(ask: Ask) -> None:
    ask('CREATE TABLE "lower" (A INT)')
    ask("ALTER SESSION SET QUOTED_IDENTIFIERS_IGNORE_CASE = TRUE")
    with pytest.raises(ProgrammingError, match="LOWER"):
        ask('SELECT * FROM "lower"')
    ask("ALTER SESSION UNSET QUOTED_IDENTIFIERS_IGNORE_CASE")
    assert ask('SELECT * FROM "lower"') == []
