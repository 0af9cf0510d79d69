"""Clones of tables, schemas and databases: what comes along, what does not, and that neither side sees the other afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector import ProgrammingError, SnowflakeConnection

Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def source(ask: Ask, client: SnowflakeConnection, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A schema with an object of every kind that a clone has to care for."""
    database = str(ask("SELECT CURRENT_DATABASE()")[0][0])
    file: Path = tmp_path_factory.mktemp("files") / "f.csv"
    file.write_text("1\n")
    for text in (
        "CREATE SCHEMA SOURCE COMMENT = 'of the source'",
        "CREATE TAG COST",
        "ALTER SCHEMA SOURCE SET TAG COST = 'low'",
        "CREATE TABLE T (ID INT IDENTITY(10, 5), A INT NOT NULL DEFAULT 7 COMMENT 'a', PRIMARY KEY (ID)) COMMENT = 't'",
        "ALTER TABLE T MODIFY COLUMN A SET TAG COST = 'high'",
        "CREATE STREAM STR ON TABLE T",
        "INSERT INTO T (A) VALUES (1), (2)",
        f"CREATE VIEW V (N) AS SELECT A FROM T UNION ALL SELECT A + 100 FROM {database}.SOURCE.T",
        "CREATE DYNAMIC TABLE DT TARGET_LAG = '1 hour' WAREHOUSE = SHARED_WH AS SELECT A FROM T",
        "CREATE TASK ROOT SCHEDULE = '60 MINUTES' AS SELECT 1",
        "CREATE TASK LEAF AFTER ROOT AS SELECT 1",
        "ALTER TASK LEAF RESUME",
        "ALTER TASK ROOT RESUME",
        "CREATE FILE FORMAT FF TYPE = CSV SKIP_HEADER = 1",
        "CREATE STAGE ST",
        f"PUT file://{file} @ST AUTO_COMPRESS = FALSE",
        "CREATE FUNCTION F(X INT) RETURNS INT AS 'X + (SELECT COUNT(*) FROM T)'",
        "CREATE PROCEDURE P() RETURNS INT LANGUAGE SQL AS 'BEGIN RETURN (SELECT COUNT(*) FROM T); END'",
        "CREATE DATASET DS",
        "ALTER DATASET DS ADD VERSION 'v1' FROM (SELECT A FROM T)",
        "CREATE TEMPORARY TABLE GONE (A INT)",
        "CREATE SEQUENCE SEQ START = 10",
        "CREATE TABLE COUNTED (A INT, ID INT DEFAULT SEQ.NEXTVAL)",
        "INSERT INTO COUNTED (A) VALUES (1)",
        "CREATE EVENT TABLE EVENTS",
        "CREATE ALERT AL SCHEDULE = '60 MINUTES' IF (EXISTS (SELECT 1)) THEN SELECT 1",
        "CREATE ROLE READER_OF_CLONES",
        "GRANT SELECT ON TABLE T TO ROLE READER_OF_CLONES",
        "GRANT USAGE ON SCHEMA SOURCE TO ROLE READER_OF_CLONES",
    ):
        ask(text)
    return f"{database}.SOURCE"


@pytest.fixture(scope="module")
def clone(ask: Ask, source: str) -> str:
    database = source.partition(".")[0]
    ask(f"CREATE SCHEMA {database}.COPY CLONE {source} INCLUDE INTERNAL STAGES")
    return f"{database}.COPY"


def test_a_table_comes_with_rows_columns_tags_and_the_grants_on_it(ask: Ask, source: str, clone: str) -> None:
    assert ask(f"SELECT * FROM {clone}.T ORDER BY ID") == [(10, 1), (15, 2)]
    assert ask(f"DESCRIBE TABLE {clone}.T") == ask(f"DESCRIBE TABLE {source}.T")
    assert [row[1] for row in ask(f"SHOW GRANTS ON TABLE {clone}.T") if row[5] == "READER_OF_CLONES"] == ["SELECT"]
    assert not [row for row in ask(f"SHOW GRANTS ON SCHEMA {clone}") if row[5] == "READER_OF_CLONES"]
    tags = f"SELECT SYSTEM$GET_TAG('{clone}.COST', '{clone}.T.A', 'COLUMN'), SYSTEM$GET_TAG('{clone}.COST', '{clone}', 'SCHEMA')"
    assert ask(tags) == [("high", "low")]
    assert ask(f"SELECT SYSTEM$GET_TAG('{source}.COST', '{clone}.T.A', 'COLUMN')") == [(None,)]


