"""What INFORMATION_SCHEMA and ACCOUNT_USAGE say of objects other than tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="module", autouse=True)
def objects(ask: Ask) -> None:
    for text in (
        "CREATE TABLE T (A INT PRIMARY KEY, B INT UNIQUE) DATA_RETENTION_TIME_IN_DAYS = 4",
        "CREATE FUNCTION F(A INT, B VARCHAR) RETURNS INT AS 'A'",
        "CREATE PROCEDURE P() RETURNS INT LANGUAGE SQL AS 'BEGIN RETURN 1; END'",
        "CREATE STAGE ST COMMENT = 'files'",
        "CREATE FILE FORMAT FF TYPE = CSV SKIP_HEADER = 2",
        "CREATE ROLE VIEWED",
        "GRANT SELECT ON TABLE T TO ROLE VIEWED",
        "CREATE TABLE GONE AS SELECT 1 AS A",
        "DROP TABLE GONE",
    ):
        ask(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ARGUMENT_SIGNATURE, FUNCTION_LANGUAGE FROM {}.FUNCTIONS", [("(A NUMBER(38,0), B VARCHAR(16777216))", "SQL")]),
        ("ARGUMENT_SIGNATURE, PROCEDURE_DEFINITION FROM {}.PROCEDURES", [("()", "BEGIN RETURN 1; END")]),
        ("STAGE_NAME, STAGE_TYPE, COMMENT FROM {}.STAGES", [("ST", "Internal Named", "files")]),
        ("FILE_FORMAT_TYPE, SKIP_HEADER FROM {}.FILE_FORMATS", [("CSV", "2")]),
        ("CONSTRAINT_TYPE, ENFORCED FROM {}.TABLE_CONSTRAINTS WHERE TABLE_NAME = 'T'", [("PRIMARY KEY", "NO"), ("UNIQUE", "NO")]),
        ("PRIVILEGE_TYPE, TABLE_NAME FROM {}.TABLE_PRIVILEGES WHERE GRANTEE = 'VIEWED'", [("SELECT", "T")]),
        ("PRIVILEGE_TYPE, OBJECT_TYPE FROM {}.OBJECT_PRIVILEGES WHERE GRANTEE = 'VIEWED'", [("SELECT", "TABLE")]),
        ("ROLE_NAME FROM {}.ENABLED_ROLES WHERE ROLE_NAME = 'SYSADMIN'", [("SYSADMIN",)]),
        ("ROLE_NAME FROM {}.APPLICABLE_ROLES WHERE ROLE_NAME = 'ACCOUNTADMIN'", [("ACCOUNTADMIN",)]),
        ("COUNT(*) FROM {}.PIPES", [(0,)]),
        ("RETENTION_TIME FROM {}.TABLES WHERE TABLE_NAME = 'T'", [(4,)]),
        ("COUNT(*) FROM {}.TABLES WHERE TABLE_NAME = 'GONE'", [(0,)]),
    ],
    ids=lambda value: value.partition(".")[2].partition(" ")[0] if isinstance(value, str) else "",
)  # fmt: skip
def test_information_schema(ask: Ask, text: str, expected: list[tuple[Any, ...]]) -> None:
    database = ask("SELECT CURRENT_DATABASE()")[0][0]
    assert ask(f"SELECT {text.format(f'{database}.INFORMATION_SCHEMA')}") == expected


def test_the_account_remembers_what_was_dropped(ask: Ask) -> None:
    usage = "SELECT {} FROM SNOWFLAKE.ACCOUNT_USAGE.{} WHERE {} AND TABLE_CATALOG = CURRENT_DATABASE()"
    assert ask(usage.format("ROW_COUNT, DELETED IS NOT NULL", "TABLES", "TABLE_NAME = 'GONE'")) == [(1, True)]
    assert ask(usage.format("COUNT(*), COUNT(DELETED)", "COLUMNS", "TABLE_NAME = 'T'")) == [(2, 0)]
    assert ask("SELECT COUNT(*) FROM SNOWFLAKE.ACCOUNT_USAGE.DATABASES WHERE DATABASE_NAME = CURRENT_DATABASE()") == [(1,)]
