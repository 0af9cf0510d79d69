"""GET_DDL: what it says makes the same object again, which then says the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from snowflake.connector import ProgrammingError

Ask = Callable[..., list[tuple[Any, ...]]]

OBJECTS = [
    ("TABLE", "T", "CREATE TABLE T (ID INT AUTOINCREMENT START 5 INCREMENT 2, \"a\" VARCHAR(5) NOT NULL DEFAULT 'it''s' COMMENT 'b\\\\c', "
     "PRIMARY KEY (ID), UNIQUE (\"a\")) CLUSTER BY (ID) DATA_RETENTION_TIME_IN_DAYS = 2 COMMENT = 'c'"),
    ("TABLE", "TT", "CREATE TRANSIENT TABLE TT (A NUMBER(5,2), B TIMESTAMP_NTZ(3), C VARIANT) CHANGE_TRACKING = TRUE"),
    ("VIEW", "V", "CREATE SECURE VIEW V (\"x\" COMMENT 'first', Y) COMMENT = 'v' AS SELECT ID, \"a\" FROM T WHERE ID > 1"),
    ("FUNCTION", "F(NUMBER, VARCHAR)", "CREATE FUNCTION F(A INT, B VARCHAR) RETURNS INT COMMENT = 'f' AS $$ A + LENGTH('x''y' || B) $$"),
    ("FUNCTION", "G(FLOAT)", "CREATE FUNCTION G(A FLOAT) RETURNS FLOAT LANGUAGE PYTHON RUNTIME_VERSION = '3.11' PACKAGES = ('numpy') "
     "HANDLER = 'g' IMMUTABLE AS $$\ndef g(a):\n    return a\n$$"),
    ("PROCEDURE", "P()", "CREATE PROCEDURE P() RETURNS INT LANGUAGE SQL EXECUTE AS CALLER AS 'BEGIN RETURN 1; END'"),
    ("TASK", "ROOT", "CREATE TASK ROOT WAREHOUSE = SHARED_WH SCHEDULE = '60 MINUTES' CONFIG = '{\"a\": 1}' COMMENT = 'r' AS SELECT 1"),
    ("TASK", "LEAF", "CREATE TASK LEAF WAREHOUSE = SHARED_WH AFTER ROOT WHEN SYSTEM$STREAM_HAS_DATA('STR') AS SELECT 2"),
    ("STREAM", "STR", "CREATE STREAM STR ON TABLE TT APPEND_ONLY = TRUE COMMENT = 's'"),
    ("FILE_FORMAT", "FF", "CREATE FILE FORMAT FF TYPE = CSV SKIP_HEADER = 1 NULL_IF = ('', 'x') FIELD_DELIMITER = '|' COMMENT = 'ff'"),
    ("TAG", "G", "CREATE TAG G ALLOWED_VALUES 'a', 'b''c' COMMENT = 'g'"),
    ("DYNAMIC_TABLE", "DT", "CREATE DYNAMIC TABLE DT TARGET_LAG = '2 hours' WAREHOUSE = SHARED_WH AS SELECT A FROM TT"),
    ("SEQUENCE", "SEQ", "CREATE SEQUENCE SEQ START = 5 INCREMENT = -2 ORDER COMMENT = 's'"),
    ("WAREHOUSE", "DDL_WH", "CREATE WAREHOUSE DDL_WH WAREHOUSE_SIZE = LARGE AUTO_SUSPEND = 60 COMMENT = 'w'"),
]  # fmt: skip
ORDER = ["T", "TT", "V", "F(NUMBER, VARCHAR)", "G(FLOAT)", "P()", "STR", "ROOT", "LEAF", "FF", "G", "DT", "SEQ", "DDL_WH"]


@pytest.fixture(scope="module", autouse=True)
def objects(ask: Ask) -> None:
    made = {name: text for _, name, text in OBJECTS}
    for name in ORDER:
        ask(made[name])


@pytest.mark.parametrize(("kind", "name"), [row[:2] for row in OBJECTS])
def test_makes_the_object_again(ask: Ask, kind: str, name: str) -> None:
    [(text,)] = ask(f"SELECT GET_DDL('{kind}', '{name}')")
    ask(text)
    assert ask(f"SELECT GET_DDL('{kind}', '{name}')") == [(text,)]
    assert text.lower().startswith("create or replace")


def test_looks_like_snowflakes(ask: Ask) -> None:
    ask("CREATE TABLE LOOK (A INT NOT NULL, B VARCHAR(5) DEFAULT 'x')")
    assert ask("SELECT GET_DDL('TABLE', 'LOOK')") == [
        ("create or replace TABLE LOOK (\n\tA NUMBER(38,0) NOT NULL,\n\tB VARCHAR(5) DEFAULT 'x'\n)\n;",)
    ]
    database = ask("SELECT CURRENT_DATABASE()")[0][0]
    assert f"TABLE {database}.S.LOOK (" in ask("SELECT GET_DDL('TABLE', 'LOOK', TRUE)")[0][0]


def test_a_schema_is_written_with_what_it_holds(ask: Ask) -> None:
    for text in ("CREATE SCHEMA MANY COMMENT = 'm'", "CREATE TABLE ONE (A INT)", "CREATE VIEW TWO AS SELECT A FROM ONE"):
        ask(text)
    [(text,)] = ask("SELECT GET_DDL('SCHEMA', 'MANY')")
    for statement in text.split(";\n\n"):
        ask(statement)
    assert ask("SELECT GET_DDL('SCHEMA', 'MANY')") == [(text,)]
    assert "create or replace TABLE ONE" in ask("SELECT GET_DDL('DATABASE', CURRENT_DATABASE())")[0][0]
    ask("USE SCHEMA S")


@pytest.mark.parametrize(("arguments", "reason"), [("'STAGE', 'X'", "GET_DDL"), ("'VIEW', 'T'", "table"), ("'TABLE'", "takes")])
def test_refuses(ask: Ask, arguments: str, reason: str) -> None:
    with pytest.raises(ProgrammingError, match=reason):
        ask(f"SELECT GET_DDL({arguments})")