def test_bare_names_lead_into_the_clone_and_qualified_ones_do_not(ask: Ask, source: str, clone: str) -> None:
    ask(f"INSERT INTO {clone}.T (A) VALUES (3)")
    assert ask(f"SELECT N FROM {clone}.V ORDER BY N") == [(1,), (2,), (3,), (101,), (102,)]
    assert ask(f"SELECT {clone}.F(0), {source}.F(0)") == [(3, 2)]
    assert ask(f"CALL {clone}.P()") == [(3,)]
    assert ask(f"SELECT MAX(ID) FROM {clone}.T") == [(20,)]
    ask(f"DELETE FROM {clone}.T WHERE A = 3")


def test_a_stream_begins_where_the_clone_begins(ask: Ask, source: str, clone: str) -> None:
    ask(f"CREATE SCHEMA {clone}_STREAM CLONE {source}")
    assert ask(f"SELECT COUNT(*) FROM {clone}_STREAM.STR") == [(0,)]
    assert ask(f"SELECT COUNT(*) FROM {source}.STR") == [(2,)]
    ask(f"INSERT INTO {clone}_STREAM.T (A) VALUES (4)")
    assert ask(f"SELECT A, METADATA$ACTION FROM {clone}_STREAM.STR") == [(4, "INSERT")]
    assert ask(f"SELECT COUNT(*) FROM {source}.STR") == [(2,)]


def test_nothing_in_a_clone_runs_by_itself(ask: Ask, clone: str) -> None:
    assert {row[1]: row[10] for row in ask(f"SHOW TASKS IN SCHEMA {clone}")} == {"LEAF": "suspended", "ROOT": "suspended"}
    ask(f"SELECT SYSTEM$TASK_DEPENDENTS_ENABLE('{clone}.ROOT')")
    assert {row[10] for row in ask(f"SHOW TASKS IN SCHEMA {clone}")} == {"started"}
    ask(f"ALTER TASK {clone}.ROOT SUSPEND")
    assert ask(f"SELECT A FROM {clone}.DT ORDER BY A") == [(1,), (2,)]
    ask(f"SHOW DYNAMIC TABLES IN SCHEMA {clone}")
    assert ask('SELECT "scheduling_state", "rows" FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))') == [("SUSPENDED", 2)]
    ask(f"INSERT INTO {clone}.T (A) VALUES (5)")
    ask(f"ALTER DYNAMIC TABLE {clone}.DT REFRESH")
    assert ask(f"SELECT MAX(A) FROM {clone}.DT") == [(5,)]
    ask(f"DELETE FROM {clone}.T WHERE A = 5")


def test_sequences_alerts_and_event_tables_come_along(ask: Ask, source: str, clone: str) -> None:
    ask(f"INSERT INTO {clone}.COUNTED (A) VALUES (2)")
    assert ask(f"SELECT MAX(ID) FROM {clone}.COUNTED") == [(11,)]
    assert ask(f"SELECT {source}.SEQ.NEXTVAL") == [(11,)]
    database, schema = clone.split(".")
    next_values = f"SELECT NEXT_VALUE FROM {database}.INFORMATION_SCHEMA.SEQUENCES WHERE SEQUENCE_SCHEMA = '{schema}'"
    assert ask(next_values) == [(12,)]
    assert len(ask(f"SHOW ALERTS IN SCHEMA {clone}")) == len(ask(f"SHOW EVENT TABLES IN SCHEMA {clone}")) == 1
    assert ask(f"SELECT COUNT(*) FROM {clone}.EVENTS") == [(0,)]


def test_files_come_along_and_are_not_shared(ask: Ask, source: str, clone: str) -> None:
    assert [row[0] for row in ask(f"LIST @{clone}.ST")] == ["st/f.csv"]
    assert [row[1] for row in ask(f"SHOW VERSIONS IN DATASET {clone}.DS")] == [
        row[1] for row in ask(f"SHOW VERSIONS IN DATASET {source}.DS")
    ]
    ask(f"REMOVE @{clone}.ST")
    assert len(ask(f"LIST @{source}.ST")) == 1
    ask(f"DROP DATASET {clone}.DS")
    assert ask(f"SELECT $1:A::INT FROM 'snow://dataset/{source}.DS/versions/v1/' ORDER BY 1") == [(1,), (2,)]


