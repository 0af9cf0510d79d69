"""Attempts to take away what the pipeline did not make, and cannot make again."""

from __future__ import annotations

import pytest

from mlops import guard
from mlops.definitions import Check
from mlops.errors import AccountError, DefinitionError
from mlops.marks import Mark
from mlops.names import Schema

ATTEMPTS = (
    "DROP DATABASE MLOPS_PROD",
    "drop schema if exists mlops_prod.ml cascade",
    "DROP TABLE PREDICTIONS",
    "  DROP\n\tTABLE PREDICTIONS",
    "DROP/**/DATABASE MLOPS_PROD",
    "DROP -- a table\n DATABASE MLOPS_PROD",
    "/* SELECT */ DROP DATABASE MLOPS_PROD",
    "TRUNCATE TABLE PREDICTIONS",
    "TRUNCATE PREDICTIONS",
    "CREATE OR REPLACE DATABASE MLOPS_PROD CLONE MLOPS_DEV",
    "CREATE OR REPLACE SCHEMA ML",
    "CREATE OR REPLACE TABLE PREDICTIONS (A INT)",
    "CREATE OR REPLACE TRANSIENT TABLE PREDICTIONS (A INT)",
    "CREATE OR  REPLACE\nTEMPORARY TABLE PREDICTIONS AS SELECT 1",
    "CREATE OR REPLACE VIEW V AS SELECT 1",
    "CREATE OR REPLACE STAGE CODE",
    "CREATE OR REPLACE MODEL M WITH VERSION V1 FROM @S",
    "ALTER TABLE PREDICTIONS SWAP WITH OTHER",
    "ALTER DATABASE MLOPS_DEV SWAP WITH MLOPS_PROD",
    "ALTER TABLE PREDICTIONS DROP COLUMN AGE",
    "INSERT OVERWRITE INTO PREDICTIONS SELECT 1",
    "EXECUTE IMMEDIATE 'DROP DATABASE MLOPS_PROD'",
    "EXECUTE IMMEDIATE $$ BEGIN DROP DATABASE MLOPS_PROD; END $$",
    "BEGIN DROP DATABASE MLOPS_PROD; END",
    "BEGIN\n SELECT 1; TRUNCATE TABLE PREDICTIONS; END",
    "SELECT 1; DROP DATABASE MLOPS_PROD",
    "SELECT ''; DROP DATABASE MLOPS_PROD --'",
    "SELECT 'it''s'; DROP DATABASE MLOPS_PROD",
    r"SELECT 'a\\'; DROP DATABASE MLOPS_PROD; SELECT 'b'",
    'SELECT 1 AS "a""b"; DROP DATABASE MLOPS_PROD',
    "UNDROP DATABASE MLOPS_PROD",
    "ALTER DATABASE MLOPS_PROD RENAME TO MLOPS_OLD",
    "CREATE OR ALTER TABLE PREDICTIONS (A INT)",
    "REMOVE @MLOPS_PROD.ML.CODE",
    "SELECT 1 ->> DROP DATABASE MLOPS_PROD",
    "WITH P AS PROCEDURE () RETURNS INT LANGUAGE SQL AS 'BEGIN DROP DATABASE MLOPS_PROD; END' CALL P()",
    # Two dollars within a name begin no text.
    "SELECT A$$ FROM T; DROP DATABASE MLOPS_PROD; SELECT B$$ FROM T",
    # Whether a comment of one line ends here is read both ways.
    "SELECT 1 --\rDROP DATABASE MLOPS_PROD",
    "SELECT 1 -- \r'\nDROP DATABASE MLOPS_PROD --'",
    "SELECT 1 --\u2028; DROP DATABASE MLOPS_PROD",
)
# What Snowpark and snowflake-ml send for themselves, and what looks like it.
OF_CLIENTS = (
    "CREATE OR REPLACE SCOPED TEMPORARY TABLE SNOWPARK_TEMP_TABLE_A (A INT)",
    "create or replace temporary stage SNOWPARK_TEMP_STAGE_A",
    'CREATE OR REPLACE VIEW "D"."FEATURE_STORE"."AGE$V1" (AGE) COMMENT = \'x\' AS SELECT 1',
    "CREATE OR REPLACE VIEW D.FEATURE_STORE.AGE$V1 AS SELECT 1",
    'DROP TABLE IF EXISTS "D"."S"."SNOWPARK_TEMP_TABLE_A1"',
    'DROP FILE FORMAT If EXISTS "D" . "S" .SNOWPARK_TEMP_FILE_FORMAT_A1',
    "DROP TASK IF EXISTS D.FEATURE_STORE.AGE$V1",
    'DROP TABLE IF EXISTS D.FEATURE_STORE."AGE$V1$SNAPSHOTS"',
    "DROP ONLINE FEATURE TABLE IF EXISTS D.FEATURE_STORE.AGE$V1$ONLINE",
)
LOOKALIKES = (
    "CREATE OR REPLACE VIEW D.FEATURE_STORE.AGE$V1 AS SELECT 1; DROP DATABASE MLOPS_PROD",
    "CREATE OR REPLACE VIEW D.SOURCE.PATIENTS AS SELECT 1",
    "CREATE OR REPLACE VIEW D.SOURCE.PATIENTS AS SELECT 1 AS AGE$V1",
    "CREATE OR REPLACE DYNAMIC TABLE D.FEATURE_STORE.AGE$V1 AS SELECT 1",
    'DROP TABLE IF EXISTS "D"."S"."PREDICTIONS"',
    'DROP TABLE IF EXISTS "SNOWPARK_TEMP_TABLE_A"."S"."PREDICTIONS"',
    'DROP TABLE IF EXISTS "D"."S"."SNOWPARK_TEMP_TABLE_A", PREDICTIONS',
    "DROP FILE FORMAT IF EXISTS D.S.CSV",
    'DROP SCHEMA IF EXISTS "SNOWPARK_TEMP_TABLE_A"',
    "CREATE OR REPLACE TABLE TEMPORARY (A INT)",
    "DROP VIEW D.FEATURE_STORE.AGE$V1",
    "DROP TASK IF EXISTS D.ML.RETRAIN",
    "DROP TABLE IF EXISTS D.FEATURE_STORE.AGE$V1",
)
HARMLESS = (
    "SELECT 'DROP DATABASE MLOPS_PROD'",
    r"SELECT 'it\'s a DROP of rain'",
    'SELECT "DROP" FROM T',
    "SELECT 1 -- DROP DATABASE",
    "CREATE TABLE IF NOT EXISTS T (A INT) COMMENT = 'what was DROPped, TRUNCATE'",
    "CREATE OR REPLACE TASK T AS CALL P('TRUNCATE')",
    "CREATE OR REPLACE PROCEDURE P() RETURNS INT LANGUAGE PYTHON",
    "SELECT DROPPED, REPLACE(A, 'x', 'y') FROM T",
    "INSERT INTO T SELECT 1",
)


