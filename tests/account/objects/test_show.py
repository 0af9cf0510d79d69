"""SHOW and DESCRIBE of what has no file of its own: all objects, what there is never any of, what a session holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from snowflake.connector import ProgrammingError, SnowflakeConnection

Ask = Callable[..., list[tuple[Any, ...]]]
Row = dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def objects(ask: Ask) -> None:
    for text in (
        "CREATE TABLE T (A INT, B VARCHAR(5))",
        "INSERT INTO T VALUES (1, 'x')",
        "CREATE VIEW V AS SELECT A FROM T",
        "CREATE TRANSIENT TABLE TT (A INT)",
        "CREATE TEMPORARY TABLE TP (A INT)",
        "CREATE DYNAMIC TABLE DT TARGET_LAG = '1 hour' WAREHOUSE = SHARED_WH AS SELECT A FROM T",
    ):
        ask(text)


def named(client: SnowflakeConnection, text: str) -> list[Row]:
    cursor = client.cursor().execute(text)
    return [dict(zip([column.name for column in cursor.description], row, strict=True)) for row in cursor.fetchall()]


def test_objects_are_tables_and_views(client: SnowflakeConnection) -> None:
    shown = {row["name"]: (row["kind"], row["rows"], row["is_dynamic"]) for row in named(client, "SHOW OBJECTS")}
    assert shown == {
        "DT": ("TABLE", 1, "Y"),
        "T": ("TABLE", 1, "N"),
        "TP": ("TEMPORARY", 0, "N"),
        "TT": ("TRANSIENT", 0, "N"),
        "V": ("VIEW", 0, "N"),
    }
    assert [row["name"] for row in named(client, "SHOW OBJECTS LIKE 't%' STARTS WITH 'TT' LIMIT 5")] == ["TT"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SHOW TERSE TABLES LIKE 'TT'", ("TT", "TRANSIENT", True, True)),
        ("SHOW TERSE VIEWS LIKE 'V'", ("V", "VIEW", True, True)),
        ("SHOW TERSE OBJECTS LIKE 'V'", ("V", "VIEW", True, True)),
        ("SHOW TERSE SCHEMAS LIKE 'S'", ("S", None, True, False)),
        ("SHOW TERSE DATABASES LIKE 'MODULE%' LIMIT 1", (None, "STANDARD", False, False)),
    ],
)
def test_terse_lists_have_five_columns(client: SnowflakeConnection, text: str, expected: tuple[Any, ...]) -> None:
    [row] = named(client, text)
    assert list(row) == ["created_on", "name", "kind", "database_name", "schema_name"]
    assert row["name"] == expected[0] or expected[0] is None
    assert (row["kind"], bool(row["database_name"]), bool(row["schema_name"])) == expected[1:]


@pytest.mark.parametrize(
    ("plural", "column"),
    [
        ("COMPUTE POOLS", "instance_family"),
        ("EXTERNAL TABLES", "location"),
        ("IMAGE REPOSITORIES", "repository_url"),
        ("MASKING POLICIES", "kind"),
        ("MATERIALIZED VIEWS", "behind_by"),
        ("NETWORK POLICIES", "entries_in_allowed_ip_list"),
        ("NOTEBOOKS", "query_warehouse"),
        ("PIPES", "definition"),
        ("SECRETS", "secret_type"),
        ("SERVICES", "compute_pool"),
        ("SHARES", "listing_global_name"),
        ("STORAGE INTEGRATIONS", "enabled"),
        ("STREAMLITS", "title"),
    ],
)
def test_there_are_none_and_the_columns_are_snowflakes(client: SnowflakeConnection, plural: str, column: str) -> None:
    cursor = client.cursor().execute(f"SHOW {plural} LIKE 'x%'")
    assert cursor.fetchall() == []
    assert column in [described.name for described in cursor.description]


def test_what_there_is_never_any_of_is_dropped_only_if_it_exists(ask: Ask) -> None:
    assert "already dropped" in ask("DROP MASKING POLICY IF EXISTS P")[0][0]
    assert "already dropped" in ask("DROP COMPUTE POOL IF EXISTS P")[0][0]
    with pytest.raises(ProgrammingError, match="does not exist"):
        ask("DROP NETWORK POLICY P")
    with pytest.raises(ProgrammingError, match="CREATE ROW ACCESS POLICY"):
        ask("CREATE ROW ACCESS POLICY P AS (A INT) RETURNS BOOLEAN -> TRUE")


def test_a_session_shows_its_variables_and_transactions(ask: Ask) -> None:
    ask("SET FIRST = 1")
    ask("SET SECOND = 'two'")
    assert [row[1:4] for row in ask("SHOW VARIABLES LIKE '%'")] == [("FIRST", "1", "fixed"), ("SECOND", "two", "text")]
    assert ask("SHOW TRANSACTIONS") == []
    ask("BEGIN")
    assert [row[1] for row in ask("SHOW TRANSACTIONS")] == ["ADMIN"]
    ask("ROLLBACK")


def test_an_answer_is_described(ask: Ask) -> None:
    ask("SELECT A, B FROM T")
    assert [row[:4] for row in ask("DESCRIBE RESULT LAST_QUERY_ID()")] == [
        ("A", "NUMBER(38,0)", "COLUMN", "Y"),
        ("B", "VARCHAR(5)", "COLUMN", "Y"),
    ]
    with pytest.raises(ProgrammingError, match="not found"):
        ask("DESC RESULT 'nothing'")


def test_a_warehouse_is_described(ask: Ask) -> None:
    assert [row[1:] for row in ask("DESCRIBE WAREHOUSE SHARED_WH")] == [("SHARED_WH", "WAREHOUSE")]