def test_internal_stages_and_temporary_tables_stay_behind(ask: Ask, source: str) -> None:
    ask(f"CREATE SCHEMA {source}_PLAIN CLONE {source}")
    assert ask(f"SHOW STAGES IN SCHEMA {source}_PLAIN") == []
    assert "GONE" not in [row[1] for row in ask(f"SHOW TABLES IN SCHEMA {source}_PLAIN")]
    assert ask("SHOW SCHEMAS LIKE 'SOURCE_PLAIN'")[0][6] == "of the source"


def test_a_database_is_cloned_with_its_schemas(ask: Ask, source: str) -> None:
    database = source.partition(".")[0]
    ask(f"CREATE DATABASE {database}_COPY CLONE {database}")
    assert ask("SELECT CURRENT_DATABASE()") == [(f"{database}_COPY",)]
    assert {row[1] for row in ask(f"SHOW SCHEMAS IN DATABASE {database}_COPY")} >= {"PUBLIC", "S", "SOURCE"}
    assert ask("SELECT COUNT(*) FROM SOURCE.T") == [(2,)]
    ask("TRUNCATE TABLE SOURCE.T")
    assert ask(f"SELECT COUNT(*) FROM {source}.T") == [(2,)]
    ask(f"DROP DATABASE {database}_COPY")
    ask(f"USE SCHEMA {database}.S")


def test_a_stream_may_stand_in_a_schema_before_that_of_its_table(ask: Ask, source: str) -> None:
    for text in (
        "CREATE DATABASE CROSSED",
        "CREATE SCHEMA CROSSED.B",
        "CREATE TABLE CROSSED.B.T (A INT) CHANGE_TRACKING = TRUE",
        "CREATE SCHEMA CROSSED.A",
        "CREATE STREAM CROSSED.A.S ON TABLE CROSSED.B.T",
        "CREATE TAG CROSSED.A.MADE_FOR",
        "CREATE DATABASE CROSSED_COPY CLONE CROSSED COMMENT = 'a copy' WITH TAG (CROSSED.A.MADE_FOR = 'a test')",
        "INSERT INTO CROSSED_COPY.B.T VALUES (1)",
    ):
        ask(text)
    assert ask("SELECT A FROM CROSSED_COPY.A.S") == [(1,)]
    assert ask("SELECT COUNT(*) FROM CROSSED.A.S") == [(0,)]
    assert ask("SELECT SYSTEM$GET_TAG('CROSSED.A.MADE_FOR', 'CROSSED_COPY', 'DATABASE')") == [("a test",)]
    for text in ("DROP DATABASE CROSSED_COPY", "DROP DATABASE CROSSED", f"USE SCHEMA {source.partition('.')[0]}.S"):
        ask(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("CREATE STREAM {}_2 CLONE {}.STR", "SHOW STREAMS LIKE 'ONE_2'"),
        ("CREATE FILE FORMAT {}_3 CLONE {}.FF", "SHOW FILE FORMATS LIKE 'ONE_3'"),
        ("CREATE DYNAMIC TABLE {}_4 CLONE {}.DT TARGET_LAG = '2 hours'", "SHOW DYNAMIC TABLES LIKE 'ONE_4'"),
        ("CREATE TRANSIENT TABLE {}_5 CLONE {}.DT COPY GRANTS", "SHOW TABLES LIKE 'ONE_5'"),
        ("CREATE OR REPLACE TABLE {}_6 CLONE {}.T", "SHOW TABLES LIKE 'ONE_6'"),
    ],
)
def test_other_kinds_are_cloned_one_by_one(ask: Ask, source: str, text: str, shown: str) -> None:
    ask(text.format("ONE", source))
    assert len(ask(shown)) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("CREATE SCHEMA X CLONE {} AT (OFFSET => -60)", "time travel"),
        ("CREATE TABLE X CLONE {}.T BEFORE (STATEMENT => '1')", "time travel"),
        ("CREATE OR REPLACE SCHEMA {0} CLONE {0}", "its own clone"),
        ("CREATE TABLE X CLONE {}.V", "VIEW"),
        ("CREATE VIEW X CLONE {}.V", "unexpected 'CLONE'"),
        ("CREATE TABLE X CLONE {}.GONE", "permanent"),
        ("CREATE SCHEMA X CLONE NOWHERE", "does not exist"),
    ],
)
def test_is_refused_and_leaves_nothing(ask: Ask, source: str, text: str, reason: str) -> None:
    with pytest.raises(ProgrammingError, match=reason):
        ask(text.format(source))
    assert ask("SHOW TABLES LIKE 'X'") == ask("SHOW SCHEMAS LIKE 'X'") == []
    assert ask(f"SELECT COUNT(*) FROM {source}.T") == [(2,)]