@pytest.mark.parametrize("statement", ATTEMPTS)
def test_what_takes_away_is_refused(statement: str) -> None:
    with pytest.raises(AccountError, match="Refused before it was sent"):
        guard.check(statement)

    # A table of the session alone hides one of that name, and takes nothing away.
    if "TEMPORARY" not in statement:
        with pytest.raises(AccountError, match="Refused before it was sent"):
            guard.check_sent(statement)


@pytest.mark.parametrize("statement", LOOKALIKES)
def test_what_looks_like_a_clients_own_is_refused(statement: str) -> None:
    with pytest.raises(AccountError, match="Refused before it was sent"):
        guard.check_sent(statement)


@pytest.mark.parametrize("statement", OF_CLIENTS)
def test_clients_take_away_what_is_their_own(statement: str) -> None:
    guard.check_sent(statement)
    with pytest.raises(AccountError, match="Refused before it was sent"):
        guard.check(statement)


@pytest.mark.parametrize("statement", HARMLESS)
def test_words_are_no_deeds(statement: str) -> None:
    guard.check(statement)
    guard.check_sent(statement)


def test_what_is_permitted_is_that_statement_while_it_is_sent() -> None:
    dropped = guard.drop("task", Schema("D", "S") / "T").statement
    with guard.permitting(dropped):
        guard.check_sent(dropped)
        with pytest.raises(AccountError):
            guard.check_sent(f"{dropped}; DROP DATABASE MLOPS_PROD")
    with pytest.raises(AccountError):
        guard.check_sent(dropped)


@pytest.mark.parametrize("kind", ["database", "schema", "table", "model", "stage", "warehouse"])
def test_there_is_no_way_to_drop_what_holds_data(kind: str) -> None:
    with pytest.raises(AccountError, match=f"the pipeline drops no {kind}"):
        guard.drop(kind, Schema("MLOPS_PROD", "ML") / "X")


def test_a_version_of_a_dataset_is_dropped_by_its_own_record_alone() -> None:
    name, mark = Schema("D", "S") / "SEEN", Mark("abc", "commit", "run")
    assert guard.drop_version(name, "V'1", mark, "abc").statement == 'ALTER DATASET "D"."S"."SEEN" DROP VERSION \'V\'\'1\''
    for other in (None, Mark("abd", "commit", "run")):
        with pytest.raises(AccountError, match="is not dropped, for it was not made from abc"):
            guard.drop_version(name, "V1", other, "abc")


def test_a_name_stays_a_name() -> None:
    dropped = guard.drop("task", Schema("D", "S") / 'X"; DROP DATABASE MLOPS_PROD; --')
    assert dropped.statement == 'DROP TASK IF EXISTS "D"."S"."X""; DROP DATABASE MLOPS_PROD; --"'


@pytest.mark.parametrize(
    "query",
    [
        *("DROP DATABASE MLOPS_PROD", "CALL P()", "DELETE FROM SOURCE.PATIENTS", "BEGIN SELECT 1; END", ""),
        *("SELECT 1; DROP DATABASE MLOPS_PROD", "SELECT 1; SELECT 2", "SELECT 1 ->> CALL P()", "SELECT ''; DELETE FROM T --'"),
        "WITH P AS PROCEDURE () RETURNS INT LANGUAGE SQL AS 'BEGIN DROP DATABASE MLOPS_PROD; END' CALL P()",
        "SELECT (SELECT 1) FROM (DELETE FROM T)",
    ],
)
def test_a_query_can_only_ask(query: str) -> None:
    with pytest.raises(DefinitionError, match="query must only ask"):
        Check(query=query, sentence="{count}")


@pytest.mark.parametrize(
    "query", ["SELECT 'DROP; CREATE'; ", 'SELECT "DELETE", REPLACE(A, 1), UPDATED_AT FROM T', "WITH A AS (SELECT 1) SELECT 1"]
)
def test_a_query_may_say_what_it_likes(query: str) -> None:
    Check(query=query, sentence="{count}")
